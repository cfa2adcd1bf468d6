"""Servers of our own that can be hurt by pid: PostgreSQL, Redis, RabbitMQ on free loopback ports."""

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from drill.ports import listens
from drill.programs import Program, wait_until
from scripts import servers

BACK_WITHIN_S = 60  # RabbitMQ takes its time


@dataclass
class Server:
    """One server and where it listens. Each hurt is undone by `heal`."""

    name: str
    program: Program
    url: str

    @property
    def port(self) -> int:
        return int(urlsplit(self.url).port or 0)

    def kill(self) -> None:
        """End it at once, with all its processes; it gets to write nothing. (PostgreSQL: pg_ctl stop -m immediate.)"""
        self._send(signal.SIGQUIT if self.name == "postgresql" else signal.SIGKILL)
        assert self.program.child is not None
        self.program.child.wait(10)

    def freeze(self) -> None:
        """It accepts connections (the kernel does), and never answers."""
        self._send(signal.SIGSTOP)

    def hurt(self, how: str) -> None:
        """`kill` or `freeze`, unless it is down already."""
        if self.program.running():
            self.kill() if how == "kill" else self.freeze()

    def heal(self) -> None:
        """Running and answering again, whatever was done to it."""
        if self.program.running():
            self._send(signal.SIGCONT)
        self.program.start()
        wait_until(f"{self.name} listened again", lambda: listens(self.port), within_s=BACK_WITHIN_S)

    def _send(self, number: signal.Signals) -> None:
        child = self.program.child
        assert child is not None and child.poll() is None, f"{self.name} does not run"
        if self.name == "postgresql":
            os.kill(child.pid, number)
        else:
            os.killpg(child.pid, number)  # it leads a session of its own


KINDS = {
    "postgresql": lambda: servers.postgresql_cluster(keeps_commits=True),  # a lost commit is not Muster's fault
    "redis": servers.redis_server,
    "rabbitmq": servers.rabbitmq_server,
}


@contextmanager
def server(name: str) -> Iterator[Server]:
    """A server of this kind, healed before it is stopped: a frozen one would not listen."""
    begun: AbstractContextManager[tuple[Program, str]] = KINDS[name]()
    with begun as (program, url):
        one = Server(name, program, url)
        try:
            yield one
        finally:
            if program.running():
                one._send(signal.SIGCONT)
