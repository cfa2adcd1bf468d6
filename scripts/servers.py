"""PostgreSQL and Redis for one test run: private, on free loopback ports, gone afterwards."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT
from socket import socket

from drill.ports import listens
from drill.programs import Program, wait_until
from scripts.machine import Lacking, postgres_program

QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200")


def free_port() -> int:
    with socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def temporary_folder(owner: str | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="muster-test-"))
    try:
        if owner:
            shutil.chown(folder, owner, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgresql() -> Iterator[str]:
    """URL of a fresh server's database `postgres`. As root it runs as user postgres: it refuses root's rights."""
    initdb, server = postgres_program("initdb"), postgres_program("postgres")
    if initdb is None or server is None:
        raise Lacking("PostgreSQL is missing: run `apt-get install postgresql` as root, then again.")
    user = "postgres" if os.geteuid() == 0 else None
    port, password = free_port(), secrets.token_hex(16)
    with temporary_folder(user) as folder:
        initialize(initdb, folder, user, password)
        settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *QUICK]
        flags = [flag for setting in settings for flag in ("-c", setting)]
        arguments = [server, "-D", str(folder / "data"), *flags]
        program = Program(arguments, folder / "log", user=user, ends_on=SIGINT)  # fast: don't wait for clients
        with running(program, "PostgreSQL", port):
            yield f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"


def initialize(initdb: str, folder: Path, user: str | None, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if user:
        shutil.chown(secret, user, user)
    arguments = ["-D", str(folder / "data"), "-U", "postgres", f"--pwfile={secret}", "--auth=scram-sha-256"]
    answer = subprocess.run(
        [initdb, *arguments, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
        capture_output=True, text=True, cwd=folder, user=user, group=user, extra_groups=[] if user else None,
    )  # fmt: skip
    if answer.returncode != 0:
        raise Lacking(f"PostgreSQL's initdb failed: {answer.stderr.strip()}")


@contextmanager
def redis() -> Iterator[str]:
    """URL of a fresh server that keeps nothing on disk."""
    port = free_port()
    with temporary_folder(None) as folder:
        arguments = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        program = Program([*arguments, "--save", "", "--appendonly", "no"], folder / "log")
        with running(program, "Redis", port):
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def running(program: Program, name: str, port: int) -> Iterator[None]:
    try:
        program.start()
        wait_until(f"{name} listened", lambda: listens(port), within_s=20, where=str(program.log))
        yield
    finally:
        program.stop()
