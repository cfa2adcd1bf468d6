"""Portals that can be hurt: embedded in one process, or web, worker and sweep apart on PostgreSQL and Redis."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import redis

from drill.programs import Program, answers, wait_until
from scripts.servers import free_port

HOUSE = Path(__file__).resolve().parents[2]
LEASE_S = 3  # short, so that a lost worker is missed soon
READY_WITHIN_S = 60


class Portal:
    """What every shape has: settings, a port, and a look into its database from outside."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MUSTER_", "DJANGO_"))}
        common = {"MUSTER_DATA": str(folder), "MUSTER_PORT": str(self.port), "MUSTER_LEASE_S": str(LEASE_S)}
        self.settings = {**kept, **common, "MUSTER_EGRESS_ALLOW": "127.0.0.0/8", **settings}
        self.programs: dict[str, Program] = {}

    def add(self, name: str, *arguments: str, **extra: str) -> None:
        log, env = self.folder / f"{name}.log", {**self.settings, **extra}
        self.programs[name] = Program([sys.executable, *arguments], log, env=env)

    def start(self, *names: str) -> None:
        for name in names or self.programs:
            self.programs[name].start()
        wait_until(
            "the portal answered", lambda: answers(f"http://127.0.0.1:{self.port}/sign-in"), within_s=READY_WITHIN_S
        )

    def kill(self, name: str) -> None:
        """SIGKILL by pid: nothing gets to say goodbye."""
        child = self.programs[name].child
        assert child is not None and child.poll() is None, f"{name} ended before it was killed"
        os.killpg(child.pid, 9)  # a worker's children with it: the program leads a session of its own
        child.wait()

    def stop(self) -> None:
        for program in reversed(self.programs.values()):
            program.stop()

    def ask(self, *words: str) -> dict[str, Any]:
        """Ask tests.faults.scenario, in a process of its own, with the portal's settings."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.scenario", *words],
            env=self.settings, cwd=HOUSE, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def wait_for_end(self, run: str, within_s: float) -> dict[str, Any]:
        until = time.monotonic() + within_s
        while (found := self.ask("look", run))["state"] == "running" and time.monotonic() < until:
            time.sleep(0.5)
        return found


@contextmanager
def embedded(folder: Path) -> Iterator[Portal]:
    portal = Portal(folder, {"MUSTER_MODE": "demo"})
    portal.add("web", str(HOUSE / "manage.py"), "serve")
    try:
        portal.start()
        yield portal
    finally:
        portal.stop()


@contextmanager
def apart(folder: Path, database_url: str, redis_url: str) -> Iterator[Portal]:
    """Web, two worker children and sweep as processes of their own, on a database made for them."""
    name = f"muster_fault_{os.getpid()}"
    base, server = database_url.rsplit("/", 1)[0], redis_url.rsplit("/", 1)[0]
    shape = {
        "MUSTER_MODE": "test", "MUSTER_DATABASE_URL": f"{base}/{name}", "MUSTER_REDIS_URL": f"{server}/7",
        "MUSTER_QUEUE": name, "MUSTER_REDIS_PREFIX": name,
    }  # fmt: skip
    portal = Portal(folder, shape)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
    try:
        manage = str(HOUSE / "manage.py")
        subprocess.run([sys.executable, manage, "migrate", "-v0"], env=portal.settings, check=True, timeout=120)
        subprocess.run(
            [sys.executable, manage, "collectstatic", "--noinput", "-v0"], env=portal.settings, check=True, timeout=60
        )
        web = ("-m", "uvicorn", "config.asgi:application", "--port", str(portal.port), "--log-level", "warning")
        portal.add("web", *web, "--app-dir", str(HOUSE))
        worker = ("-m", "celery", "--workdir", str(HOUSE), "-A", "config", "worker", "-P", "prefork", "-c", "2")
        portal.add("worker", *worker, "-l", "WARNING", "--without-gossip", "--without-mingle", MUSTER_PROCESS="worker")
        portal.add("sweep", manage, "sweep")
        portal.start()
        yield portal
    finally:
        portal.stop()
        redis.Redis.from_url(f"{server}/7").flushdb()
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]


def empty_broker(redis_url: str) -> None:
    """Flush the portal's own database of Redis: every queued ring is gone."""
    redis.Redis.from_url(f"{redis_url.rsplit('/', 1)[0]}/7").flushdb()
