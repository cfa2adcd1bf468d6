"""Everything that shows whether this checkout is good: python -m scripts.test [--ci] [--long] [--only PART ...]

Each part has its own surroundings; a part that can't run is a failure, with the command that would help. In CI (--ci or
CI in the environment) so is a test that was skipped in every part. `make test` calls this.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from drill.errors import DrillError
from scripts import servers
from scripts.machine import Lacking, needs, provide
from scripts.outcome import Outcome, is_failure, read_report, table

HOUSE = Path(__file__).resolve().parent.parent
PART_LIMIT_S = {"monkey": 7200, "slow": 3600}  # USUAL_LIMIT_S for every other
USUAL_LIMIT_S = 1_800  # a busy machine gets its time; idle, none takes a quarter of an hour
# where things are on this machine, and a seed to repeat; all else would change what is tested
KEPT = {"MUSTER_SHARED", "MUSTER_CHROMIUM", "MUSTER_MONKEY_SEED"}
BRANCHES_COVERED_PERCENT = 90
DRILLS_IN_A_ROW = 5
SELECTED = {  # part -> which tests (pytest -m)
    "sqlite": "not e2e and not drill and not slow and not faults and not postgres and not redis",
    "postgresql": "not e2e and not drill and not slow and not faults and not pure and not sqlite",
    "faults": "faults and not slow",
    "chromium": "e2e and not drill and not slow",
    "drill": "drill and not slow",
    "slow": "slow and not faults",
    "monkey": "faults and slow",
}
LONG = ("slow", "monkey")
PATIENCE_S = 20.0  # so long a child may take to stop its own children
WITH_SERVERS = ("postgresql", "slow")  # the portals of the faults have servers of their own
PARTS = ("lint", *SELECTED, "coverage")


def main(arguments: list[str]) -> int:
    """Exit status: 0 when every part passed."""
    asked = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leave through every `finally`
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins with it ignored, and its
    # children would not hear that they should end
    if "sqlite" in asked.parts:
        for old in HOUSE.glob(".coverage.*"):  # figures of an earlier run would flatter this one
            old.unlink()
    with tempfile.TemporaryDirectory(prefix="muster-report-") as reports:
        outcomes = run_parts(asked, Path(reports))
    print(f"\n{table(outcomes)}", flush=True)
    return 1 if is_failure(outcomes, strict=asked.ci) else 0


def run_parts(asked: argparse.Namespace, reports: Path) -> list[Outcome]:
    """One after the other: two at once on two cores starve each other, and faults are told from slowness by time."""
    outcomes: list[Outcome] = []
    for part in asked.parts:
        print(f"\n=== {part} ===", flush=True)
        outcomes.append(run_part(part, reports / f"{part}-{time.monotonic_ns()}.xml"))
    return outcomes


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make test", description="Run every check and test.")
    parser.add_argument("--ci", action="store_true", default=bool(os.environ.get("CI")))
    parser.add_argument(
        "--long", action="store_true", help=f"also the slow tests, and the drill {DRILLS_IN_A_ROW} times"
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=f"one or more of {', '.join(PARTS)}")
    asked = parser.parse_args(arguments)
    usual = [part for part in PARTS if part not in LONG]
    asked.parts = asked.only or ([*usual, *LONG, *["drill"] * (DRILLS_IN_A_ROW - 1)] if asked.long else usual)
    return asked


def run_part(part: str, report: Path) -> Outcome:
    """The part's outcome; what keeps it from running becomes its note."""
    began = time.monotonic()
    note = ""
    try:
        provide(needs(part))
        with surroundings(part) as extra:
            status = run(command(part, report), extra, PART_LIMIT_S.get(part, USUAL_LIMIT_S))
    except (Lacking, DrillError) as refusal:
        status, note = 1, str(refusal)
    ran, skipped = read_report(report)
    if part in SELECTED and status == 0 and not ran:
        status, note = 1, "No test ran."
    return Outcome(part, status == 0, time.monotonic() - began, note, ran, skipped)


def command(part: str, report: Path) -> list[str]:
    python = sys.executable
    if part == "lint":
        return [python, "-m", "scripts.lint"]
    if part == "coverage":
        return [python, "-m", "scripts.coverage", str(BRANCHES_COVERED_PERCENT)]
    pytest = [python, "-m", "pytest", "tests", "-q", "-m", SELECTED[part], f"--junitxml={report}"]
    if part in ("sqlite", "postgresql"):  # each has branches of its own
        return [*pytest, "-n", "2", "--cov", "--cov-report=", "--durations=25"]
    if part == "drill":  # what needs a real Prometheus, nginx or Ansible runs nowhere else
        return [*pytest, "--cov", "--cov-report=", "--durations=5"]
    if part in ("faults", "monkey"):  # a process for each shape of portal; they wait more than they work
        return [*pytest, "-n", "3", "--dist", "loadgroup", "--durations=15"]
    if part == "chromium":  # by file: what a file's tests look at, they share
        return [*pytest, "-n", "2", "--dist", "loadfile", "--durations=15"]
    return [*pytest, "--durations=5"]


@contextmanager
def surroundings(part: str) -> Iterator[dict[str, str]]:
    """Environment variables of a part; the servers that it needs run meanwhile."""
    extra = {"MUSTER_MODE": "test", "MUSTER_TEST_NAME": "make", "COVERAGE_FILE": str(HOUSE / f".coverage.{part}")}
    with ExitStack() as ending:
        if part in WITH_SERVERS:
            extra["MUSTER_DATABASE_URL"] = ending.enter_context(servers.postgresql())
            extra["MUSTER_REDIS_URL"] = ending.enter_context(servers.redis())
        yield extra


def run(arguments: list[str], extra: Mapping[str, str], limit_s: int) -> int:
    """Exit status of a child, 124 when it took longer than `limit_s`. Its whole group is gone afterwards."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MUSTER_") or key in KEPT}
    child = subprocess.Popen(arguments, cwd=HOUSE, env={**kept, **extra}, start_new_session=True)
    try:
        return child.wait(limit_s)
    except subprocess.TimeoutExpired:
        print(f"Stopped after {limit_s} s.", flush=True)
        return 124
    finally:
        end_group(child)


def end_group(child: subprocess.Popen[bytes]) -> None:
    """The child, if it still runs, gets time to stop its own children; then whoever is left in its group is killed."""
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(PATIENCE_S)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
