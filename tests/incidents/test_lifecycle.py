"""Moving, grading, naming and writing: only along the table, always with its entry."""

import datetime as dt
import itertools
from contextlib import nullcontext

import pytest

from audit.models import Entry
from audit.selectors import latest
from catalog.models import Probe
from catalog.signals import health_changed
from catalog.states import Health
from incidents import services
from incidents.errors import (
    IllegalTransition,
    IncidentClosed,
    IncidentError,
    NoService,
    NoSuchEntry,
    NotHeld,
    ReasonMissing,
    RoleTaken,
    StaleIncident,
    StillFailing,
)
from incidents.models import Incident, RoleHolder
from incidents.states import BACKWARD, MOVES, Phase, Severity
from plumbing import clock
from plumbing.database import atomic

pytestmark = pytest.mark.django_db


def entry_count(incident, kind):
    return Entry.objects.filter(stream__uid=incident.stream, kind=kind).count()


@pytest.fixture
def probe(estate):
    return Probe.objects.create(
        service=estate["store"], name="/healthz", target="http://127.0.0.1:1/", health=Health.RED, due_at=clock.now()
    )


@pytest.mark.parametrize(("current", "target"), list(itertools.product(Phase, Phase)))
def test_an_incident_moves_only_along_the_table(current, target, make_incident, commander):
    incident = make_incident()
    Incident.objects.filter(pk=incident.pk).update(phase=current)
    allowed = target in MOVES[current]
    refusal = IncidentClosed if current == Phase.CLOSED else IllegalTransition
    with nullcontext() if allowed else pytest.raises(refusal):
        services.move(incident, target, actor=commander, seen_phase=current, reason="drill")
    incident.refresh_from_db()
    assert incident.phase == (target if allowed else current)
    assert entry_count(incident, "incident.moved") == allowed  # evidence if, and only if, it moved


@pytest.mark.parametrize(("current", "target"), sorted(BACKWARD))
def test_a_step_back_needs_a_reason(current, target, make_incident, commander):
    incident = make_incident()
    Incident.objects.filter(pk=incident.pk).update(phase=current)
    with pytest.raises(ReasonMissing):
        services.move(incident, target, actor=commander, seen_phase=current)
    assert entry_count(incident, "incident.moved") == 0


def test_resolving_and_reopening_keep_the_moment(make_incident, commander):
    incident = services.move(make_incident(), Phase.RESOLUTION, actor=commander, seen_phase=Phase.DETECTION)
    assert incident.resolved_at is not None
    again = services.move(
        incident, Phase.MITIGATION, actor=commander, seen_phase=Phase.RESOLUTION, reason="It fails again."
    )
    assert again.resolved_at is None


def test_a_stale_move_names_who_was_faster(make_incident, commander, responder):
    incident = make_incident()
    services.move(incident, Phase.DIAGNOSIS, actor=responder, seen_phase=Phase.DETECTION)
    with pytest.raises(StaleIncident, match="Jonas Weber"):
        services.move(incident, Phase.MITIGATION, actor=commander, seen_phase=Phase.DETECTION)


def test_force_needs_the_right_to_close_and_a_reason(make_incident, commander, responder, probe):
    incident = make_incident()

    def resolve(actor, **given):
        return services.move(incident, Phase.RESOLUTION, actor=actor, seen_phase=Phase.DETECTION, **given)

    with pytest.raises(StillFailing, match="/healthz"):
        resolve(commander)
    with pytest.raises(StillFailing):
        resolve(responder, force=True, reason="I think it is fine.")
    with pytest.raises(ReasonMissing):
        resolve(commander, force=True)
    assert entry_count(incident, "incident.forced") == 0
    assert resolve(commander, force=True, reason="The probe is broken.").phase == Phase.RESOLUTION
    forced = next(row for row in latest(incident.stream) if row.kind == "incident.forced")
    assert (forced.actor, forced.fields["red"]) == (commander.actor_id, ["Store: /healthz"])


def test_severity_needs_a_reason_and_hurries_the_next_update(make_incident, commander):
    incident = make_incident(severity=Severity.SEV3)
    with pytest.raises(ReasonMissing):
        services.set_severity(incident, "SEV1", actor=commander, reason=" ", seen_severity="SEV3")
    graver = services.set_severity(incident, "SEV1", actor=commander, reason="All feel it.", seen_severity="SEV3")
    assert graver.next_update_due < clock.now() + dt.timedelta(minutes=31)
    with pytest.raises(StaleIncident):
        services.set_severity(incident, "SEV2", actor=commander, reason="No.", seen_severity="SEV3")
    with pytest.raises(IncidentError, match="SEV9"):
        services.set_severity(incident, "SEV9", actor=commander, reason="No.", seen_severity="SEV1")


def test_a_single_role_has_one_holder_and_passes_over(make_incident, commander, responder):
    incident = make_incident()
    services.take_role(incident, "commander", actor=commander)
    services.take_role(incident, "commander", actor=commander)
    assert entry_count(incident, "role.taken") == 1
    incident.refresh_from_db()
    assert incident.phase == Phase.MOBILIZATION  # somebody commands it now
    with pytest.raises(RoleTaken, match="Amara Diallo"):
        services.take_role(incident, "commander", actor=responder)
    services.give_role(incident, "commander", responder, actor=commander)
    assert RoleHolder.objects.get(role="commander").user == responder
    with pytest.raises(NotHeld):
        services.leave_role(incident, "commander", actor=commander)
    services.leave_role(incident, "commander", actor=responder)
    assert not RoleHolder.objects.exists()
    assert entry_count(incident, "role.left") == 2


def test_two_people_may_respond(make_incident, commander, responder):
    incident = make_incident()
    services.take_role(incident, "responder", actor=commander)
    services.take_role(incident, "responder", actor=responder)
    assert RoleHolder.objects.count() == 2


def test_corrections_name_what_they_correct(make_incident, responder):
    incident = make_incident()
    noted = services.add_note(incident, "Lag is 40 s", actor=responder)
    services.correct(incident, noted.seq, "Lag is 4 s", actor=responder)
    assert latest(incident.stream)[0].fields == {"corrects": noted.seq, "text": "Lag is 4 s"}
    for seq in (0, 99):  # the opening is no words of a person; 99 doesn't exist
        with pytest.raises(NoSuchEntry):
            services.correct(incident, seq, "x", actor=responder)


@pytest.mark.parametrize("text", ["", " \n ", "x" * 4_001])
def test_words_are_neither_empty_nor_endless(make_incident, responder, text):
    incident = make_incident()
    before = Entry.objects.count()
    with pytest.raises(IncidentError):
        services.add_note(incident, text, actor=responder)
    assert Entry.objects.count() == before


def test_an_update_sets_when_the_next_one_is_due(make_incident, commander):
    incident, soon = make_incident(), clock.now() + dt.timedelta(minutes=30)
    services.post_update(incident, "We restore the store.", next_due=soon, actor=commander)
    incident.refresh_from_db()
    assert incident.next_update_due == soon
    services.set_next_update(incident, None, actor=commander)
    incident.refresh_from_db()
    assert incident.next_update_due is None
    for wrong in (clock.now() - dt.timedelta(minutes=1), clock.now() + dt.timedelta(days=8)):
        with pytest.raises(IncidentError):
            services.set_next_update(incident, wrong, actor=commander)


def test_an_incident_without_service_or_team_would_be_seen_by_nobody(commander, payments_team):
    with pytest.raises(NoService):
        services.declare(title="x", severity="SEV2", services=[], declarer=commander)
    incident = services.declare(title="x", severity="SEV2", services=[], declarer=commander, team=payments_team)
    assert list(incident.teams.all()) == [payments_team]


def test_numbers_have_no_gaps_and_no_doubles(make_incident):
    assert [make_incident().number for _ in range(3)] == [1, 2, 3]


def test_a_change_of_health_is_written_into_the_open_incidents_of_the_service(make_incident, estate, probe):
    with_store, with_edge, closed = make_incident(), make_incident(services=[estate["edge"]]), make_incident()
    Incident.objects.filter(pk=closed.pk).update(phase=Phase.CLOSED)
    with atomic():
        health_changed.send(sender=Probe, probe=probe, was=Health.GREEN, now=Health.RED)
    assert [entry_count(one, "health.changed") for one in (with_store, with_edge, closed)] == [1, 0, 0]


def test_change_and_entry_are_written_together_or_not_at_all(make_incident, commander, monkeypatch):
    incident = make_incident()

    def broken(*_, **__):
        raise RuntimeError("disk full")

    monkeypatch.setattr("audit.ledger.record", broken)
    with pytest.raises(RuntimeError):
        services.move(incident, Phase.DIAGNOSIS, actor=commander, seen_phase=Phase.DETECTION)
    incident.refresh_from_db()
    assert incident.phase == Phase.DETECTION
