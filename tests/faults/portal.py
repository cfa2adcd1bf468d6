"""Portals that can be hurt: embedded in one process, or web, worker and sweep apart on servers that can be hurt too."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from drill.programs import Program, answers, wait_until
from scripts.servers import free_port
from tests.faults.servers import Server, server

HOUSE = Path(__file__).resolve().parents[2]
LEASE_S = 3  # short, so that a lost worker is missed soon
READY_WITHIN_S = 60
SHAPES = ("embedded", "redis", "rabbitmq")
TOOLBOX = f"""
[commands.hang]
run = ["{sys.executable}", "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(3600)"]
[commands.eat]
run = ["{sys.executable}", "-c", "list(bytearray(1_000_000) for _ in range(4000)); import time; time.sleep(3600)"]
memory_mb = 200
"""
POOLS = {"redis": "prefork", "rabbitmq": "threads"}  # of the worker, unless a test wants the other one


class Portal:
    """What every shape has: settings, a port, programs, servers, and an observer with its own look at the database."""

    def __init__(self, shape: str, folder: Path, settings: dict[str, str], servers: dict[str, Server]) -> None:
        self.shape, self.folder, self.port, self.servers = shape, folder, free_port(), servers
        folder.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MUSTER_", "DJANGO_"))}
        common = {"MUSTER_DATA": str(folder), "MUSTER_PORT": str(self.port), "MUSTER_LEASE_S": str(LEASE_S)}
        (folder / "toolbox.toml").write_text(TOOLBOX)
        common |= {"MUSTER_TOOLBOX": str(folder / "toolbox.toml")}
        common |= {"DJANGO_SETTINGS_MODULE": "tests.faults.settings", "PYTHONPATH": str(HOUSE)}
        self.settings = {**kept, **common, "MUSTER_EGRESS_ALLOW": "127.0.0.0/8", **settings}
        self.programs: dict[str, Program] = {}
        self.wanted: set[str] = set()  # programs that `heal` starts
        self._observer: subprocess.Popen[str] | None = None

    def add(self, name: str, *arguments: str, is_spare: bool = False, **extra: str) -> None:
        """A program of this portal. is_spare: only some test starts it."""
        log, env = self.folder / f"{name}.log", {**self.settings, **extra}
        self.programs[name] = Program([sys.executable, *arguments], log, env=env)
        if not is_spare:
            self.wanted.add(name)

    def start_programs(self, *names: str) -> None:
        for name in names or sorted(self.wanted):
            self.programs[name].start()

    def start(self, *names: str) -> None:
        self.start_programs(*names)
        wait_until("the portal answered", self.answers, within_s=READY_WITHIN_S, where=str(self.folder))

    def answers(self) -> bool:
        return answers(f"http://127.0.0.1:{self.port}/sign-in")

    def heal(self) -> None:
        """Every server and every usual program runs, every spare one does not."""
        for one in self.servers.values():
            one.heal()
        for name, program in self.programs.items():
            if program.running():
                program.signal_group(18)  # SIGCONT
            if name not in self.wanted:
                program.stop()
        self.start()

    def kill(self, name: str) -> None:
        """SIGKILL by pid, a worker's children with it: nothing gets to say goodbye."""
        program = self.programs[name]
        assert program.running(), f"{name} ended before it was killed"
        program.signal_group(9)
        program.child.wait()  # type: ignore[union-attr]

    @contextmanager
    def altered(self, name: str, **extra: str) -> Iterator[None]:
        """Meanwhile this program has more in its environment; it is started again before and after."""
        program = self.programs[name]
        usual = program.env
        program.stop()
        program.env = {**(usual or {}), **extra}
        try:
            self.start()
            yield
        finally:
            program.stop()
            program.env = usual
            self.start()

    @property
    def attending(self) -> str:
        """The program that performs attempts."""
        return "web" if self.shape == "embedded" else "worker"

    def stop(self) -> None:
        if self._observer is not None:
            self._observer.kill()
            self._observer.communicate()
        for program in reversed(self.programs.values()):
            if program.running():
                program.signal_group(18)
            program.stop()

    # ---- looking from outside ----
    def ask(self, verb: str, **words: Any) -> dict[str, Any]:
        """Ask tests.faults.observer, a process of its own with the portal's settings; it is started when needed."""
        if self._observer is None or self._observer.poll() is not None:
            with (self.folder / "observer.log").open("ab") as log:
                self._observer = subprocess.Popen(
                    [sys.executable, "-m", "tests.faults.observer"],
                    env=self.settings, cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                )  # fmt: skip
        assert self._observer.stdin is not None and self._observer.stdout is not None
        self._observer.stdin.write(json.dumps({"verb": verb, **words}) + "\n")
        self._observer.stdin.flush()
        line = self._observer.stdout.readline()
        assert line, f"the observer fell: {(self.folder / 'observer.log').read_text()[-3000:]}"
        found: dict[str, Any] = json.loads(line)
        assert "error" not in found, found["error"]
        return found

    def wait_for(self, run: str, true: Callable[[dict[str, Any]], bool], within_s: float) -> dict[str, Any]:
        """The run when `true(look)`; fails with what it looks like when that takes too long."""
        until = time.monotonic() + within_s
        while not true(found := self.ask("look", run=run)):
            assert time.monotonic() < until, f"not within {within_s} s: {found}"
            time.sleep(0.2)
        return found

    def wait_until_attended(self) -> None:
        """Until the worker, if one runs, says that it is there: on a slow machine the sweep would be sooner."""
        if self.shape == "embedded" or not self.programs["worker"].running():
            return
        until = time.monotonic() + 30
        while "one@localhost" not in self.ask("workers")["live"]:
            assert time.monotonic() < until, "the worker runs, and doesn't say so"
            time.sleep(0.1)

    def wait_for_workers(self, *names: str) -> None:
        """Until exactly these workers say that they are there."""
        until = time.monotonic() + 30
        while (found := self.ask("workers")["live"]) != sorted(names):
            assert time.monotonic() < until, f"{found} instead of {names}"
            time.sleep(0.1)

    # ---- its doors ----
    def post(self, path: str, body: dict[str, Any], *, token: str, timeout_s: float) -> tuple[int, Any]:
        """(status, JSON) of a POST to the API; status 0 when nobody answered."""
        return self._request(path, json.dumps(body).encode(), token, timeout_s)

    def get(self, path: str, *, token: str, timeout_s: float = 15) -> tuple[int, Any]:
        """The same of a GET."""
        return self._request(path, None, token, timeout_s)

    def _request(self, path: str, body: bytes | None, token: str, timeout_s: float) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/{path}", data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as response:  # noqa: S310
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(errors="replace")
        except OSError:
            return 0, ""


@contextmanager
def portal(shape: str, folder: Path, pool: str = "") -> Iterator[Portal]:
    """A running portal of this shape, empty but for the world of tests.faults.observer."""
    with ExitStack() as ending:
        servers = {}
        if shape != "embedded":
            servers = {"database": ending.enter_context(server("postgresql"))}
            servers["broker"] = ending.enter_context(server(shape))
            servers["layer"] = servers["broker"] if shape == "redis" else ending.enter_context(server("redis"))
        made = embedded(folder) if shape == "embedded" else apart(shape, folder, servers, pool or POOLS[shape])
        ending.callback(made.stop)
        if shape == "embedded":  # it migrates by itself
            made.start()
        made.ask("prepare")
        made.start()
        yield made


def embedded(folder: Path) -> Portal:
    made = Portal("embedded", folder, {"MUSTER_MODE": "demo"}, {})
    made.add("web", str(HOUSE / "manage.py"), "serve")
    made.add("sweep2", str(HOUSE / "manage.py"), "sweep", is_spare=True)
    return made


def apart(shape: str, folder: Path, servers: dict[str, Server], pool: str) -> Portal:
    """Web, a worker of two, and sweep; a second worker and a second sweep stand by."""
    settings = {
        "MUSTER_MODE": "test", "MUSTER_DATABASE_URL": servers["database"].url, "MUSTER_REDIS_URL": servers["layer"].url,
        "MUSTER_BROKER_URL": servers["broker"].url,
    }  # fmt: skip
    made = Portal(shape, folder, settings, servers)
    web = ("-m", "uvicorn", "config.asgi:application", "--port", str(made.port), "--log-level", "warning")
    made.add("web", *web, "--app-dir", str(HOUSE))
    worker = ("-m", "celery", "--workdir", str(HOUSE), "-A", "config", "worker", "-P", pool, "-c", "2", "-l", "WARNING")
    worker += ("--without-gossip", "--without-mingle")
    made.add("worker", *worker, "-n", "one@localhost", MUSTER_PROCESS="worker")
    made.add("worker2", *worker, "-n", "two@localhost", is_spare=True, MUSTER_PROCESS="worker")
    manage = str(HOUSE / "manage.py")
    made.add("sweep", manage, "sweep")
    made.add("sweep2", manage, "sweep", is_spare=True)
    return made
