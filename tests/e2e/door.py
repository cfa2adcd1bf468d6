"""A door before Muster's intake that notes when each post came, and passes it on unchanged."""

import json
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class Door:
    """Listens on a free loopback port. `first_alert`: epoch seconds of the first alert that may open an incident."""

    def __init__(self, intake: str) -> None:
        self.first_alert: float | None = None
        self.answers: list[int] = []
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                door.note(body)
                headers = {name: self.headers[name] for name in ("Content-Type", "Authorization")}
                request = urllib.request.Request(intake, body, headers, method="POST")  # noqa: S310 - loopback
                try:
                    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
                        status = answer.status
                except urllib.error.HTTPError as refusal:
                    status = refusal.code
                    refusal.close()
                door.answers.append(status)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    def note(self, body: bytes) -> None:
        alerts = json.loads(body)["alerts"]
        opens = any(alert["labels"].get("severity") == "critical" for alert in alerts)  # a busy host only joins
        if self.first_alert is None and opens:
            self.first_alert = time.time()

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
