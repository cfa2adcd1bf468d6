"""The outside world of the fault tests: it counts effects by idempotency key, and can be slow, flaky, mute or endless.

POST /act/<step>?hold=S         holds S seconds, then acts once per Idempotency-Key
POST /flaky/<step>?fails=N      the first N requests of a key answer 503 and change nothing
POST /broken/<step>             always 500, and changes nothing
GET  /mute  /drip  /endless     never answers; one byte a second for ever; a body without an end
"""

import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from scripts.servers import free_port

KEY = "Idempotency-Key"


@dataclass
class Call:
    """One request, from its first byte to its answer; `acted` says that it had an effect."""

    key: str
    step: str
    began: float
    ended: float = 0.0
    acted: bool = False


@dataclass
class Target:
    """The service, in threads of its own. Time is time.monotonic()."""

    port: int = field(default_factory=free_port)
    calls: list[Call] = field(default_factory=list)
    acted: set[str] = field(default_factory=set)
    guard: threading.Lock = field(default_factory=threading.Lock)
    hanging: threading.Event = field(default_factory=threading.Event)  # set: whoever hangs may go

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), handler_for(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.1,), name="target", daemon=True).start()

    def stop(self) -> None:
        self.hanging.set()
        self.server.shutdown()
        self.server.server_close()

    def receive(self, key: str, step: str) -> Call:
        call = Call(key, step, time.monotonic())
        with self.guard:
            self.calls.append(call)
        return call

    def act(self, call: Call) -> None:
        """The effect, once per key: the same key again changes nothing."""
        with self.guard:
            call.acted = call.key not in self.acted
            self.acted.add(call.key)
            call.ended = time.monotonic()

    def judge(self, call: Call, kind: str, fails: float) -> int:
        """Act, or don't; the status to answer."""
        if kind == "broken":
            return 500
        with self.guard:
            tries = sum(one.key == call.key for one in self.calls)
        if tries <= fails:
            return 503
        self.act(call)
        return 200

    def effects(self, run: str) -> Counter[str]:
        """step -> how often it had an effect in this run (a key is `run/step/visit`)."""
        with self.guard:
            return Counter(call.step for call in self.calls if call.acted and call.key.startswith(f"{run}/"))

    def calls_of(self, run: str, step: str = "") -> list[Call]:
        with self.guard:
            return [call for call in self.calls if call.key.startswith(f"{run}/") and step in ("", call.step)]


def handler_for(target: Target) -> type[BaseHTTPRequestHandler]:
    """http.server wants a class; this one knows its target."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 20

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            address = urlsplit(self.path)
            wanted = {name: float(values[0]) for name, values in parse_qs(address.query).items()}
            kind, _, step = address.path.strip("/").partition("/")
            call = target.receive(self.headers.get(KEY, ""), step)
            time.sleep(wanted.get("hold", 0))
            self.answer(target.judge(call, kind, wanted.get("fails", 0)), b"")

        def do_GET(self) -> None:
            with suppress(OSError):  # whoever asked has enough of it
                if self.path == "/mute":
                    target.hanging.wait(60)
                elif self.path == "/drip":
                    self.pour(b".", pause_s=1.0)
                elif self.path == "/endless":
                    self.pour(b"." * 65_536, pause_s=0.0)
                else:
                    self.answer(200, b"up")

        def pour(self, piece: bytes, pause_s: float) -> None:
            self.send_response(200)
            self.end_headers()
            while not target.hanging.wait(pause_s):
                self.wfile.write(piece)

        def answer(self, status: int, body: bytes) -> None:
            with suppress(OSError):  # the caller was killed while we held it
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Quiet: `calls` is the log."""

    return Handler
