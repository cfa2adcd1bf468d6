"""A house with a history, made through its doors: alerts, roles, notes, decisions, a rejection, a repair in progress.

The alerts are those of a recorded fault (store killed), told as happening now. Nothing listens where the demo's probes
ask, so they are truly red; the control service is the drill's own, on a free port.
"""

import datetime as dt
import hashlib
import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from drill.control import Control, Effects
from drill.demo import HOUSE, INTAKE, PASSWORD, token
from drill.muster import Person as Caller
from drill.programs import wait_until
from drill.web import NAMES
from scripts.servers import free_port
from tests.e2e.browser import Muster

RUNBOOK = "restart-web-service"
PORTS = {"edge": 18081, "api": 18082, "store": 18083}
TOLD = [("InstanceDown", "store"), *(("HealthProbeFailed", name) for name in PORTS)]
WITHIN_S = 60


@dataclass
class World:
    """Who can be asked to do things, and what came of it: uids by what they are."""

    muster: Muster
    callers: dict[str, Caller] = field(default_factory=dict)
    resolved: str = ""  # an incident that is over: its owner said no, the repair was done by hand
    burning: str = ""  # the store is down, the run waits for its owner
    planless: str = ""  # declared by a person, no runbook runs
    closed: str = ""
    rejected: str = ""  # an approval
    pending: str = ""

    def caller(self, username: str) -> Caller:
        if username not in self.callers:
            self.callers[username] = Caller(self.muster.url, username, PASSWORD)
        return self.callers[username]

    def act(self, username: str, path: str, **body: Any) -> Any:
        """POST below /api/v1/ as this person."""
        return self.caller(username).post(path, body)

    def run_of(self, incident: str) -> dict[str, Any]:
        """The newest run of an incident, with its steps."""
        found = self.caller("amara").get(f"runs?stream=inc_{incident}")["results"]
        run: dict[str, Any] = self.caller("amara").get(f"runs/{found[0]['id']}")
        return run

    def step_of(self, incident: str, step: str) -> dict[str, Any]:
        return next(each for each in self.run_of(incident)["steps"] if each["id"] == step)

    def wait_for(self, what: str, is_so: Callable[[], bool]) -> None:
        wait_until(what, is_so, within_s=WITHIN_S, where=str(self.muster.log))


@contextmanager
def filled(muster: Muster) -> Iterator[World]:
    """The house after a bad night. The probes and the control service are off again afterwards."""
    world, port = World(muster), free_port()
    control = Control(port, Effects(muster.folder / "effects.jsonl"), NAMES, lambda name: None, lambda name: False)
    control.start()
    try:
        rewrite_runbook(world, port)
        for name in NAMES:
            world.act("noor", f"services/{name}/probes", paused=False)
        write_history(world)
        world.wait_for("probes of a dead house are red", lambda: is_red(world))
        yield world
    finally:
        control.stop()


def is_red(world: World) -> bool:
    return all(world.caller("amara").get(f"services/{name}")["health"] == "red" for name in NAMES)


def rewrite_runbook(world: World, control_port: int) -> None:
    """Version 2 asks our control service; version 3 stays a draft."""
    source = (HOUSE / "config" / "runbooks" / f"{RUNBOOK}.yaml").read_text()
    ours = source.replace("19180", str(control_port))
    version = world.act("tom", f"runbooks/{RUNBOOK}/versions", source=ours)
    world.act("tom", f"runbooks/{RUNBOOK}/versions/{version['number']}/publish")
    world.act("tom", f"runbooks/{RUNBOOK}/versions", source=ours.replace("within: 10m", "within: 20m"))


def write_history(world: World) -> None:
    """Oldest first: one closed, one refused and resolved by hand, one without a plan, and the one that burns."""
    close_a_small_one(world)
    refuse_a_repair(world)
    world.planless = declare(world, "amara", "Balances of yesterday in online banking", "SEV1", "online-banking")
    begin_a_repair(world)


def declare(world: World, who: str, title: str, severity: str, service: str) -> str:
    body = {"title": title, "severity": severity, "services": [service]}
    return str(world.act(who, "incidents", **body)["uid"])


def move(world: World, who: str, incident: str, *targets: str, **more: Any) -> None:
    for target in targets:
        seen = world.caller(who).get(f"incidents/{incident}")["phase"]
        world.act(who, f"incidents/{incident}/move", target=target, seen_phase=seen, **more)


def close_a_small_one(world: World) -> None:
    world.closed = declare(world, "amara", "Payment queue holds 41,000 orders back", "SEV3", "payment-queue")
    world.act("amara", f"incidents/{world.closed}/roles", role="commander")
    world.act("piotr", f"incidents/{world.closed}/notes", text="Consumers were stopped by the deploy of 18:00.")
    world.act("amara", f"incidents/{world.closed}/decisions", text="Start the consumers again; drop nothing.")
    move(world, "amara", world.closed, "mitigation", "resolution", "review", "closed", reason="The queue is empty.")


def refuse_a_repair(world: World) -> None:
    began = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=95)
    world.resolved = fault(world, began)
    world.act("amara", f"incidents/{world.resolved}/roles", role="commander")
    world.rejected = asked_for(world, world.resolved)
    decide(world, world.rejected, "reject", "The volume is being copied: a start now would lose the copy.")
    world.act("piotr", f"incidents/{world.resolved}/notes", text="Started by hand after the copy was done.")
    post_alerts(world, began, is_over=True)
    reason = "Started by hand; our probe could not reach it yet."
    move(world, "amara", world.resolved, "resolution", reason=reason, force=True)


def begin_a_repair(world: World) -> None:
    incident = world.burning = fault(world, dt.datetime.now(dt.UTC) - dt.timedelta(minutes=4))
    world.act("amara", f"incidents/{incident}/roles", role="commander")
    world.act("amara", f"incidents/{incident}/roles", role="communications", user="jonas")
    world.act("rafa", f"incidents/{incident}/notes", text="Branch terminals answer “try later” since 4 minutes.")
    world.act("amara", f"incidents/{incident}/decisions", text="We repair the store first; edge and API will follow.")
    world.pending = asked_for(world, incident)
    impact = world.step_of(incident, "impact")
    world.act("amara", f"runs/{world.run_of(incident)['id']}/steps/impact/start", seen=impact["seen"])


def fault(world: World, began: dt.datetime) -> str:
    """uid of the incident that the recorded fault opened, once its run waits for the owner."""
    opened = post_alerts(world, began)
    assert len(opened) == 1, f"one incident per fault, not {opened}"
    uid = opened[0]
    world.wait_for("the run asked its owner", lambda: world.step_of(uid, "start")["state"] == "approval")
    return uid


def asked_for(world: World, incident: str) -> str:
    return str(world.step_of(incident, "start")["approval"])


def decide(world: World, approval: str, verdict: str, reason: str) -> None:
    digest = world.caller("lena").get(f"approvals/{approval}")["digest"]
    world.act("lena", f"approvals/{approval}/decide", verdict=verdict, reason=reason, seen_digest=digest)


def post_alerts(world: World, began: dt.datetime, *, is_over: bool = False) -> list[str]:
    """The recorded post of the killed store, at another time. Returns the uids of the incidents it opened."""
    ended = dt.datetime.now(dt.UTC) if is_over else None
    alerts = [alert(name, service, began, ended) for name, service in TOLD]
    body = {"version": "4", "receiver": "portal", "status": alerts[0]["status"], "alerts": alerts, "truncatedAlerts": 0}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token(world.muster.folder)}"}
    request = urllib.request.Request(f"{world.muster.url}{INTAKE}", json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
        labels = json.load(answer)["opened"]
    known = {each["label"]: each["uid"] for each in world.caller("amara").get("incidents")["results"]}
    return [known[label] for label in labels]


def alert(name: str, service: str, began: dt.datetime, ended: dt.datetime | None) -> dict[str, Any]:
    """One alert as Alertmanager 0.25 sends it."""
    port = PORTS[service]
    where = f"127.0.0.1:{port}" if name == "InstanceDown" else f"http://127.0.0.1:{port}/healthz"
    summary = f"Instance {where} of {service} is down" if name == "InstanceDown" else f"Health probe of {service} fails"
    labels = {"alertname": name, "cluster": "drill", "instance": where, "service": service, "severity": "critical"}
    return {
        "status": "resolved" if ended else "firing",
        "labels": labels,
        "annotations": {"summary": summary},
        "startsAt": began.isoformat(timespec="milliseconds"),
        "endsAt": ended.isoformat(timespec="milliseconds") if ended else "0001-01-01T00:00:00Z",
        "generatorURL": "http://127.0.0.1:19090/graph?g0.expr=probe_success+%3D%3D+0",
        "fingerprint": hashlib.sha256(f"{name} {service}".encode()).hexdigest()[:16],
    }
