"""The witness's HTTP door: POST /add-checkpoint, and pages to read. Plain HTTP on loopback; TLS is a proxy's work."""

import json
import logging
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any

from audit.witness.core import PLAIN, Reply, Witness

log = logging.getLogger(__name__)

LARGEST = 16_384  # bytes of a request; the longest proof and two signatures take 4,000
PATIENCE_S = 10.0  # for each line that comes in
WIDTH = 16  # requests at once
KEPT = 1_000_000  # bytes of requests that contradict what was cosigned


class Server(ThreadingHTTPServer):
    """Serves one witness. `contradictions`: the file that keeps what a log signed against itself."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], witness: Witness, contradictions: Path) -> None:
        """Binds the address. Raises OSError."""
        self.witness, self.contradictions = witness, contradictions
        self._free = threading.BoundedSemaphore(WIDTH)
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """One more thread, or a hung-up connection where there are too many already."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """The thread's work."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """Whoever hangs up in the middle is no fault of ours."""
        log.info("A request ended early.", exc_info=True)

    def keep(self, body: bytes) -> None:
        """Keep a request that the log signed, and that contradicts what it signed before: it is proof."""
        if not self.contradictions.exists() or self.contradictions.stat().st_size < KEPT:
            with self.contradictions.open("ab") as file:
                file.write(json.dumps(body.decode(), ensure_ascii=False).encode() + b"\n")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Muster-witness", ""
    timeout = PATIENCE_S

    def do_POST(self) -> None:
        """add-checkpoint, as C2SP tlog-witness has it."""
        length = self.headers.get("content-length", "")
        if self.path != "/add-checkpoint":
            return self._answer(Reply(404, b"POST /add-checkpoint\n"), close=True)
        if not length.isdecimal() or int(length) > LARGEST:
            return self._answer(Reply(413, f"At most {LARGEST} bytes, with their length.\n".encode()), close=True)
        body = self.rfile.read(int(length))
        try:
            reply = self.server.witness.add_checkpoint(body)
            if reply.contradicts:
                log.error("A log contradicts what it signed before: %s", reply.body.decode().strip())
                self.server.keep(body)
        except OSError:
            log.exception("The state can't be written: nothing is cosigned")
            reply = Reply(500, b"The witness can't remember; it cosigns nothing.\n")
        return self._answer(reply)

    def do_GET(self) -> None:
        """Who this witness is and what it saw; `/<sha256 of the origin>/checkpoint`: the latest of a log."""
        seen = self.server.witness.latest()
        if self.path == "/":
            lines = [str(self.server.witness.verifier), ""]
            lines += [f"{origin} {one.size} {one.root.hex()}" for origin, one in seen.items()]
            return self._answer(Reply(200, ("\n".join(lines) + "\n").encode()))
        for origin, one in seen.items():
            if one.note and self.path == f"/{sha256(origin.encode()).hexdigest()}/checkpoint":
                return self._answer(Reply(200, one.note))
        return self._answer(Reply(404, b"There is nothing here.\n"))

    def _answer(self, reply: Reply, *, close: bool = False) -> None:
        self.send_response(reply.status)
        self.send_header("content-type", reply.kind or PLAIN)
        self.send_header("content-length", str(len(reply.body)))
        self.send_header("x-content-type-options", "nosniff")
        if close:  # what follows of the request wasn't read
            self.send_header("connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:
        """One line per request, for who wants it."""
        log.info(format, *args)
