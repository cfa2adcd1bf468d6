"""The engine's cost per step: whole workloads through planner, workers, ledger and doorbell, beside plain Celery."""

import json
import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from audit import ledger
from catalog.models import Team, User, new_uid
from config.bench import plain
from config.bench.actions import Noop
from config.bench.fleet import fleet
from config.celery import app as celery_app
from plumbing.sweep import Sweep
from runbooks import actions, services
from runbooks.models import Run, RunbookVersion
from runbooks.states import RunState

PATIENCE_S = 180.0
WORKERS = 8


@dataclass(frozen=True)
class Measured:
    """One workload. seconds: median of the repeats, from start_run() to the last run's end; celery_s: the same work
    as plain Celery's canvas, taken in turns with ours; None where it wasn't asked."""

    name: str
    steps: int
    seconds: float
    critical_path_s: float
    celery_s: float | None = None

    @property
    def ms_per_step(self) -> float:
        return self.seconds * 1000 / self.steps

    def __str__(self) -> str:
        if self.critical_path_s:
            said = f"{self.seconds / self.critical_path_s:.3f} makespan / critical path"
            return said if self.celery_s is None else f"{said}; Celery {self.celery_s / self.critical_path_s:.3f}"
        said = f"{self.ms_per_step:.2f} ms per step"
        if self.celery_s is None:
            return said
        return f"{said}; Celery {self.celery_s * 1000 / self.steps:.2f}; ratio {self.seconds / self.celery_s:.2f}"


class Bench:
    """The bench's own people and runbooks, in its own database."""

    def __init__(self) -> None:
        actions.register(Noop())
        self.team = Team.objects.create(slug=f"bench-{new_uid()[:8]}", name="Bench")
        self.user = User.objects.create(username=f"bench-{new_uid()[:8]}", name="Bench")

    def measure(self, plan: dict[str, Any], repeats: int, *, beside_celery: bool) -> Measured:
        """Run a workload `repeats` times, in turns with plain Celery: the medians. The first round warms up."""
        version, ours, theirs = self.published(plan), [], []
        for _ in range(repeats + 1):
            if beside_celery:
                theirs.append(plain.once(plan))
            ours.append(self.once(version, plan["runs"]))
        return Measured(
            plan["name"],
            plan["step_count"] * plan["runs"],
            statistics.median(ours[1:]),
            plan["critical_path_seconds"],
            statistics.median(theirs[1:]) if beside_celery else None,
        )

    def published(self, plan: dict[str, Any]) -> RunbookVersion:
        """The workload as a runbook of no-op steps."""
        slug = f"{plan['name'].replace('_', '-')}-{new_uid()[:6]}"
        steps = [
            {"id": step["id"], "title": step["id"], "action": "noop", "needs": step["needs"], "idempotent": True}
            | ({"with": {"seconds": step["seconds"]}} if step["seconds"] else {})
            for step in plan["steps"]
        ]
        source = json.dumps({"name": slug, "title": plan["name"], "steps": steps})  # JSON is YAML
        runbook = services.make_runbook(slug, plan["name"], self.team, actor=self.user)
        return services.publish(services.save_version(runbook, source, author=self.user), publisher=self.user)

    def start(self, version: RunbookVersion) -> Run:
        """One run of it, in a stream of its own."""
        stream = ledger.open_stream(f"inc_{new_uid()}").uid
        return services.start_run(version, stream=stream, inputs={}, starter=self.user, teams=[self.team])

    def once(self, version: RunbookVersion, runs: int) -> float:
        """Seconds from the first start to the last end. Raises TimeoutError after PATIENCE_S."""
        began = time.perf_counter()
        started = [self.start(version).pk for _ in range(runs)]
        while Run.objects.filter(pk__in=started).exclude(state=RunState.SUCCEEDED).exists():
            if time.perf_counter() - began > PATIENCE_S:
                raise TimeoutError(f"{version} did not end within {PATIENCE_S:.0f} s")
            time.sleep(0.02)
        return time.perf_counter() - began


def workloads(folder: Path) -> list[dict[str, Any]]:
    """The plans of all files `w*.json`, in order."""
    return [json.loads(file.read_text()) for file in sorted(folder.glob("w*.json"))]


def stacked(plan: dict[str, Any], times: int) -> dict[str, Any]:
    """The same plan so many times in one run, each after the one before: as wide, and so many times as large."""
    steps: list[dict[str, Any]] = []
    for turn in range(times):
        before = [steps[-1]["id"]] if steps else []
        for step in plan["steps"]:
            needs = [f"t{turn}{need}" for need in step["needs"]] or before
            steps.append({**step, "id": f"t{turn}{step['id']}", "needs": needs})
    return {**plan, "name": f"w6_layered{len(steps)}", "step_count": len(steps), "steps": steps}


@contextmanager
def workers(*, beside_celery: bool) -> Iterator[None]:
    """Whoever does the work: prefork processes, Celery's beside ours; or threads in this process, when embedded."""
    with ExitStack() as stack:
        if settings.REDIS_URL:
            queue = settings.CELERY_TASK_DEFAULT_QUEUE
            stack.enter_context(fleet("config.bench.ours", queue, WORKERS, {"MUSTER_PROCESS": "worker"}))
            if beside_celery:
                stack.enter_context(fleet("config.bench.plain", plain.app.conf.task_default_queue, WORKERS, {}))
        else:
            stack.enter_context(_threads())
        sweep = Sweep(settings.SWEEP_EVERY_S)
        stack.callback(sweep.stopping.set)
        threading.Thread(target=sweep.run, daemon=True).start()
        yield


@contextmanager
def _threads() -> Iterator[None]:
    worker = celery_app.WorkController(
        app=celery_app, pool="threads", concurrency=WORKERS, hostname=f"bench-{os.getpid()}@local",
        loglevel="ERROR", without_mingle=True, without_gossip=True, without_heartbeat=True, task_events=False,
    )  # fmt: skip
    threading.Thread(target=worker.start, daemon=True).start()
    time.sleep(1)  # the consumer subscribes
    yield
    stopper = threading.Thread(target=worker.stop, daemon=True)
    stopper.start()
    stopper.join(5)
