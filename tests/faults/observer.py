"""Looks at a portal from outside: `python -m tests.faults.observer` with the portal's settings, questions on stdin.

One JSON object per line: {"verb": ..., **words} gives one line of JSON, {"error": traceback} when it broke. While the
database is away a question waits for it.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import django

TEAM, MACHINE, OWNER = "fault-team", "fault-machine", "fault-owner"
PATIENCE_S = 30


def prepare() -> dict[str, Any]:
    """Tables and static files; a team, its machine user, an owner who approves, a service; the watch over rows."""
    from django.core.management import call_command

    from audit import ledger
    from catalog import services as catalog
    from catalog.states import Role, ServiceKind
    from tests.faults import oracle

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    team = catalog.make_team(TEAM, "Faults")
    machine = catalog.make_machine_user(MACHINE, "Fault machine")
    owner = catalog.make_person(OWNER, "Fault owner", password="a-long-password-of-the-owner")
    for role in (Role.COMMANDER, Role.RESPONDER, Role.AUTHOR):
        catalog.join(team, machine, role, ledger.SYSTEM)
    catalog.join(team, owner, Role.APPROVER, ledger.SYSTEM)
    catalog.make_service("store", "Store", team, kind=ServiceKind.DATABASE, owner=owner)
    oracle.install()
    return {}


def world() -> dict[str, Any]:
    """A fresh token of the machine user, and an incident of its own for one test."""
    from audit import ledger
    from catalog import services as catalog
    from catalog.models import Service, User
    from incidents import services as incidents

    machine = User.objects.get(username=MACHINE)
    issued = catalog.issue_token(machine, "faults", ["api"], None, ledger.SYSTEM)
    store = Service.objects.get(slug="store")
    incident = incidents.declare(title="Faults", severity="SEV2", services=[store], declarer=machine)
    return {"token": issued.secret, "incident": incident.uid, "stream": incident.stream}


def publish(slug: str, source: str) -> dict[str, Any]:
    """Keep and publish a runbook of the team."""
    from catalog.models import Team, User
    from runbooks import services
    from runbooks.models import Runbook

    author = User.objects.get(username=MACHINE)
    runbook = Runbook.objects.filter(slug=slug).first()
    if runbook is None:
        runbook = services.make_runbook(slug, slug.capitalize(), Team.objects.get(slug=TEAM), actor=author)
    services.publish(services.save_version(runbook, source, author=author), publisher=author)
    return {}


def runs(slug: str) -> dict[str, Any]:
    """Runs of a runbook, oldest first."""
    from runbooks.models import Run

    found = Run.objects.filter(version__runbook__slug=slug).order_by("pk")
    return {"runs": list(found.values_list("uid", flat=True))}


def look(run: str) -> dict[str, Any]:
    """A run as it stands: states, kinds of entries, attempts with holder, fence, key and error."""
    from audit.selectors import entries
    from runbooks.models import Attempt, Run

    found = Run.objects.get(uid=run)
    everything = entries(found.stream, limit=100_000)
    told = [entry for entry in everything if entry.fields.get("run") == run]
    kinds = [entry.kind for entry in told]
    names = ("pk", "kind", "state", "fence", "worker", "idempotency_key", "error", "number")
    attempts = Attempt.objects.filter(step_run__run=found).order_by("pk")
    rows = [dict(zip(("step", *names), row, strict=True)) for row in attempts.values_list("step_run__step", *names)]
    return {
        "state": found.state,
        "why": found.why,
        "steps": dict(found.steps.values_list("step", "state")),
        "whys": dict(found.steps.exclude(why="").values_list("step", "why")),
        "seen": dict(found.steps.values_list("step", "seen_at")),
        "kinds": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "attempts": rows,
        "entries": len(everything),
    }


def states(runs: list[str]) -> dict[str, Any]:
    """run -> {"state", "steps"}: a quick look at several."""
    from runbooks.models import Run, StepRun

    found = {uid: {"state": state, "steps": {}} for uid, state in _states(Run, runs)}
    for uid, step, state in StepRun.objects.filter(run__uid__in=runs).values_list("run__uid", "step", "state"):
        found[uid]["steps"][step] = state
    return found


def _states(model: Any, runs: list[str]) -> list[tuple[str, str]]:
    return list(model.objects.filter(uid__in=runs).values_list("uid", "state"))


def replay(run: str, times: int, seed: int) -> dict[str, Any]:
    """Send every ring that the run can ever have had, so many times, in any order. Embedded has no broker for us: we
    answer them ourselves, as one more worker."""
    import random

    from django.conf import settings
    from kombu.exceptions import OperationalError

    from runbooks import tasks
    from runbooks.models import Attempt

    rings = [
        (tasks.attend, f"{pk}:1") for pk in Attempt.objects.filter(step_run__run__uid=run).values_list("pk", flat=True)
    ]
    rings = [*rings, (tasks.advance_run, run)] * times
    random.Random(seed).shuffle(rings)
    own_broker = settings.CELERY_BROKER_URL.startswith("memory")
    lost = 0
    for task, subject in rings:
        try:
            task(subject) if own_broker else task.delay(subject)
        except OperationalError:  # the broker is dead or mute just now: these rings are lost, as they may be
            lost += 1
            break
    return {"sent": len(rings), "lost": lost}


def stand_in(run: str) -> dict[str, Any]:
    """Be the run's worker until nothing is due: what the portal's own one would do if it were awake."""
    from runbooks.engine import worker
    from runbooks.models import Attempt

    for _ in range(20):
        found = Attempt.objects.filter(step_run__run__uid=run, state__in=["queued", "leased"])
        performed = [worker.attend(pk) for pk in found.values_list("pk", flat=True)]
        if not any(performed):
            break
    return {}


def workers() -> dict[str, Any]:
    """Names of the workers that say that they are alive."""
    import datetime as dt

    from plumbing import clock
    from runbooks.engine.presence import SILENT_S
    from runbooks.models import Worker

    live = Worker.objects.filter(seen_at__gt=clock.now() - dt.timedelta(seconds=SILENT_S)).order_by("name")
    return {"live": list(live.values_list("name", flat=True))}


def drain(name: str, drain: bool) -> dict[str, Any]:
    """The owner lets a worker take nothing more, or again."""
    from catalog.models import User
    from runbooks import services

    services.drain_worker(name, actor=User.objects.get(username=OWNER), reason="For the test.", drain=drain)
    return {}


def decide(run: str) -> dict[str, Any]:
    """The owner approves whatever this run asks for."""
    from approvals import services as approvals
    from approvals.errors import ApprovalError
    from approvals.models import ApprovalRequest
    from catalog.models import User
    from plumbing import clock

    owner, decided = User.objects.get(username=OWNER), 0
    for request in ApprovalRequest.objects.filter(subject__startswith=f"run/{run}/", state="pending"):
        try:
            approvals.decide(
                request.uid, user=owner, said=approvals.Said("approve", "", request.digest), now=clock.now()
            )
            decided += 1
        except ApprovalError:  # void meanwhile
            pass
    return {"decided": decided}


def judge(**words: Any) -> dict[str, Any]:
    """What is wrong by the oracle; an empty list when nothing is."""
    from tests.faults import oracle

    return {"wrong": oracle.judge(**words)}


VERBS: dict[str, Callable[..., dict[str, Any]]] = {
    "prepare": prepare, "world": world, "publish": publish, "runs": runs, "look": look, "states": states,
    "judge": judge, "replay": replay, "stand_in": stand_in,
    "decide": decide, "workers": workers, "drain": drain,
}  # fmt: skip


def answer(line: str) -> dict[str, Any]:
    from django.db import OperationalError, close_old_connections, connection

    words = json.loads(line)
    verb, until = VERBS[words.pop("verb")], time.monotonic() + PATIENCE_S
    while True:
        try:
            close_old_connections()
            return verb(**words)
        except OperationalError:  # it restarts: the test hurt it
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    os.environ["MUSTER_PROCESS"] = "worker"  # no pool of connections
    django.setup()
    for question in sys.stdin:
        try:
            said = answer(question)
        except Exception:
            said = {"error": traceback.format_exc()}
        print(json.dumps(said, default=str), flush=True)
