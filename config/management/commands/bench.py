"""`manage.py bench`: figures of this machine, for docs/benchmarks.md. Each database gets a fresh one of its own."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from audit.bench import appends
from config.bench import live
from config.bench.engine import Bench

PARTS = ("ledger", "engine", "live")
POSTGRES = os.environ.get("MUSTER_BENCH_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("MUSTER_BENCH_REDIS", "redis://127.0.0.1:6379/9")


class Command(BaseCommand):
    help = "Measure ledger, engine and live updates on SQLite (embedded) and on PostgreSQL with Redis."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--part", choices=PARTS, action="append", help="only these parts")
        parser.add_argument("--repeats", type=int, default=3)
        parser.add_argument("--workloads", type=Path, default=settings.BASE_DIR.parent / "shared/data/workloads")
        parser.add_argument("--here", action="store_true", help="measure in this process, on the database as it is set")

    def handle(self, *args: Any, **options: Any) -> None:
        parts = options["part"] or list(PARTS)
        if options["here"]:
            call_command("migrate", verbosity=0)
            for part in parts:
                self.stdout.write(json.dumps(_measure(part, options)))
            return
        self.stdout.write(_machine())
        for name in ("embedded", "postgresql + redis"):
            self.stdout.write(f"\n## {name}\n")
            for part in parts:
                self._elsewhere(name, part, options)

    def _elsewhere(self, name: str, part: str, options: dict[str, Any]) -> None:
        """Measure in a child with a database of its own, and print its lines as a table."""
        with tempfile.TemporaryDirectory() as folder, _SettingsFor(name, folder) as environment:
            command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "bench", "--here", "--part", part]
            command += ["--repeats", str(options["repeats"]), "--workloads", str(options["workloads"])]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise CommandError(f"Part {part} on {name} failed:\n{done.stderr[-2000:]}")
        for line in done.stdout.splitlines():
            for label, figure in json.loads(line).items():
                self.stdout.write(f"{label:58} {figure}")


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


def _measure(part: str, options: dict[str, Any]) -> dict[str, str]:
    if part == "ledger":
        return _ledger()
    if part == "live":
        return live.figures(watchers=30)
    return _engine(options["workloads"], options["repeats"])


def _ledger() -> dict[str, str]:
    """Appends beside plain ORM inserts in the same run: 1 writer, 16 writers on many streams, 16 on one."""
    found = {}
    for writers, streams in ((1, 1), (16, 50), (16, 1)):
        rates = appends(writers=writers, streams=streams)
        figure = f"{rates.appends_per_s:.0f}/s, {rates.ratio:.2f} of plain inserts"
        found[f"ledger append, {writers} writers, {streams} streams"] = figure
    return found


def _engine(folder: Path, repeats: int) -> dict[str, str]:
    found = {}
    with Bench(threads=8) as bench:
        for file in sorted(folder.glob("w*.json")):
            measured = bench.measure(file, repeats)
            ratio = measured.seconds / measured.critical_path_s if measured.critical_path_s else None
            figure = f"{ratio:.2f} makespan / critical path" if ratio else f"{measured.ms_per_step:.1f} ms per step"
            found[f"engine {measured.name} ({measured.steps * measured.runs} steps)"] = figure
    return found


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("django", "celery", "channels", "psycopg", "uvicorn"))
    return f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"
