"""A chat service and a mail server on loopback that take what they are sent, or answer as they are told."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

Sink = TypeVar("Sink", bound=socketserver.BaseServer)


class ChatSink(ThreadingHTTPServer):
    """Keeps each body that is posted; answers `status`, after `hold` is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Chat)
        self.posted: list[tuple[str, str]] = []
        self.status = 204
        self.hold = threading.Event()
        self.hold.set()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Chat(BaseHTTPRequestHandler):
    server: ChatSink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.posted.append((self.path, body))
        self.server.hold.wait(30)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class MailSink(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as a client needs. says: another answer to a verb, such as RCPT: "550 {0}: unknown"; the
    line that is answered stands for {0}. An empty answer ends the connection."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.taken: list[EmailMessage] = []
        self.says: dict[str, str] = {}

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Mail(socketserver.StreamRequestHandler):
    server: MailSink

    def handle(self) -> None:
        self._say("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(" ")[0].upper()
            if verb == "QUIT":
                return self._say("221 bye")
            if verb in self.server.says:
                if not self.server.says[verb]:
                    return None
                self._say(self.server.says[verb].format(line))
            elif verb == "DATA":
                self._take()
            else:
                self._say("250 sink")
        return None

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        self.server.taken.append(message_from_bytes(b"".join(lines), _class=EmailMessage, policy=policy.default))
        self._say("250 taken")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def serving(sink: Sink) -> Iterator[Sink]:
    """The sink, served in a thread until the test is over."""
    thread = threading.Thread(target=sink.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        sink.shutdown()
        sink.server_close()
        thread.join(5)
