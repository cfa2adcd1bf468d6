"""The control service: what a repair step of a runbook asks to start a service again. It counts effects.

POST /services/<name>/start   with an Idempotency-Key: starts it; the same key again changes nothing
GET  /services                which of them run
GET  /services/<name>         whether this one runs, and how often it was started from here
GET  /effects                 every request in order, with `effect: true` where it did something
"""

import json
import threading
import time
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

KEY = "Idempotency-Key"


class Effects:
    """What was asked, kept as JSON lines, so that a restart of the control service forgets no key."""

    def __init__(self, file: Path) -> None:
        self.file, self.lock = file, threading.Lock()
        self.rows: list[dict[str, Any]] = []
        if file.exists():
            self.rows = [json.loads(line) for line in file.read_text().splitlines()]

    def perform(self, key: str, service: str, action: Callable[[], None]) -> dict[str, Any]:
        """Act unless this key acted before; record either way. What `action` raises is not an effect."""
        with self.lock:
            is_new = not any(row["key"] == key and row["effect"] for row in self.rows)
            if is_new:
                action()
            row = {"key": key, "service": service, "effect": is_new, "time": time.time()}
            self.rows.append(row)
            with self.file.open("a") as log:
                log.write(json.dumps(row) + "\n")
        return row


class Control:
    """The service itself, in a thread. `start` is called with a service's name and returns when that one runs.

    hold_s: how long a request is kept waiting before it acts, for drills that kill a worker in the middle of a step."""

    def __init__(
        self, port: int, effects: Effects, names: Iterable[str],
        start: Callable[[str], None], running: Callable[[str], bool], hold_s: float = 0,
    ) -> None:  # fmt: skip
        self.port, self.effects, self.names = port, effects, frozenset(names)
        self.start_service, self.running, self.hold_s = start, running, hold_s
        self.server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), handler_for(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.1,), name="control", daemon=True).start()

    def stop(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()

    def describe(self, name: str) -> dict[str, Any]:
        """Whether a service runs, and how often it was started from here."""
        starts = sum(row["effect"] and row["service"] == name for row in self.effects.rows)
        return {"service": name, "running": self.running(name), "starts": starts}

    def unknown(self, name: str) -> tuple[int, dict[str, Any]]:
        return 404, {"error": f"No service '{name}'; there are {', '.join(sorted(self.names))}."}

    def ask_start(self, name: str, key: str) -> tuple[int, dict[str, Any]]:
        """(status, body) for a request to start a service."""
        if name not in self.names:
            return self.unknown(name)
        if not key:
            return 400, {"error": f"The header {KEY} is missing: without it a repeat couldn't be told from a wish."}
        time.sleep(self.hold_s)
        row = self.effects.perform(key, name, lambda: self.start_service(name))
        return 200, {"service": name, "state": "running", "effect": row["effect"]}


def handler_for(control: Control) -> type[BaseHTTPRequestHandler]:
    """http.server wants a class; this one knows its control service."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = self.path.strip("/").split("/")
            if len(parts) != 3 or parts[0] != "services" or parts[2] != "start":
                self.answer(404, {"error": "Ask POST /services/<name>/start."})
                return
            try:
                self.answer(*control.ask_start(parts[1], self.headers.get(KEY, "")))
            except Exception as error:
                self.answer(502, {"error": str(error)})

        def do_GET(self) -> None:
            if self.path == "/effects":
                self.answer(200, {"effects": control.effects.rows})
            elif self.path == "/services":
                self.answer(200, {name: control.running(name) for name in sorted(control.names)})
            elif self.path.removeprefix("/services/") in control.names:
                self.answer(200, control.describe(self.path.removeprefix("/services/")))
            else:
                self.answer(404, {"error": "Ask GET /effects, GET /services or GET /services/<name>."})

        def answer(self, status: int, body: dict[str, Any]) -> None:
            payload = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *arguments: object) -> None:
            """Quiet: GET /effects is the log."""

    return Handler
