"""PostgreSQL, Redis and RabbitMQ for one test run: private, on free loopback ports, gone afterwards."""

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
from scripts.machine import RABBITMQ, Lacking, postgres_program

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
    """URL of a fresh server's database `postgres`."""
    with postgresql_cluster() as (_, url):
        yield url


@contextmanager
def postgresql_cluster(*, keeps_commits: bool = False) -> Iterator[tuple[Program, str]]:
    """A fresh server, running, and the URL of its database `postgres`. As root it runs as user postgres: it refuses
    root's rights.

    keeps_commits: what was committed survives its own end (not the machine's); otherwise it is quicker."""
    initdb, server = postgres_program("initdb"), postgres_program("postgres")
    if initdb is None or server is None:
        raise Lacking("PostgreSQL is missing: run `apt-get install postgresql` as root, then again.")
    user = "postgres" if os.geteuid() == 0 else None
    port, password = free_port(), secrets.token_hex(16)
    with temporary_folder(user) as folder:
        initialize(initdb, folder, user, password)
        settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *QUICK]
        if keeps_commits:
            settings.append("synchronous_commit=on")
        flags = [flag for setting in settings for flag in ("-c", setting)]
        arguments = [server, "-D", str(folder / "data"), *flags]
        program = Program(arguments, folder / "log", user=user, ends_on=SIGINT)  # fast: don't wait for clients
        with running(program, "PostgreSQL", port):
            yield program, f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"


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
    with redis_server() as (_, url):
        yield url


@contextmanager
def redis_server() -> Iterator[tuple[Program, str]]:
    """A fresh server that keeps nothing on disk, running, and its URL."""
    port = free_port()
    with temporary_folder(None) as folder:
        arguments = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        program = Program([*arguments, "--save", "", "--appendonly", "no"], folder / "log")
        with running(program, "Redis", port):
            yield program, f"redis://127.0.0.1:{port}/0"


@contextmanager
def rabbitmq_server() -> Iterator[tuple[Program, str]]:
    """A fresh RabbitMQ, running, and its URL. Its port mapper is ours too, or Erlang would leave one behind."""
    port, mapper, between = free_port(), free_port(), free_port()
    with temporary_folder(None) as folder:
        env = rabbitmq_environment(folder, port, mapper, between)
        names = Program(["epmd", "-port", str(mapper), "-address", "127.0.0.1"], folder / "epmd.log", env=env)
        program = Program([RABBITMQ], folder / "log", env=env)
        with running(names, "Erlang's port mapper", mapper), running(program, "RabbitMQ", port):
            yield program, f"amqp://guest:guest@127.0.0.1:{port}//"


def rabbitmq_environment(folder: Path, port: int, mapper: int, between: int) -> dict[str, str]:
    """All that RabbitMQ is told: nothing of the machine's own configuration, everything below `folder`."""
    config, plugins, empty = folder / "rabbitmq.conf", folder / "plugins", folder / "rabbitmq-env.conf"
    config.write_text(f"listeners.tcp.local = 127.0.0.1:{port}\nlog.file = false\nlog.console = true\n")
    plugins.write_text("[].\n")
    empty.touch()
    return {
        "PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8",
        "RABBITMQ_NODENAME": f"muster{port}@localhost", "RABBITMQ_DIST_PORT": str(between),
        "ERL_EPMD_PORT": str(mapper), "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_FLAGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",  # it idles, and two cores are few
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"), "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_CONFIG_FILE": str(config), "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        "RABBITMQ_CONF_ENV_FILE": str(empty),
    }  # fmt: skip


@contextmanager
def running(program: Program, name: str, port: int) -> Iterator[None]:
    try:
        program.start()
        wait_until(f"{name} listened", lambda: listens(port), within_s=40, where=str(program.log))
        yield
    finally:
        program.stop()
