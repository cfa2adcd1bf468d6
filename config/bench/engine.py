"""The engine's cost per step: whole workloads through planner, worker, ledger and doorbell, in this process."""

import json
import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from audit import ledger
from catalog.models import Team, User, new_uid
from config.bench.actions import Noop
from config.celery import app as celery_app
from plumbing.sweep import Sweep
from runbooks import actions, services
from runbooks.models import Run, RunbookVersion
from runbooks.states import RunState

PATIENCE_S = 180.0


@dataclass(frozen=True)
class Measured:
    """One workload. seconds: medians of the repeats, from start_run() to the last run's end."""

    name: str
    steps: int
    runs: int
    seconds: float
    critical_path_s: float

    @property
    def ms_per_step(self) -> float:
        return self.seconds * 1000 / (self.steps * self.runs)


class Bench:
    """A worker and a sweep in this process, with the bench's own people and runbooks in its own database."""

    def __init__(self, threads: int) -> None:
        actions.register(Noop())
        self.team = Team.objects.create(slug=f"bench-{new_uid()[:8]}", name="Bench")
        self.user = User.objects.create(username=f"bench-{new_uid()[:8]}", name="Bench")
        self.sweep = Sweep(settings.SWEEP_EVERY_S)
        self.worker = celery_app.WorkController(
            app=celery_app, pool="threads", concurrency=threads, hostname=f"bench-{new_uid()[:8]}@local",
            loglevel="ERROR", without_mingle=True, without_gossip=True, without_heartbeat=True, task_events=False,
        )  # fmt: skip

    def __enter__(self) -> "Bench":
        for target in (self.worker.start, self.sweep.run):
            threading.Thread(target=target, daemon=True).start()
        time.sleep(1)  # the consumer subscribes
        return self

    def __exit__(self, *_: object) -> None:
        self.sweep.stopping.set()
        stopper = threading.Thread(target=self.worker.stop, daemon=True)
        stopper.start()
        stopper.join(5)

    def measure(self, file: Path, repeats: int) -> Measured:
        """Run a workload file `repeats` times and take the median."""
        plan = json.loads(file.read_text())
        version = self._published(plan)
        seconds = statistics.median(self._once(version, plan["runs"]) for _ in range(repeats))
        return Measured(plan["name"], plan["step_count"], plan["runs"], seconds, plan["critical_path_seconds"])

    def _published(self, plan: dict[str, Any]) -> RunbookVersion:
        slug = f"{plan['name'].replace('_', '-')}-{new_uid()[:6]}"
        steps = [
            {"id": step["id"], "title": step["id"], "action": "noop", "needs": step["needs"], "idempotent": True}
            | ({"with": {"seconds": step["seconds"]}} if step["seconds"] else {})
            for step in plan["steps"]
        ]
        source = json.dumps({"name": slug, "title": plan["name"], "steps": steps})  # JSON is YAML
        runbook = services.make_runbook(slug, plan["name"], self.team, actor=self.user)
        return services.publish(services.save_version(runbook, source, author=self.user), publisher=self.user)

    def _once(self, version: RunbookVersion, runs: int) -> float:
        streams = [ledger.open_stream(f"inc_{new_uid()}").uid for _ in range(runs)]
        began = time.perf_counter()
        for stream in streams:
            services.start_run(version, stream=stream, inputs={}, starter=self.user, teams=[self.team])
        while Run.objects.filter(stream__in=streams).exclude(state=RunState.SUCCEEDED).exists():
            if time.perf_counter() - began > PATIENCE_S:
                raise TimeoutError(f"{version} did not end within {PATIENCE_S:.0f} s")
            time.sleep(0.01)
        return time.perf_counter() - began
