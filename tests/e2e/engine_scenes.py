"""Runs that stand in each state of the engine that people must understand at a glance: one incident each, really run.

Nothing is faked but the machines: a small loopback target says yes, no, or nothing at all.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.e2e.world import World, declare

SILENCE_S = 20.0
BRANCHES, FAILING = 10, (3, 6, 8)
TICKER = """import time
for n in range(1, 4000):
    print(f"copied block {n * 64} of 256000, checksum ok", flush=True)
    time.sleep(0.25)
"""


class Target:
    """Answers /ok with 200, /no with 500 and /silent after a long while. `url` is where."""

    def __init__(self) -> None:
        self.ending = threading.Event()
        ending = self.ending

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/silent"):
                    ending.wait(SILENCE_S)
                self.send_response(500 if self.path.startswith("/no") else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *arguments: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> "Target":
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.server.shutdown()
        self.server.server_close()


def toolbox(folder: Path) -> Path:
    """What the portal's `command` may run here: a program that prints for a while."""
    ticker, file = folder / "copy.py", folder / "toolbox.toml"
    ticker.write_text(TICKER)
    file.write_text(f'[commands.copy]\nrun = ["{sys.executable}", "{ticker}"]\n')
    return file


Plan = dict[str, Any]
OVER = {"none": "A restart is over when it is over."}


def by_hand(title: str) -> dict[str, Any]:
    """An undo that the commander does."""
    words = f"{title}, and say what you saw."
    return {"action": "manual", "title": title, "assign": "role:commander", "instructions": words}


class Plans:
    """The scenes' runbooks; their steps ask the target at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, id_: str, title: str, way: str = "ok", **more: Any) -> Plan:
        """A step that asks the target, which says yes (ok), no, or nothing (silent)."""
        asks = {"method": "POST", "url": f"{self.url}/{way}/{id_}"}
        return {"id": id_, "title": title, "action": "http", "with": asks, "idempotent": True, "undo": OVER} | more

    def do(self, id_: str, title: str, **more: Any) -> Plan:
        """A step of the commander."""
        words = {"instructions": f"{title}, and say what you saw.", "assign": "role:commander"}
        return {"id": id_, "title": title, "action": "manual", **words} | more

    def branches(self, on_failure: Any) -> Plan:
        """Ten nodes at once, three of which refuse; then a check by a person."""
        ways = {number: "no" if number in FAILING else "ok" for number in range(1, BRANCHES + 1)}
        nodes = [self.ask(f"node_{n}", f"Restart node {n}", way, section="nodes") for n, way in ways.items()]
        return {
            "sections": [
                {"id": "nodes", "title": "Card nodes", "on_failure": on_failure},
                {"id": "after", "title": "Afterwards", "needs": ["nodes"]},
            ],
            "steps": [*nodes, self.do("look", "Look at the tills", section="after")],
        }

    def compensate(self) -> Plan:
        steps = [
            self.ask("drain", "Drain pool A", undo=by_hand("Open pool A again")),
            self.ask("fill", "Fill pool B", undo=by_hand("Empty pool B")),
            self.ask("switch", "Switch traffic", "no"),
        ]
        section = {"id": "swap", "title": "Swap the pool", "on_failure": "fail_fast"}
        return {"model": "linear", "sections": [section], "steps": [each | {"section": "swap"} for each in steps]}

    def unknown(self) -> Plan:
        fence = self.ask("fence", "Fence old primary", "silent", idempotent=False, timeout="2s")
        return {"model": "linear", "steps": [fence, self.ask("promote", "Promote standby")]}

    def holder(self) -> Plan:
        return {"steps": [self.do("reindex", "Rebuild the index", touches=["store"], undo=OVER)]}

    def locked(self) -> Plan:
        restart = self.ask("restart", "Restart store", touches=["store"], lock_wait="2s")
        return {"model": "linear", "steps": [restart, self.do("report", "Tell the desk")]}

    def replan(self) -> Plan:
        watch = {"id": "calm", "title": "The desk is back", "when": "values.desk.ok", "for": "1s", "every": "1s"}
        watch |= {"values": {"desk": {"probe": {"http": f"{self.url}/ok"}}}, "skip": "failover"}
        calls = self.ask("calls", "Divert the calls", undo=by_hand("Send the calls back"))
        steps = [calls, self.do("vendor", "Ask vendor"), self.ask("failover", "Fail over region")]
        return {"model": "linear", "watches": [watch], "steps": steps}

    def output(self) -> Plan:
        copy = {
            "id": "copy",
            "title": "Copy the ledger",
            "action": "command",
            "timeout": "10m",
            "with": {"run": ["copy"]},
        }
        return {"steps": [copy | {"timeout": "10m", "undo": {"none": "It is one copy more."}}]}

    def foresee(self) -> Plan:
        """Run twice in one incident: the look of the second is what that of the first does already."""
        until = {"http": f"{self.url}/no/desk", "within": "30m", "every": "5s"}
        look = {"id": "look", "title": "Look at tills", "action": "probe", "with": until, "timeout": "40m"}
        consent = {"reason": "Fill pool B?", "effect": "Writes stop for 40 s.", "undo": "Empty it again."}
        more = {"touches": ["store"], "approval": consent, "verify": {"http": f"{self.url}/ok/pool"}}
        fill = self.ask("fill", "Fill pool B", undo=by_hand("Empty pool B"), **more)
        return {"steps": [self.do("ask", "Ask the desk"), look | {"needs": ["ask"]}, fill]}

    def all(self) -> dict[str, Plan]:
        """By the name of the scene, in the order in which they are begun."""
        return {
            "quorum": self.branches({"quorum": 7}),
            "assess": self.branches("continue"),
            "compensate": self.compensate(),
            "unknown": self.unknown(),
            "holder": self.holder(),
            "locked": self.locked(),
            "replan": self.replan(),
            "output": self.output(),
            "foresee": self.foresee(),
        }


@contextmanager
def scenes(world: World) -> Iterator[dict[str, str]]:
    """Incidents by scene, each with a run that has come to the state it is named after."""
    with Target() as target:
        found: dict[str, str] = {}
        for name, plan in Plans(target.url).all().items():
            publish(world, name, plan)
            found[name] = declare(world, "amara", f"{name.capitalize()}: card payments are slow", "SEV2", "store")
            world.act("amara", f"incidents/{found[name]}/roles", role="commander")
            world.act("amara", f"incidents/{found[name]}/runs", runbook=f"scene-{name}", inputs={})
        begin_twice(world, found["foresee"])
        settle(world, found)
        yield found


def publish(world: World, name: str, plan: Plan) -> None:
    """Published by its author, as JSON, which is YAML."""
    slug, title = f"scene-{name}", f"{name.capitalize()} scene"
    world.act("tom", "runbooks", slug=slug, title=title, team="data-platform")
    version = world.act("tom", f"runbooks/{slug}/versions", source=json.dumps({"name": slug, "title": title, **plan}))
    world.act("tom", f"runbooks/{slug}/versions/{version['number']}/publish")


def begin_twice(world: World, incident: str) -> None:
    """The first run's look begins, then the same runbook is started again."""
    run = world.run_of(incident)["id"]
    seen = world.step_of(incident, "ask")["seen"]
    world.act("amara", f"runs/{run}/steps/ask/finish", seen=seen, worked=True, note="They see it too.")
    world.wait_for("the first look", lambda: world.step_of(incident, "look")["state"] == "running")
    world.act("amara", f"incidents/{incident}/runs", runbook="scene-foresee", inputs={})


def settle(world: World, found: dict[str, str]) -> None:
    """Wait until each scene is what it is called."""

    def state(scene: str, step: str) -> Any:
        return world.step_of(found[scene], step)["state"]

    world.wait_for("a quorum", lambda: state("quorum", "look") == "ready")
    world.wait_for("an assessment", lambda: state("assess", "node_8") == "failed")
    world.wait_for("an undo", lambda: state("compensate", "fill") == "undoing")
    world.wait_for("an unknown outcome", lambda: state("unknown", "fence") == "unknown")
    world.wait_for("a wait for a lock", lambda: state("locked", "restart") == "locked")
    world.wait_for("a question for consent", lambda: state("foresee", "fill") == "approval")
    time.sleep(3)  # the lock's wait is up, the watch has held, the copy has printed
