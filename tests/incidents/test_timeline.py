"""Every kind of entry that a room records in an incident's stream has a sentence."""

import datetime as dt
import re
import uuid
from pathlib import Path

import pytest

from approvals.states import RequestState
from audit.selectors import EntryRow
from incidents.timeline import ERASED, LINES, people_in, view_of
from runbooks.states import GroupState, RunState, StepState

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("incidents", "runbooks", "approvals")
OTHER_STREAMS = {"runbook.made", "version.saved", "version.published", "version.retired"}  # recorded in rbk_ streams
OTHER_STREAMS |= {"resource.made", "resource.changed"}  # recorded in the catalog's
CALL = re.compile(r"""(?:\brecord\(|\.say\(|_many\(|append\(\()[^"]{0,120}?"([a-z_]+\.[a-z_]+)\"""", re.DOTALL)


def recorded_kinds():
    found = {f"step.{state.value}" for state in StepState} | {f"run.{state.value}" for state in RunState}
    found |= {f"group.{state.value}" for state in GroupState}
    found -= {"run.running"}
    found |= {f"approval.{state}" for state in (RequestState.APPROVED, RequestState.REJECTED)}
    found |= {"attempt.succeeded", "attempt.failed"}
    for room in ROOMS:
        parts = ((file, {*file.parts, file.stem}) for file in (ROOT / room).rglob("*.py"))
        files = [file for file, names in parts if not names & {"report", "filings"}]  # their keys look alike
        for file in files:
            found |= set(CALL.findall(file.read_text()))
    return found - OTHER_STREAMS


def row(kind, fields, erased=()):
    now = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
    return EntryRow(7, uuid.uuid4(), now, kind, "usr_ab", fields, "00" * 32, tuple(erased))


def test_the_search_for_kinds_finds_what_is_known():
    assert {"incident.opened", "run.started", "approval.asked", "attempt.late", "signal.joined"} <= recorded_kinds()


@pytest.mark.parametrize("kind", sorted(recorded_kinds()))
def test_every_recorded_kind_has_a_sentence(kind):
    assert kind in LINES


@pytest.mark.parametrize("kind", sorted(LINES))
def test_no_sentence_breaks_when_all_its_fields_were_erased(kind):
    names = sorted(set(re.findall(r"{(\w+)}", str(LINES[kind]))) - {"who"}) or ["because"]
    view = view_of(row(kind, {}, erased=names), {"usr_ab": "Lena Vogt"})
    assert view.lead
    assert "{" not in f"{view.lead}{view.rest}{view.note}{view.quote}"


def test_people_are_named_wherever_they_stand():
    entry = row("approval.asked", {"asked": ["usr_cd"], "question": "Start it?", "because": "owner of store"})
    assert people_in([entry]) == {"usr_ab", "usr_cd"}
    view = view_of(entry, {"usr_ab": "Lena Vogt", "usr_cd": "Piotr Nowak"})
    assert (view.lead, view.rest, view.note) == (
        "Decision asked",
        "of Piotr Nowak: Start it?",
        "Asked as owner of store.",
    )


def test_an_erased_text_says_so():
    view = view_of(row("note.added", {}, erased=["text"]), {"usr_ab": "Lena Vogt"})
    assert (view.lead, view.quote) == ("Lena Vogt", ERASED)


def test_braces_in_somebodys_words_stay_braces():
    view = view_of(row("note.added", {"text": "{who} {0} {__class__}"}), {"usr_ab": "Lena Vogt"})
    assert view.quote == "{who} {0} {__class__}"
