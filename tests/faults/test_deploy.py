"""A new release and its migration come in the middle of a run, and many write at once: rows 26 and 27 of the matrix."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.faults.conftest import only
from tests.faults.portal import HOUSE
from tests.faults.scene import Scene

pytestmark = pytest.mark.faults
MIGRATION = """from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [("runbooks", "{last}")]
    operations = [migrations.AddField("run", "of_the_next_release", models.CharField(max_length=9, db_default=""))]
"""
WRITERS, NOTES_EACH = 4, 20
WRITER = """
import sys, threading, django; django.setup()
from audit import ledger
from plumbing.database import atomic
def write():
    for number in range({notes}):
        with atomic():
            ledger.record("{stream}", "note.added", ledger.SYSTEM, {{"text": f"{{sys.argv[1]}} {{number}}"}})
threads = [threading.Thread(target=write) for _ in range(4)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
"""


@pytest.fixture
def next_release(tmp_path: Path) -> Path:
    """A second checkout: this tree, and one more migration that adds a column."""
    checkout = tmp_path / "next"
    ignored = shutil.ignore_patterns(".*", "var", "__pycache__", "node_modules", "docs")
    shutil.copytree(HOUSE, checkout, ignore=ignored)
    migrations = checkout / "runbooks" / "migrations"
    last = max(file.stem for file in migrations.glob("[0-9]*.py"))
    (migrations / "9999_next_release.py").write_text(MIGRATION.format(last=last))
    return checkout


def of_next(env: Mapping[str, str], checkout: Path) -> dict[str, str]:
    return {**env, "PYTHONPATH": str(checkout)}


def test_a_release_with_a_migration_takes_over_in_mid_run(scene: Scene, next_release: Path) -> None:
    portal = scene.portal
    gate = {"id": "gate", "title": "Go on", "action": "manual", "needs": ["s1a"]}
    run = scene.begin([*scene.chain(2), gate, scene.post_step("last", needs=["gate"])])
    scene.wait_for_calls(run, 4)
    if portal.shape != "embedded":  # that one is a single process: it migrates when it starts
        command = [sys.executable, str(next_release / "manage.py"), "migrate", "-v0"]
        subprocess.run(command, env=of_next(portal.settings, next_release), check=True, timeout=120)
    more = scene.begin([scene.post_step("slow", hold=1.5), scene.post_step("next", needs=["slow"])])
    scene.wait_for_calls(more, 1)  # the old release works on the new tables
    usual = {name: (portal.programs[name].arguments, portal.programs[name].env) for name in portal.wanted}
    try:
        for name, ((python, *words), env) in usual.items():
            program = portal.programs[name]
            program.stop()
            program.arguments = [python, *(word.replace(str(HOUSE), str(next_release)) for word in words)]
            program.env = of_next(env or {}, next_release)
        portal.start()
        body = {"seen": scene.look(run)["seen"]["gate"], "worked": True, "note": "The new release is here."}
        status, told = scene.post(f"runs/{run}/steps/gate/finish", body)
        assert status == 200, told
        assert "attempt.lost" not in scene.assert_whole(run)["kinds"]
        found = scene.assert_whole(more)
    finally:
        for name, (arguments, env) in usual.items():
            portal.programs[name].stop()
            portal.programs[name].arguments, portal.programs[name].env = arguments, env
    assert "attempt.lost" not in found["kinds"], "the old release ended what it had begun"
    assert len(scene.target.calls_of(more, "slow")) == 1


@only("embedded")
def test_sixteen_writers_in_four_processes_and_a_running_portal(scene: Scene) -> None:
    run = scene.begin(scene.chain(5, hold=0.0))
    source = WRITER.format(stream=scene.stream, notes=NOTES_EACH)
    command = [sys.executable, "-c", source]
    children = [
        subprocess.Popen([*command, str(number)], env=scene.portal.settings, cwd=HOUSE, stderr=subprocess.PIPE)
        for number in range(WRITERS)
    ]
    with scene.posting(every_s=0.02) as posted:
        said = [child.communicate(timeout=120)[1].decode() for child in children]
    assert [child.returncode for child in children] == [0] * WRITERS, said
    assert said == [""] * WRITERS
    assert posted.statuses == {201}
    assert "locked" not in (scene.portal.folder / "web.log").read_text()
    scene.assert_whole(run)
    assert scene.look(run)["entries"] >= WRITERS * 4 * NOTES_EACH, "none of theirs is missing"
