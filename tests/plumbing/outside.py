"""The outside world of the egress tests: names from a table, connections that are recorded, servers on loopback."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle

from plumbing.addresses import Address

PUBLIC = "93.184.216.34"
PUBLIC_TOO = "2606:2800:220:1:248:1893:25c8:1946"
REQUEST_END = b"\r\n\r\n"


class Names:
    """A resolver that asks nobody: each name has a round of answers, the spellings of glibc (0x7f.1) work."""

    def __init__(self, **rounds: list[list[str]]) -> None:
        self.rounds = {name.replace("_", "."): cycle(answers) for name, answers in rounds.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, timeout_s: float) -> list[str]:
        self.asked.append(host)
        if host in self.rounds:
            return next(self.rounds[host])
        return [info[4][0] for info in socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)]


class Connections:
    """A connector that notes where it was sent; what it hands out leads to a loopback port, or nowhere (refused)."""

    def __init__(self, leads_to: int | None = None, dead: frozenset[str] = frozenset()) -> None:
        self.leads_to, self.dead = leads_to, dead
        self.made: list[tuple[str, int]] = []

    def __call__(self, address: Address, port: int, timeout_s: float) -> socket.socket:
        self.made.append((str(address), port))
        if self.leads_to is None or str(address) in self.dead:
            raise ConnectionRefusedError(111, "Connection refused")
        return socket.create_connection(("127.0.0.1", self.leads_to), timeout_s)


class Session:
    """One connection as a server's script sees it."""

    def __init__(self, connection: socket.socket, server: "Server") -> None:
        self.connection, self._server = connection, server

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)
        self._server.sent += len(data)

    def read_request(self) -> None:
        """Read up to the end of the headers, and the body that `content-length` announces."""
        heard = b""
        while REQUEST_END not in heard:
            heard += self._some()
        head, _, body = heard.partition(REQUEST_END)
        announced = [line.split(b":")[1] for line in head.splitlines() if line.lower().startswith(b"content-length:")]
        while len(body) < int(announced[0] if announced else 0):
            body += self._some()
        self._server.heard.append(head + REQUEST_END + body)

    def drip(self, data: bytes, every_s: float = 0.1) -> None:
        for place in range(len(data)):
            self.send(data[place : place + 1])
            if self._server.stopping.wait(every_s):
                return

    def sip(self) -> None:
        """Read a little now and then, until the test ends."""
        while self.connection.recv(200_000) and not self._server.stopping.wait(0.02):
            pass

    def hang(self) -> None:
        self._server.stopping.wait(20)

    def _some(self) -> bytes:
        data = self.connection.recv(65_536)
        if not data:
            raise ConnectionResetError
        return data


Script = Callable[[Session], None]


class Server:
    """Runs `script` for each connection to 127.0.0.1:port."""

    def __init__(self, script: Script, wrap: Callable[[socket.socket], socket.socket] = lambda plain: plain) -> None:
        self._script, self._wrap = script, wrap
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.port = int(self._listener.getsockname()[1])
        self.stopping = threading.Event()
        self.heard: list[bytes] = []
        self.sent = 0
        self._start(self._accept)

    def stop(self) -> None:
        self.stopping.set()
        with suppress(OSError):  # wakes accept()
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self.stopping.is_set():
                self._start(self._serve, self._listener.accept()[0])

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection = self._wrap(connection)
            self._script(Session(connection, self))
        except OSError:
            pass  # the client went away: what the tests are about
        finally:
            connection.close()


def answers(response: bytes) -> Script:
    """A script that reads one request and sends `response`."""

    def script(session: Session) -> None:
        session.read_request()
        session.send(response)

    return script


def ok(body: bytes = b"fine", headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n%s\r\n%s" % (len(body), headers, body)


@contextmanager
def deaf_port() -> Iterator[int]:
    """A loopback port where nobody accepts and the queue is full: a connect there hangs."""
    with ExitStack() as held:
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])
