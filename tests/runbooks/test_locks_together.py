"""Fifty runs over twenty services, worked off by several processes with several threads: what does the ledger say?"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from audit import ledger
from catalog.models import Dependency, Service, Team, new_uid
from plumbing import clock
from runbooks.models import Lock, Run, RunbookVersion
from runbooks.services import start_run
from tests.runbooks.lock_history import Told, complaints, history

ROOT = Path(__file__).parents[2]
RUNS, SERVICES, EDGES, STEPS, MOST_TOUCHED = 50, 20, 14, 2, 3
PROCESSES, THREADS = 2, 2
ENDS_WITHIN_S = 300


def plan() -> str:
    """A chain of steps that touch up to three services each, which the inputs name."""
    names = [[f"t{step}{place}" for place in range(MOST_TOUCHED)] for step in range(STEPS)]
    lines = ["name: plan", "title: Plan", "model: linear", "inputs:"]
    lines += [f"  {name}: {{type: string}}" for some in names for name in some]
    lines.append("steps:")
    for step, some in enumerate(names):
        touched = ", ".join(f'"{{{{ inputs.{name} }}}}"' for name in some)
        lines += [f"  - id: s{step}", f"    title: Step {step}", "    action: scripted", f"    touches: [{touched}]"]
    return "\n".join(lines) + "\n"


def touched(services: list[Service], chance: random.Random) -> dict[str, str]:
    given = {}
    for step in range(STEPS):
        some = chance.sample(services, chance.choice((1, 1, 2, MOST_TOUCHED)))
        for place in range(MOST_TOUCHED):
            given[f"t{step}{place}"] = some[place % len(some)].slug
    return given


@pytest.fixture
def crowd(
    real_database: dict[str, str],
    publish: Callable[[str], RunbookVersion],
    make_service: Callable[..., Service],
    payments_team: Team,
) -> list[Run]:
    """Runs with random touches over services with random dependencies; they have asked for their first locks."""
    chance = random.Random(20261121)
    services = [make_service(f"service-{number}") for number in range(SERVICES)]
    for consumer, provider in (chance.sample(services, 2) for _ in range(EDGES)):
        Dependency.objects.get_or_create(consumer=consumer, provider=provider, defaults={"last_seen": clock.now()})
    version = publish(plan())
    return [
        start_run(
            version,
            stream=ledger.open_stream(f"inc_{new_uid()}").uid,
            inputs=touched(services, chance),
            starter=None,
            teams=[payments_team],
        )
        for _ in range(RUNS)
    ]


def test_no_two_work_on_conflicting_services_and_nobody_is_overtaken(
    crowd: list[Run], real_database: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {**os.environ, "MUSTER_MODE": "test", **real_database}
    environment.pop("MUSTER_TEST_NAME", None)
    connection.close()
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.runbooks.lock_worker"]
    workers = [
        subprocess.Popen([*command, str(seed), str(THREADS)], cwd=ROOT, env=environment) for seed in range(PROCESSES)
    ]
    codes = [worker.wait(timeout=ENDS_WITHIN_S) for worker in workers]
    took_s = time.monotonic() - began
    assert codes == [0] * PROCESSES
    assert set(Run.objects.values_list("state", flat=True)) == {"succeeded"}
    said = history(run.stream for run in crowd)
    edges = list(Dependency.objects.values_list("consumer__slug", "provider__slug"))
    assert complaints(said, edges) == []
    counts = Counter(each.kind for each in said)
    assert counts["lock.held"] == counts["lock.freed"] == RUNS * STEPS
    assert counts["lock.queued"] > RUNS // 2, "without a crowd this test shows nothing"
    assert not Lock.objects.exists()
    with capsys.disabled():
        print(f"\n{RUNS * STEPS} steps had their locks, {counts['lock.queued']} after waiting, in {took_s:.1f} s")


# the judge itself


def entry(kind: str, turn: int, who: str, *services: str, place: int = 0) -> Told:
    return Told(kind, turn, (who, "s"), place or turn, frozenset(services))


def test_the_judge_sees_two_beside_each_other() -> None:
    said = [entry("lock.held", 1, "one", "a"), entry("lock.held", 2, "two", "b"), entry("lock.freed", 3, "one", "a")]
    said.append(entry("lock.freed", 4, "two", "b"))
    assert complaints(said, []) == []
    assert complaints(said, [("b", "a")]) == ["turn 2: ('two', 's') beside ('one', 's')"]


def test_the_judge_sees_who_is_overtaken_and_who_never_ends() -> None:
    said = [
        entry("lock.held", 1, "one", "a"),
        entry("lock.queued", 2, "wide", "a", "b"),
        entry("lock.held", 3, "late", "b"),
    ]
    found = complaints(said, [])
    assert found[0] == "turn 3: ('late', 's') overtakes ('wide', 's')"
    assert len(found) == 4
