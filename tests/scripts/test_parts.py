"""The parts of `make test`: one after the other, and none leaves anybody behind."""

import argparse
import os
import sys
from pathlib import Path

import pytest

from scripts import test as parts
from scripts.outcome import Outcome

CHILD = """
import subprocess, sys, time
own = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
print(own.pid, file=open(sys.argv[1], "w"), flush=True)
try:
    time.sleep(60)
finally:
    time.sleep(0.5)  # as a part that has portals to stop
    own.kill()
    own.wait()
"""


def test_every_part_runs_once_and_what_was_covered_is_counted_last(tmp_path, monkeypatch):
    told: list[str] = []

    def run_part(part: str, report: Path) -> Outcome:
        told.append(part)
        return Outcome(part, True, 0.0)

    monkeypatch.setattr(parts, "run_part", run_part)
    outcomes = parts.run_parts(parts.parse([]), tmp_path)
    assert told == ["lint", "sqlite", "postgresql", "faults", "chromium", "drill", "coverage"]
    assert [one.part for one in outcomes] == told
    assert parts.run_parts(argparse.Namespace(parts=["faults"]), tmp_path)[0].part == "faults"


def test_a_part_that_takes_too_long_leaves_nobody_behind(tmp_path):
    """It has children in groups of their own, and must be let end them: they would work on beside the next part."""
    said = tmp_path / "pid"
    assert parts.run([sys.executable, "-c", CHILD, str(said)], {}, 3) == 124
    with pytest.raises(ProcessLookupError):
        os.kill(int(said.read_text()), 0)
