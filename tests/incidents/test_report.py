"""What the rooms say in a report: the story of an incident, told from its entries alone."""

import dataclasses
import string

import pytest

from approvals import services as approvals
from approvals.models import ApprovalRequest
from approvals.report.history import requests_in
from approvals.services.deciding import Said
from audit.naming import people
from audit.reports import LANGUAGES
from audit.reports.blocks import Picture
from audit.reports.contributions import contributions
from audit.reports.reading import Reading
from audit.reports.wording import Words
from audit.selectors import entries
from incidents import services
from incidents.report.history import IncidentTold
from incidents.report.sentences import GERMAN, speak
from incidents.report.separation import failures_of
from incidents.timeline import LINES
from plumbing import clock
from runbooks.models import RunbookVersion
from runbooks.report import deviations
from runbooks.report.history import runs_in
from runbooks.report.picture import points_of
from tests.audit.reporting import LENA, TOM, ZOE, material, part, pdf_of, row, rows_of, text_of
from tests.incidents.test_room_run import PLAN, incident, plan, start  # noqa: F401 - fixtures
from tests.runbooks.conftest import publish, scripted, work_off  # noqa: F401 - fixtures

YAML = "name: two\ntitle: Two steps\nsteps:\n  - {id: a, title: First, action: note, with: {text: x}}\n" \
    "  - {id: b, title: Second, action: note, with: {text: x}, needs: [a]}\n"  # fmt: skip


def reading(rows, language="en", **more):
    return Reading(material(rows, **more), Words(language))


def titles(rows):
    return [notice.title for notice in failures_of(IncidentTold(reading(rows), rows))]


def asked(**more):
    return ("approval.asked", "sys_muster", {"request": "q", "subject": "run/r/s", "question": "Restart?", **more})


def approved(by=LENA, **more):
    return (
        "approval.approved",
        by,
        {"request": "q", "subject": "run/r/s", "question": "Restart?", "ground": "decided", **more},
    )


def step(state, actor="sys_muster", id="s", **more):
    return (f"step.{state}", actor, {"run": "r", "step": id, "title": f"Step {id}", "from": "x", "why": "", **more})


STARTED = (
    "run.started",
    "sys_muster",
    {"run": "r", "runbook": "Two steps", "version": 1, "digest": "d", "mode": "live"},
)


@pytest.mark.parametrize("part_", ["requester", "executor", "author"])
def test_whoever_approves_what_they_had_a_part_in_is_named(part_):
    rows = rows_of(asked(**{part_: LENA}), approved())
    assert titles(rows) == ["Lena Vogt decided on an act of their own"]
    assert titles(rows_of(asked(**{part_: TOM}), approved())) == []


def test_whoever_approves_and_does_it_is_named():
    assert titles(rows_of(asked(), approved(), step("running", LENA))) == ["Lena Vogt decided on an act of their own"]
    assert titles(rows_of(asked(shapers=[LENA]), approved())) == ["Lena Vogt decided on an act of their own"]
    assert titles(rows_of(asked(), approved(), step("running", TOM))) == []
    assert titles(rows_of(asked(), approved(), step("running", LENA, id="another"))) == []


def test_an_echo_a_forced_end_and_a_review_of_ones_own_are_failures():
    echo = (
        "attempt.succeeded",
        "sys_muster",
        {"run": "r", "step": "s", "title": "Restart it", "of": "verify", "echo": "host:1"},
    )
    forced = ("incident.forced", ZOE, {"red": ["store"], "reason": "It is enough."})
    own = ("approval.review_justified", TOM, {"request": "q", "breaker": TOM, "finding": "Fine."})
    assert titles(rows_of(echo, forced, own)) == [
        "“Restart it” was verified by whoever had acted",
        "Zoë Müller declared it resolved against red probes",
        "Tom Saal reviewed their own broken glass",
    ]


def test_a_step_that_begins_without_its_consent_is_a_finding():
    def found(*told):
        rows = rows_of(STARTED, *told)
        seen = reading(rows)
        return [notice.title for run in runs_in(seen.rows) for notice in deviations.unconsented(seen, run)]

    waits = step("approval")
    assert found(waits, asked(), approved(), step("running")) == []
    assert found(waits, asked(), step("running"), approved()) == ["“Step s” began without consent"]
    assert found(waits, asked(), step("running")) == ["“Step s” began without consent"]
    assert found(step("running")) == []  # it needed none


def test_deviations_are_what_people_and_failures_did_to_the_plan():
    told = [
        STARTED,
        step("running", id="b"),
        step("done", id="b"),
        ("attempt.failed", "sys_muster", {"run": "r", "step": "a", "title": "First", "attempt": 1, "error": "no"}),
        step("skipped", ZOE, id="a"),
        step("skipped", id="b"),
        step("running", id="extra"),
        ("lock.overridden", TOM, {"run": "r", "title": "First", "over": "x", "reason": "hurry"}),
    ]
    seen = reading(rows_of(*told), files={"versions/d.yaml": YAML.encode()})
    (run,) = runs_in(seen.rows)
    found = deviations.chapter(seen, run, run.definition(seen.material.files))
    assert [(each[0].seq, each[1]) for each in found] == [
        (1, "order"),
        (3, "failed"),
        (4, "skipped"),
        (6, "added"),
        (7, "forced"),
    ]
    assert found[0][2].text == "“Step b” began before First had ended."


def test_a_run_that_followed_its_runbook_says_so():
    told = [STARTED, step("running", id="a"), step("done", id="a"), step("running", id="b"), step("done", id="b")]
    pdf = pdf_of(material(rows_of(*told), files={"versions/d.yaml": YAML.encode()}))
    text = text_of(pdf)
    assert "The runbook was followed as it was published" in text
    assert text.count("First") >= 1 and "2026-03-02 09:00:01 UTC" in text


def test_the_picture_has_the_steps_of_the_plan_with_their_states_in_words():
    told = [STARTED, step("running", id="a"), step("failed", id="a")]
    seen = reading(rows_of(*told), files={"versions/d.yaml": YAML.encode()})
    pictures = [
        block
        for each in contributions(seen)
        for section in each.sections
        for block in section.blocks
        if isinstance(block, Picture)
    ]
    (picture,) = pictures
    assert [(node.title, node.state, node.word) for node in picture.nodes] == [
        ("First", "failed", "Failed"),
        ("Second", "waiting", "Not reached"),
    ]
    assert picture.alt.endswith("First: Failed; Second: Not reached")
    assert picture.nodes[0].x < picture.nodes[1].x and len(picture.lines) == 1


def test_a_title_that_is_withheld_is_not_told_by_the_picture_either():
    told = rows_of(STARTED, step("running", id="a", title="Open vault 7"))
    text_ = YAML.replace("First", "Open vault 7").encode()
    hidden = [{"seq": 1, "name": "title", "state": "withheld", "reason": "Secret"}]
    made = material(streams=[part(told, redactions=hidden)], files={"versions/d.yaml": text_})
    for language in LANGUAGES:
        text = text_of(pdf_of(made, language=language))
        assert "Open vault" not in text and "Second" not in text


def test_svg_paths_become_curves():
    assert points_of("M0 1.0H10") == [(0, 1), (0, 1), (10, 1), (10, 1)]
    assert points_of("M0 0C1 2 3 4 5 6") == [(0, 0), (1, 2), (3, 4), (5, 6)]


def test_moments_and_measures_come_from_the_entries():
    opened = {"severity": "SEV2", "services": ["store"], "began_at": "2026-03-02T08:59:00+00:00", "rule": "Outage"}
    told = [
        row(0, "incident.opened", at_s=0, **opened),
        row(1, "health.changed", at_s=5, probe="store", now="red"),
        row(2, "role.taken", ZOE, at_s=30, role="commander", user=ZOE, name="Zoë Müller"),
        row(3, "health.changed", at_s=60, probe="store", now="green"),
        row(4, "health.changed", at_s=70, probe="store", now="red"),
        row(5, "health.changed", at_s=120, probe="store", now="green"),
        row(6, "severity.set", ZOE, at_s=130, **{"from": "SEV2", "to": "SEV1", "reason": "Worse."}),
        row(7, "incident.moved", ZOE, at_s=180, **{"from": "mitigation", "to": "resolution", "reason": "Done."}),
    ]
    incident_ = IncidentTold(reading(told), told)
    assert [each.seq if each else None for each in (incident_.detected, incident_.engaged, incident_.mitigated)] == [
        0,
        2,
        5,
    ]
    assert incident_.resolved.seq == 7 and incident_.severity == "SEV1"
    text = text_of(pdf_of(material(told)))
    assert "It was resolved 4 min after it began." in text and "SEV2 → SEV1" in text
    assert "Zoë Müller led the response." in text
    again = [*told, row(8, "incident.moved", ZOE, **{"from": "resolution", "to": "mitigation", "reason": "No."})]
    assert IncidentTold(reading(again), again).resolved is None
    assert "It isn’t resolved yet." in text_of(pdf_of(material(again)))


def test_every_request_is_told_and_one_whose_id_is_withheld_stands_alone():
    rows = rows_of(
        asked(), approved(), ("approval.glass_broken", TOM, {"request": "z", "question": "Now?", "reason": "Fire."})
    )
    assert [(each.uid, len(each.rows)) for each in requests_in(rows)] == [("q", 2), ("z", 1)]
    text = text_of(pdf_of(material(rows)))
    assert "The glass was broken: Now?" in text and "not reviewed yet" in text
    hidden = [{"seq": seq, "name": "request", "state": "withheld", "reason": "No"} for seq in (0, 2)]
    seen = reading((), streams=[part(rows, redactions=hidden)])
    assert len(requests_in(seen.rows)) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_that_the_timeline_knows_has_a_sentence_in_both_languages(language):
    assert GERMAN.keys() == LINES.keys()
    for kind in LINES:
        names = {name for text in dataclasses.astuple(LINES[kind]) if isinstance(text, str) for name in _fields(text)}
        told = row(3, kind, ZOE, **{name: f"<{name}>" for name in {*names, *EVERYTHING} - {"who"}})
        said = speak(told, {ZOE: "Zoë"}, language)
        assert said is not None and said.text.strip(), kind
        assert not any(mark in said.text + said.note + said.quote for mark in ("{", "(erased)", "–")), (kind, said)


def _fields(text):
    return [name for _, name, _, _ in string.Formatter().parse(text) if name]


EVERYTHING = (
    *("regime", "stage", "starts", "entity_name", "words", "worksheet", "differs", "rule_says", "facts", "event", "at"),
    *("services", "severity", "service", "state", "name", "due", "next_due", "asked", "because", "question", "ground"),
    *("factor", "holds_clock", "to", "from", "now", "was", "title", "attempt", "of", "width", "order", "stays"),
    *("back", "case", "by", "choice", "problem", "twice", "role", "probe", "found", "worker", "steps", "does", "file"),
    *("submitted_at", "acknowledged_at", "channel", "reference"),
)


@pytest.mark.django_db
def test_an_incident_with_a_run_and_a_decision_is_told_from_its_ledger(incident, plan, commander, owner):  # noqa: F811
    run = start(incident, plan, commander)
    request = ApprovalRequest.objects.get()
    said = Said("approve", reason="Go ahead; the queue is empty.", seen_digest=request.digest)
    approvals.decide(request.uid, user=owner, said=said, now=clock.now())
    work_off(run)
    services.add_decision(incident, "We fail over at noon.", actor=commander)
    rows = entries(incident.stream)
    named = people({each.actor for each in rows} | {owner.actor_id})
    version = RunbookVersion.objects.get()
    files = {f"versions/{version.digest}.yaml": version.source.encode()}
    made = material(rows, people=named, files=files, title=str(incident))
    for language in LANGUAGES:
        text = text_of(pdf_of(made, language=language))
        for words in (
            "Go ahead; the queue is empty.",
            "We fail over at noon.",
            "Amara Diallo",
            "Lena Vogt",
            "Restart it",
        ):
            assert words in text, words
        assert "[" not in text.split("checkpoint")[0].split("Prüfpunkt")[0]  # nothing is marked as hidden
    seen = Reading(made, Words("en"))
    assert failures_of(IncidentTold(seen, seen.rows)) == []
    assert deviations.unconsented(seen, runs_in(seen.rows)[0]) == []
