"""Who may act in a run that is a step of another: whoever may in the incident that both belong to."""

import pytest

from catalog.states import Right
from incidents.permissions import run_gate
from incidents.services import give_role
from incidents.services.runs import holder_of
from plumbing import clock
from runbooks.engine import starting
from runbooks.models import RunbookVersion
from runbooks.services import make_runbook

pytestmark = pytest.mark.django_db
INNER = "name: inner\ntitle: Inner\nsteps: [{id: a, title: A, action: manual}]\n"


def test_a_role_in_the_incident_counts_in_nested_runs(make_incident, payments_team, commander, stranger):
    incident, now = make_incident(), clock.now()
    runbook = make_runbook("inner", "Inner", payments_team, actor=commander)
    version = RunbookVersion.objects.create(runbook=runbook, number=1, source=INNER, digest="0", created_at=now)
    order = starting.Order(version=version, stream=incident.stream, inputs={}, starter=None, teams=[])
    run, _ = starting.create(order, now)  # as nested runs are made: no incident names it
    assert not run_gate(stranger, run, Right.EXECUTE)
    give_role(incident, "commander", stranger, actor=commander)
    assert run_gate(stranger, run, Right.EXECUTE) and holder_of(run, "role:commander") == stranger
