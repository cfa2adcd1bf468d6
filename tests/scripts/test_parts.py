"""The parts of `make test`: most one after the other, some beside others."""

import argparse
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts import test as parts
from scripts.outcome import Outcome


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What began and what ended, in order."""
    told: list[str] = []
    begin, wait = subprocess.Popen, parts.Aside.wait

    def popen(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        told.append(f"{command[4]} begins")
        return begin([sys.executable, "-c", "print('said')"], **options)  # type: ignore[call-overload]

    def wait_for(one: parts.Aside) -> Outcome:
        outcome = wait(one)
        told.append(f"{one.part} ended")
        return outcome

    def run_part(part: str, report: Path) -> Outcome:
        told.append(part)
        return Outcome(part, True, 0.0)

    monkeypatch.setattr(parts.subprocess, "Popen", popen)
    monkeypatch.setattr(parts.Aside, "wait", wait_for)
    monkeypatch.setattr(parts, "run_part", run_part)
    return told


def run(tmp_path: Path, *asked: str) -> list[Outcome]:
    with ExitStack() as ending:
        return parts.run_parts(argparse.Namespace(parts=asked, report=None), tmp_path, ending)


def test_faults_run_beside_the_two_that_work_and_end_before_the_browsers(tmp_path, events, capfd):
    outcomes = run(tmp_path, *(part for part in parts.PARTS if part not in parts.LONG))
    assert events == [
        "lint", "faults begins", "sqlite", "postgresql", "faults ended", "chromium", "drill", "coverage",
    ]  # fmt: skip
    assert {one.part for one in outcomes} == set(parts.PARTS) - set(parts.LONG)
    assert "said" in capfd.readouterr().out


def test_alone_they_are_a_part_like_any_other(tmp_path, events):
    assert [one.part for one in run(tmp_path, "faults")] == ["faults"]
    assert events == ["faults"]


CHILD = """
import signal, subprocess, sys, time
own = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
print(own.pid, flush=True)
try:
    time.sleep(60)
finally:
    time.sleep(1)  # as a part that has portals to stop
    own.kill()
    own.wait()
"""


def test_whoever_leaves_early_leaves_nobody_behind(tmp_path, monkeypatch):
    """A part has children in groups of their own: it must be let end them, or they work on beside the next run."""
    begin = subprocess.Popen
    monkeypatch.setattr(parts.subprocess, "Popen", lambda command, **more: begin([sys.executable, "-c", CHILD], **more))
    with parts.Aside("faults", tmp_path) as aside:
        while not (said := aside.log.read_text()).endswith("\n"):
            assert aside.child.poll() is None
    assert aside.child.poll() is not None
    with pytest.raises(ProcessLookupError):
        os.kill(int(said), 0)


def test_a_part_beside_others_is_waited_for_longer_than_it_waits_itself():
    assert parts.ASIDE_PATIENCE_S > parts.PATIENCE_S * 2
