"""`make bench`: what it prints was measured."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.bench import engine
from config.bench.engine import Bench, Measured, stacked, workloads
from config.bench.profile import Statements
from config.management.commands import bench as command
from runbooks import actions
from runbooks.engine import worker
from runbooks.models import Run

STEPS = [{"id": "a", "needs": [], "seconds": 0.0}, {"id": "b", "needs": ["a"], "seconds": 0.01}]
PLAN = {"name": "w1_pair", "steps": STEPS, "step_count": 2, "runs": 2, "critical_path_seconds": 0.0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "w1_pair.json").write_text(json.dumps(PLAN))
    (tmp_path / "w3_pair.json").write_text(json.dumps({**PLAN, "name": "w3_pair"}))
    return tmp_path


@pytest.fixture
def bench(db: None) -> Any:
    yield Bench()
    actions.forget("noop")


@pytest.fixture
def at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the bench waits for the end of its runs, they are done."""

    def do(_: float) -> None:
        for uid in Run.objects.filter(state="running").values_list("uid", flat=True):
            worker.work_on(uid)

    monkeypatch.setattr(engine.time, "sleep", do)


def test_a_plan_is_read_and_stacked(folder: Path):
    first, second = workloads(folder)
    assert (first["name"], second["name"]) == ("w1_pair", "w3_pair")
    large = stacked(first, 3)
    assert (large["name"], large["step_count"]) == ("w6_layered6", 6)
    assert [step["needs"] for step in large["steps"]] == [[], ["t0a"], ["t0b"], ["t1a"], ["t1b"], ["t2a"]]


@pytest.mark.parametrize(
    ("critical_s", "celery_s", "says"),
    [
        (0.0, None, "4.00 ms per step"),
        (0.0, 0.1, "4.00 ms per step; Celery 1.00; ratio 4.00"),
        (0.2, None, "2.000 makespan / critical path"),
        (0.2, 0.3, "2.000 makespan / critical path; Celery 1.500"),
    ],
)
def test_a_figure_says_what_it_is_of(critical_s: float, celery_s: float | None, says: str):
    assert str(Measured("w", 100, 0.4, critical_s, celery_s)) == says


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ('SELECT "a" FROM "runbooks_run" WHERE id = 1 FOR UPDATE', "SELECT runbooks_run for update"),
        ('INSERT INTO "runbooks_attempt" ("x") VALUES (1)', "INSERT runbooks_attempt"),
        ("BEGIN", "BEGIN"),
    ],
)
def test_statements_are_named_by_verb_and_table(sql: str, name: str):
    assert Statements._name(sql) == name


def test_every_run_of_a_workload_ends_and_is_timed(bench: Bench, at_work: None):
    measured = bench.measure(PLAN, 1, beside_celery=False)
    assert Run.objects.filter(state="succeeded").count() == 4, "two to warm up, two that count"
    assert (measured.steps, measured.celery_s) == (4, None)
    assert measured.seconds > 0


def test_a_run_that_doesnt_end_is_an_error(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine, "PATIENCE_S", 0.05)
    with pytest.raises(TimeoutError, match="did not end within"):
        bench.once(bench.published(PLAN), 1)


def test_the_profile_counts_every_statement_of_a_step(db: None, folder: Path):
    lines = [line for found in command._measure("profile", {"workloads": folder}) for line in found.items()]
    actions.forget("noop")
    told = dict(lines)
    assert "w1_pair: everything" in told
    assert any(name.startswith("w1_pair: ") and "runbooks_attempt" in name for name in told)
    assert Run.objects.filter(state="succeeded").count() == 2


def test_the_command_measures_in_a_child_with_a_database_of_its_own(folder: Path, capsys: Any, monkeypatch: Any):
    monkeypatch.delenv("MUSTER_DATABASE_URL", raising=False)
    monkeypatch.delenv("MUSTER_REDIS_URL", raising=False)
    call_command("bench", part=["profile"], on=["embedded"], workloads=folder, repeats=1)
    said = capsys.readouterr().out
    assert "## embedded" in said
    assert "w3_pair: everything" in said


def test_a_child_that_fails_says_why(tmp_path: Path, monkeypatch: Any):
    monkeypatch.setenv("MUSTER_HOSTS", "")
    (tmp_path / "w1.json").write_text("{")
    with pytest.raises(CommandError, match="JSONDecodeError"):
        call_command("bench", part=["profile"], on=["embedded"], workloads=tmp_path, repeats=1)
