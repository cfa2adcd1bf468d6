"""`manage.py bench`: figures of this machine, for docs/benchmarks.md. Each database gets a fresh one of its own."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from audit.bench import appends
from config.bench import live, packs
from config.bench.engine import Bench, stacked, workers, workloads
from config.bench.profile import profile

PARTS = ("ledger", "packs", "engine", "profile", "live")
DATABASES = ("embedded", "postgresql + redis")
POSTGRES = os.environ.get("MUSTER_BENCH_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("MUSTER_BENCH_REDIS", "redis://127.0.0.1:6379/9")


class Command(BaseCommand):
    help = "Measure ledger, engine and live updates on SQLite (embedded) and on PostgreSQL with Redis."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--part", choices=PARTS, action="append", help="only these parts")
        parser.add_argument("--repeats", type=int, default=5)
        parser.add_argument("--workloads", type=Path, default=settings.BASE_DIR.parent / "shared/data/workloads")
        parser.add_argument("--only", action="append", help="only these workloads: w1, w2, ...")
        parser.add_argument("--on", choices=DATABASES, action="append", help="only these databases")
        parser.add_argument("--here", action="store_true", help="measure in this process, on the database as it is set")

    def handle(self, *args: Any, **options: Any) -> None:
        parts = options["part"] or list(PARTS)
        if options["here"]:
            call_command("migrate", verbosity=0)
            for part in parts:
                for figures in _measure(part, options):
                    self.stdout.write(json.dumps(figures))
                    self.stdout.flush()
            return
        self.stdout.write(_machine())
        for name in options["on"] or DATABASES:
            self.stdout.write(f"\n## {name}\n")
            for part in parts:
                self._elsewhere(name, part, options)

    def _elsewhere(self, name: str, part: str, options: dict[str, Any]) -> None:
        """Measure in a child with a database of its own, and print its lines as a table."""
        with tempfile.TemporaryDirectory() as folder, _SettingsFor(name, folder) as environment:
            command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "bench", "--here", "--part", part]
            command += ["--repeats", str(options["repeats"]), "--workloads", str(options["workloads"])]
            command += [word for only in options["only"] or [] for word in ("--only", only)]
            with subprocess.Popen(  # noqa: S603
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            ) as program:
                said = [self._print(line) for line in program.stdout or ()]
        if program.returncode:
            raise CommandError(f"Part {part} on {name} failed:\n{''.join(said)[-2000:]}")

    def _print(self, line: str) -> str:
        """A line of the child's as a row of the table. Returns what is none."""
        if not line.startswith("{"):
            return line
        for label, figure in json.loads(line).items():
            self.stdout.write(f"{label:58} {figure}")
        self.stdout.flush()
        return ""


class _SettingsFor:
    """Environment of a child with a fresh database; drops it afterwards."""

    def __init__(self, name: str, folder: str) -> None:
        self.is_postgres, self.database = name != "embedded", f"muster_bench_{os.getpid()}"
        self.environment = {**os.environ, "MUSTER_MODE": "test", "MUSTER_DATA": folder, "MUSTER_LOG": "ERROR"}
        self.environment["MUSTER_WORKER_THREADS"] = "8"
        if self.is_postgres:
            base = POSTGRES.rsplit("/", 1)[0]
            self.environment |= {"MUSTER_DATABASE_URL": f"{base}/{self.database}", "MUSTER_REDIS_URL": REDIS}
            self.environment |= {"MUSTER_QUEUE": self.database, "MUSTER_REDIS_PREFIX": self.database}
            self.environment |= {"MUSTER_BENCH_PLAIN": REDIS, "MUSTER_BENCH_PLAIN_QUEUE": f"plain_{self.database}"}
            self.environment["MUSTER_PROCESS"] = "worker"

    def __enter__(self) -> dict[str, str]:
        if self.is_postgres:
            self._run(f'CREATE DATABASE "{self.database}"')
        return self.environment

    def __exit__(self, *_: object) -> None:
        if self.is_postgres:
            self._run(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            connection.execute(statement)


def _measure(part: str, options: dict[str, Any]) -> Iterator[dict[str, str]]:
    if part == "ledger":
        yield _ledger()
    elif part == "packs":
        yield from packs.figures()
    elif part == "live":
        yield live.figures(watchers=30)
    elif part == "profile":
        yield from _profile(options["workloads"])
    else:
        yield from _engine(options["workloads"], options["repeats"], options["only"] or [])


def _ledger() -> dict[str, str]:
    """Appends beside plain ORM inserts in the same run: 1 writer, 16 writers on many streams, 16 on one."""
    found = {}
    for writers, streams in ((1, 1), (16, 50), (16, 1)):
        rates = appends(writers=writers, streams=streams)
        figure = f"{rates.appends_per_s:.0f}/s, {rates.ratio:.2f} of plain inserts"
        found[f"ledger append, {writers} writers, {streams} streams"] = figure
    return found


def _engine(folder: Path, repeats: int, only: list[str]) -> Iterator[dict[str, str]]:
    found, beside_celery = Bench(), bool(settings.REDIS_URL)
    with workers(beside_celery=beside_celery):
        for plan in workloads(folder):
            if not only or plan["name"].split("_")[0] in only:
                measured = found.measure(plan, repeats, beside_celery=beside_celery)
                yield {f"engine {measured.name} ({measured.steps} steps)": str(measured)}
            if plan["name"].startswith("w3") and (not only or "w6" in only):
                large = found.measure(stacked(plan, 20), 1, beside_celery=False)
                yield {f"engine {large.name} ({large.steps} steps)": str(large)}


def _profile(folder: Path) -> Iterator[dict[str, str]]:
    bench = Bench()
    for plan in workloads(folder):
        if plan["name"].startswith(("w1", "w3")):
            for statement, count, ms in profile(bench, plan):
                yield {f"{plan['name']}: {statement}": f"{count:5.2f} times, {ms:6.3f} ms per step"}


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("django", "celery", "channels", "psycopg", "uvicorn"))
    return f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"
