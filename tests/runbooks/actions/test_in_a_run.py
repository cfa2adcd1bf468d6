"""Actions as the engine runs them: what hangs or eats the memory ends alone, and is on record."""

import json
import os
import sys
from pathlib import Path

import pytest

from audit.selectors import entries
from runbooks.engine import worker
from runbooks.models import Attempt
from tests.runbooks.conftest import states, work_off

pytestmark = pytest.mark.django_db
SCRIPTS = {
    "hang": "import time; print('begun', flush=True); time.sleep(60)",
    "eat": "x = bytearray(10 ** 10)",
    "crash": "import ctypes; ctypes.string_at(0)",
    "login": "import os; print('signed in with', os.environ['PASSWORD'])",
}
TEXT = """name: fault
title: Fault
steps:
  - id: act
    title: Act
    action: command
    with: {{run: [{name}]}}
    timeout: 1s
"""


@pytest.fixture(autouse=True)
def box(toolbox):
    tables = [
        f"[commands.{name}]\nrun = {json.dumps([sys.executable, '-I', '-S', '-c', script])}\n"
        for name, script in SCRIPTS.items()
    ]
    toolbox("".join(tables) + 'env = {PASSWORD = "{{ secrets.desk }}"}\n')


@pytest.mark.parametrize(
    ("name", "effect", "says"),
    [
        ("hang", "unknown", "hang did not end within 1 s."),
        ("eat", "maybe", "eat ended with 1, expected 0: MemoryError."),
        ("crash", "maybe", "crash was ended by SIGSEGV, expected 0."),
    ],
)
def test_a_child_that_hangs_eats_or_crashes_takes_nobody_with_it(start, name, effect, says):
    run = work_off(start(TEXT.format(name=name)))
    attempt = Attempt.objects.get(step_run__run=run)
    assert (attempt.state, attempt.effect, attempt.error) == ("failed", effect, says)
    assert states(run)["act"] in ("failed", "unknown")
    assert os.getpid()  # we are still here


def test_a_secret_of_the_toolbox_is_in_nothing_that_is_kept(start, monkeypatch):
    monkeypatch.setenv("MUSTER_SECRET_DESK", "correct-horse")
    run = work_off(start(TEXT.format(name="login")))
    rows = [list(Attempt.objects.values()), list(run.steps.values()), [one.fields for one in entries(run.stream)]]
    kept = json.dumps(rows, default=str)
    assert "signed in with [secret]" in kept
    assert "correct-horse" not in kept


def test_a_step_is_proved_by_another_source_than_its_own(start, toolbox, tmp_path):
    log = tmp_path / "app.log"
    log.write_text("")
    script = f"open({str(log)!r}, 'a').write('ready in 3 ms\\n')"
    toolbox(
        f"[commands.restart]\nrun = {json.dumps([sys.executable, '-I', '-S', '-c', script])}\n"
        f"[commands.seen]\nrun = {json.dumps(['/bin/grep', '-c', 'ready', str(log)])}\nchanges = false\n"
    )
    verify = """{command: {run: [seen], expect: "stdout.startsWith('1')"}, every: 1s}"""
    run = work_off(start(f"{TEXT.format(name='restart')}    verify: {verify}\n"))
    assert states(run) == {"act": "done"}, list(Attempt.objects.values("kind", "state", "error"))
    proof = Attempt.objects.get(kind="verify")
    assert (proof.output["value"], proof.output["source"]) == (0, "command seen")
    assert Path(log).read_text() == "ready in 3 ms\n"


@pytest.mark.parametrize(("asked", "echo"), [("act", "command act"), ("other", None)])
def test_a_probe_that_asks_the_actor_is_recorded_as_an_echo(start, toolbox, asked, echo):
    table = f"run = {json.dumps([sys.executable, '-I', '-S', '-c', 'pass'])}\nchanges = false\n"
    toolbox(f"[commands.act]\n{table}[commands.other]\n{table}")
    run = work_off(start(f"{TEXT.format(name='act')}    verify: {{command: {{run: [{asked}]}}, every: 1s}}\n"))
    assert states(run) == {"act": "done"}, list(Attempt.objects.values("kind", "state", "error"))
    told = [one.fields for one in entries(run.stream) if one.kind == "attempt.succeeded"]
    assert [(one["of"], one.get("echo")) for one in told] == [("act", None), ("verify", echo)]


@pytest.mark.parametrize("go", [work_off, lambda run: worker.work_on(run.uid)], ids=["one by one", "fused claims"])
def test_what_the_action_wrote_into_a_log_proves_it_and_what_stood_there_before_does_not(
    start, toolbox, tmp_path, go
) -> None:
    log = tmp_path / "app.log"
    log.write_text("ready in 1 ms\n")
    script = f"open({str(log)!r}, 'a').write('ready in 3 ms\\n')"
    toolbox(
        f"[commands.restart]\nrun = {json.dumps([sys.executable, '-I', '-S', '-c', script])}\n"
        f"[commands.nothing]\nrun = {json.dumps([sys.executable, '-I', '-S', '-c', ''])}\n"
        f'[logs.app]\nfolder = "{tmp_path}"\n'
    )
    verify = f"    verify: {{log: {{file: {log}, matches: ready}}}}\n"
    text = TEXT.replace("timeout: 1s", "timeout: 10s") + verify.replace("{", "{{").replace("}", "}}")
    run = start(text.format(name="restart"))
    go(run)
    assert states(run) == {"act": "done"}, list(Attempt.objects.values("kind", "state", "error"))
    assert Attempt.objects.get(kind="verify").output["value"] == "ready in 3 ms"
    run = start(text.format(name="nothing").replace("name: fault", "name: quiet"))
    go(run)
    assert states(run) == {"act": "verifying"}
