"""One test's corner of a portal: its incident, its runs, its POSTs, and the question whether all of it is whole."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.faults.portal import Portal
from tests.faults.target import Target

Plan = list[dict[str, Any]]
ENDS = frozenset({"succeeded", "failed", "stopped", "undone"})
names = itertools.count(1)


@dataclass
class Posted:
    """Answers to the notes that were posted: (status, seconds) in order."""

    answers: list[tuple[int, float]] = field(default_factory=list)

    @property
    def slowest_s(self) -> float:
        return max(seconds for _, seconds in self.answers)

    @property
    def statuses(self) -> set[int]:
        return {status for status, _ in self.answers}


class Scene:
    """Acts through the portal's doors, and keeps what was answered 2xx."""

    def __init__(self, portal: Portal, target: Target) -> None:
        self.portal, self.target = portal, target
        found = portal.ask("world")
        self.token, self.incident, self.stream = found["token"], found["incident"], found["stream"]
        self.patience_s = 15.0  # for the answer to a POST
        self.runs: list[str] = []
        self.notes: list[str] = []

    # ---- plans ----
    def post_step(self, step: str, *, hold: float = 0.0, kind: str = "act", query: str = "", **fields: Any) -> Any:
        """A step that posts to the target."""
        url = f"{self.target.url}/{kind}/{step}?hold={hold}{query}"
        given = {"id": step, "title": f"Step {step}", "action": "http", "with": {"method": "POST", "url": url}}
        return {"timeout": "10s", "idempotent": True, "retry": {"attempts": 5, "delay": "1s"}, **given, **fields}

    def chain(self, places: int, hold: float = 0.4) -> Plan:
        """Two steps side by side at each place; both need the two before them."""
        return [
            self.post_step(
                f"s{place}{side}", hold=hold, needs=[f"s{place - 1}{other}" for other in "ab"] if place else []
            )
            for place in range(places)
            for side in "ab"
        ]

    def publish(self, plan: Plan, model: str = "parallel", **more: Any) -> str:
        slug = f"fault-{next(names)}-{self.incident[-6:]}"
        source = {"name": slug, "title": "Fault", "model": model, "steps": plan, **more}
        self.portal.ask("publish", slug=slug, source=json.dumps(source))
        return slug

    def begin(self, plan: Plan, model: str = "parallel", **more: Any) -> str:
        """A run of this plan, started by a POST; its uid."""
        slug = self.publish(plan, model, **more)
        status, told = self.start(slug)
        assert status == 201, told
        (run,) = self.portal.ask("runs", slug=slug)["runs"]
        return self.watch(run)

    def watch(self, run: str) -> str:
        """Let the oracle judge this run too."""
        self.runs.append(run)
        return run

    def start(self, slug: str) -> tuple[int, Any]:
        return self.post(f"incidents/{self.incident}/runs", {"runbook": slug, "inputs": {}})

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        return self.portal.post(path, body, token=self.token, timeout_s=self.patience_s)

    def note(self) -> tuple[int, float]:
        """(status, seconds) of a posted note."""
        text, began = f"Note {next(names)}", time.monotonic()
        status, _ = self.post(f"incidents/{self.incident}/notes", {"text": text})
        if 200 <= status < 300:
            self.notes.append(text)
        return status, time.monotonic() - began

    @contextmanager
    def posting(self, every_s: float = 0.1) -> Iterator[Posted]:
        """Somebody posts notes all the while."""
        posted, over = Posted(), threading.Event()

        def post() -> None:
            while not over.wait(every_s):
                posted.answers.append(self.note())

        thread = threading.Thread(target=post, daemon=True)
        thread.start()
        try:
            yield posted
        finally:
            over.set()
            thread.join(30)

    # ---- waiting and judging ----
    def wait_for_calls(self, run: str, count: int, within_s: float = 30) -> None:
        """Until so many requests of the run have come to the target."""
        until = time.monotonic() + within_s
        while len(self.target.calls_of(run)) < count:
            assert time.monotonic() < until, f"{len(self.target.calls_of(run))} calls of {count}: {self.look(run)}"
            time.sleep(0.02)

    def look(self, run: str) -> dict[str, Any]:
        return self.portal.ask("look", run=run)

    def wait_for_end(self, run: str, within_s: float = 60) -> dict[str, Any]:
        return self.portal.wait_for(run, lambda found: found["state"] in ENDS, within_s)

    def assert_whole(self, run: str, within_s: float = 60) -> dict[str, Any]:
        """The run ended well, each of its steps acted exactly once, and the oracle has nothing to say."""
        found = self.wait_for_end(run, within_s)
        assert found["state"] == "succeeded", found
        assert set(found["steps"].values()) == {"done"}, found
        posts = {one["step"] for one in found["attempts"] if one["kind"] == "act"} & set(self.target.effects(run))
        assert self.target.effects(run) == dict.fromkeys(posts, 1)
        assert found["kinds"]["step.done"] == len(found["steps"])
        assert found["kinds"]["run.succeeded"] == 1
        self.assert_sound()
        return found

    def assert_sound(self) -> None:
        """The oracle: ledger, owners, effects, POSTs."""
        acted: dict[str, int] = {}
        for run in self.runs:
            for call in self.target.calls_of(run):
                if call.acted:
                    acted[call.key] = acted.get(call.key, 0) + 1
        wrong = self.portal.ask("judge", runs=self.runs, stream=self.stream, acted=acted, notes=self.notes)["wrong"]
        assert not wrong, "\n".join(wrong)
