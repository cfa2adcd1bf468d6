"""Every kind of entry that this room and the catalog record is a sentence in reports, in each language."""

import re
import string
from itertools import chain
from pathlib import Path

import pytest

from audit import services
from audit.access.looks import record_look
from audit.models import AuditState, ErasureState, RedactionState
from audit.packs import jobs, running
from audit.packs.orders import job_for
from audit.reports import LANGUAGES
from audit.reports.contributions import sentence
from audit.reports.words.entries import ENGLISH, GERMAN
from audit.selectors import entries
from audit.trust import watch
from audit.trust.holders import keeping
from tests.audit.reporting import ZOE, row

ROOT = Path(__file__).resolve().parents[2]
CALL = re.compile(r"""(?:record|_move|_switch|append\()\((?:"portal", )?[^"]{0,120}?"([a-z_]+\.[a-z_]+)\"""", re.DOTALL)
PROMISED = ("ledger.py", "errors.py", "bench.py", "corpus")  # what they name is an example, or made for a test


def recorded() -> set[str]:
    found = {*watch.KINDS.values(), *keeping.KINDS.values()}
    found |= {f"audit.{state}" for state in (AuditState.PASSED, AuditState.FAILED)}
    found |= {f"redaction.{state}" for state in (RedactionState.APPROVED, RedactionState.REJECTED)}
    found |= {f"erasure.{state}" for state in (ErasureState.APPROVED, ErasureState.REJECTED)}
    for file in chain.from_iterable((ROOT / room).rglob("*.py") for room in ("audit", "catalog")):
        if not {*file.parts, file.name} & {*PROMISED, "report", "reports"}:
            found |= set(CALL.findall(file.read_text()))
    return found


def test_the_search_for_kinds_finds_what_is_known():
    known = {"pack.issued", "filing.submitted", "filing.opened", "hold.lifted", "key.added", "evidence.viewed"}
    assert known <= recorded()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(recorded()))
def test_every_kind_is_a_sentence(kind, language):
    said = sentence(row(3, kind, ZOE, reason="Why."), {ZOE: "Zoë"}, language)
    assert said is not None
    assert said.text and "{" not in said.text + said.note + said.quote


def test_both_languages_name_the_same_fields():
    assert ENGLISH.keys() == GERMAN.keys()
    for kind, english in ENGLISH.items():
        assert _names(english) == _names(GERMAN[kind]), kind


def _names(lines: tuple[str, ...]) -> list[set[str]]:
    return [{name for _, name, _, _ in string.Formatter().parse(line) if name} for line in lines]


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_pack_leaves_on_record_is_told_without_a_gap(language, make_stream, person):
    make_stream("inc_1", 2)
    job = jobs.ask(job_for("incident", "inc_1"), actor=person)
    running.attend(job.uid)
    job.refresh_from_db()
    jobs.hand_out(job, actor=person)
    services.verify("inc_1", actor=person)
    record_look(person, "inc_1", door="page", wanted={}, shown=2)
    told = [sentence(row, {person.actor_id: "Zoë"}, language) for row in entries("portal")]
    assert len(told) == 6
    assert not [one for one in told if one is None or "–" in one.text + one.note]
    assert all("inc_1" in one.text for one in told)
