"""The nightly audit: reads all again in slices, goes on after a crash, records its result, and wakes somebody once."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import checkpoints, ledger, nightly
from audit.inspection import Break
from audit.models import AuditRun, AuditState, Checkpoint, Entry, Finding, Head, Stream
from audit.packs.issue import build_pack
from audit.selectors import entries, latest
from audit.trust import findings, reviews
from audit.trust.reviews import Reviewed
from catalog.states import Role
from incidents.models import Incident
from plumbing import clock
from tests.plugins.ledger_flush import drop_guards, without_guards

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(make_stream, person):
    """Three streams, signed; a pack of one."""
    make_stream("inc_1", 5)
    make_stream("inc_2", 3)
    make_stream("inc_3", 1)
    checkpoints.checkpoint()
    build_pack("inc_1", actor=person)
    make_stream("inc_1", 2)


@pytest.fixture
def alarms(monkeypatch):
    """Places that somebody was woken for."""
    told: list[tuple[str, str]] = []

    def alarm(place: str, sentence: str) -> str:
        told.append((place, sentence))
        return f"INC-{len(told)}"

    monkeypatch.setattr(findings, "_alarms", [alarm])
    return told


@pytest.fixture
def registered_review(monkeypatch):
    monkeypatch.setattr(reviews, "_reviews", {})
    return reviews.register


def test_a_whole_ledger_passes_and_says_how_much_was_read(held, alarms):
    held_entries, held_streams = Entry.objects.count(), Stream.objects.count()
    run = nightly.whole()
    assert (run.state, run.findings, run.entries, run.streams) == (AuditState.PASSED, [], held_entries, held_streams)
    (entry,) = latest("portal", limit=1)
    assert entry.kind == "audit.passed"
    assert (entry.fields["entries"], entry.fields["findings"], entry.fields["not_checked"]) == (held_entries, 0, [])
    assert alarms == []


@pytest.fixture
def tiny(monkeypatch):
    """Slices of two rows."""
    monkeypatch.setattr(nightly, "AT_ONCE", 2)
    ticks = iter(range(10**6))
    monkeypatch.setattr(nightly, "time", SimpleNamespace(monotonic=lambda: next(ticks) * 0.3))


def test_tiny_slices_read_all_of_it_and_each_is_small(held, alarms, tiny):
    run, most = nightly.begin(), 0
    more = True
    while more:
        with CaptureQueriesContext(connection) as queries:
            more = nightly.proceed(str(run.pk))
        most = max(most, len(queries))
    run.refresh_from_db()
    assert (run.state, run.entries) == (AuditState.PASSED, Entry.objects.count() - 1)
    assert run.turn > 8
    assert most < 40


def test_a_break_in_a_later_slice_is_found_where_it_is(held, alarms, tiny):
    with without_guards():
        Entry.objects.filter(stream__uid="inc_1", seq=4).update(kind="note.changed")
    run = nightly.whole()
    assert run.state == AuditState.FAILED
    assert [place for place, _ in run.findings] == ["inc_1: entry 4"]
    assert "inc_1 is broken at entry 4: found kind 'note.added' in its body" in run.findings[0][1]


def test_a_killed_audit_goes_on_where_it_was(held, alarms, tiny, monkeypatch):
    run = nightly.begin()
    for _ in range(6):
        nightly.proceed(str(run.pk))
    before = AuditRun.objects.get()
    real = nightly.PARTS[before.place["part"]]
    monkeypatch.setitem(nightly.PARTS, before.place["part"], lambda place: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        nightly.proceed(str(run.pk))
    assert AuditRun.objects.get().place == before.place
    monkeypatch.setitem(nightly.PARTS, before.place["part"], real)
    assert nightly.begin().pk == run.pk
    assert nightly.whole().state == AuditState.PASSED
    assert AuditRun.objects.count() == 1


def test_of_two_that_do_the_same_slice_one_is_in_vain(held, alarms, tiny, monkeypatch):
    run = nightly.begin()
    real = nightly.PARTS["log"]

    def overtaken(place):
        monkeypatch.setitem(nightly.PARTS, "log", real)
        nightly.proceed(str(run.pk))  # somebody else does the same meanwhile
        return real(place)

    monkeypatch.setitem(nightly.PARTS, "log", overtaken)
    nightly.proceed(str(run.pk))
    assert AuditRun.objects.get().turn == 1
    run = nightly.whole()
    assert (run.state, run.entries) == (AuditState.PASSED, Entry.objects.count() - 1)


def test_the_ledger_may_grow_meanwhile(held, alarms, tiny, make_stream):
    run = nightly.begin()
    number = 0
    while nightly.proceed(str(run.pk)):
        number += 1
        if number < 20:
            make_stream("inc_1", 1)
            make_stream(f"inc_new_{number}", 1)
        if number % 3 == 0 and number < 20:
            checkpoints.checkpoint()
    assert AuditRun.objects.order_by("pk").first().state == AuditState.PASSED


def gone(uid: str) -> None:
    """The stream with its entries; its head says that it belongs to another one."""
    stream = Stream.objects.get(uid=uid)
    for entry in Entry.objects.filter(stream=stream):
        entry.disclosures.all().delete()
        entry.delete()
    Head.objects.filter(stream=stream).update(stream=Stream.objects.get(uid="portal"))
    stream.delete()


DAMAGE = {
    "a stream's end": (lambda: Stream.objects.filter(uid="inc_2").update(size=2), "inc_2: "),
    "a head": (lambda: Head.objects.filter(idx=1).update(size=1), "The heads log: head 1"),
    "a checkpoint": (lambda: Checkpoint.objects.update(note=b"no"), "The heads log: checkpoint"),
    "a stream that is gone": (lambda: gone("inc_3"), "The heads log: head 2"),
}


@pytest.mark.parametrize("what", sorted(DAMAGE))
def test_what_is_wrong_is_recorded_and_wakes_somebody_once(what, held, alarms):
    damage, place = DAMAGE[what]
    with without_guards():
        damage()
    run = nightly.whole()
    assert run.state == AuditState.FAILED
    assert any(found.startswith(place) for found, _ in run.findings), run.findings
    (entry,) = latest("portal", limit=1)
    assert entry.kind == "audit.failed"
    assert entry.fields["first_findings"] == [sentence for _, sentence in run.findings]
    woken = len(alarms)
    assert woken == len(run.findings)
    nightly.whole()
    assert len(alarms) == woken, "the same place is told once"
    assert Finding.objects.count() == woken


def test_missing_guards_are_a_finding(held, alarms):
    drop_guards()
    run = nightly.whole()
    assert any("found trigger" in sentence for _, sentence in run.findings)


def test_a_signer_that_is_away_is_said_to_be_left_out(held, alarms, settings):
    settings.SIGNER = "unix:/nowhere/signer.sock"
    run = nightly.whole()
    assert run.state == AuditState.PASSED
    assert "The signer was not asked" in latest("portal", limit=1)[0].fields["not_checked"][0]


def test_reviews_are_asked_in_slices_until_all_was_looked_at(held, alarms, registered_review, tiny):
    asked: list[tuple[str, int]] = []

    def tokens(beyond: int) -> Reviewed:
        asked.append(("tokens", beyond))
        found = [Break("checkpoint 1", "a false token", "a true one")] if beyond == 5 else []
        return Reviewed(found, beyond + 5 if beyond < 10 else None)

    def anchors(beyond: int) -> Reviewed:
        asked.append(("anchors", beyond))
        return Reviewed()

    registered_review("Tokens", tokens)
    registered_review("Anchors", anchors)
    run = nightly.whole()
    assert asked == [("anchors", 0), ("tokens", 0), ("tokens", 5), ("tokens", 10)]
    said = "Tokens is broken at checkpoint 1: found a false token, expected a true one."
    assert run.findings == [["Tokens: checkpoint 1", said]]


def test_an_alarm_that_fails_is_raised_the_next_night(held, alarms, monkeypatch):
    with without_guards():
        Stream.objects.filter(uid="inc_2").update(size=2)
    monkeypatch.setattr(findings, "_alarms", [lambda place, sentence: 1 / 0])
    nightly.whole()
    assert Finding.objects.get().alarm == ""
    monkeypatch.setattr(findings, "_alarms", [lambda place, sentence: "INC-7"])
    nightly.whole()
    assert Finding.objects.get().alarm == "INC-7"


def test_a_finding_opens_an_incident(held, make_user, make_team):
    officer, team = make_user("officer"), make_team("risk")
    team.memberships.create(user=officer, role=Role.COMPLIANCE)
    with without_guards():
        Stream.objects.filter(uid="inc_2").update(size=2)
    nightly.whole()
    nightly.whole()
    (incident,) = Incident.objects.all()
    assert incident.severity == "SEV2"
    assert incident.title.startswith("Ledger not whole: inc_2: ")
    assert list(incident.teams.all()) == [team]
    assert Finding.objects.get().alarm == incident.label
    assert entries(incident.stream)[0].kind == "incident.opened"


def test_it_is_due_each_night_from_the_first_night_on(make_stream, monkeypatch):
    now = clock.now()
    assert nightly.due(now) is None, "nothing was ever recorded"
    make_stream("inc_1", 1)
    assert nightly.due(now) is None, "nothing is older than last night"
    tomorrow = (now + timedelta(days=1)).replace(hour=2, minute=0, second=1)
    assert nightly.due(tomorrow - timedelta(seconds=2)) is None or now.hour < 2
    assert nightly.due(tomorrow) == "new"
    run = nightly.begin()
    assert nightly.due(tomorrow) == str(run.pk)
    AuditRun.objects.update(state=AuditState.PASSED, started=tomorrow)
    assert nightly.due(tomorrow + timedelta(hours=20)) is None
    assert nightly.due(tomorrow + timedelta(hours=24)) == "new"


def test_a_run_that_ended_does_not_move(held, alarms):
    run = nightly.whole()
    assert nightly.proceed(str(run.pk)) is False
    assert AuditRun.objects.get() == run
    assert ledger.SYSTEM.actor_id == latest("portal", limit=1)[0].actor
