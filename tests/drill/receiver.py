"""A receiver that keeps what Alertmanager posts: the portal's place, taken for tests of the stage itself."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class RecordingReceiver:
    """Listens on a free loopback port while used as a context manager."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with receiver.arrived:
                    post = {"path": self.path, "authorization": self.headers.get("Authorization"), "body": body}
                    receiver.posts.append(post)
                    receiver.arrived.notify_all()
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, status: str, alertname: str, service: str, within_s: float) -> dict[str, Any]:
        """The first alert of that name, service and status. AssertionError with what came instead."""
        deadline = time.monotonic() + within_s
        with self.arrived:
            while not (found := self.matching(status, alertname, service)):
                if not self.arrived.wait(deadline - time.monotonic()):
                    seen = [(one["status"], one["labels"]) for post in self.posts for one in post["body"]["alerts"]]
                    raise AssertionError(f"no {status} {alertname} of {service} within {within_s} s, but {seen}")
        return found

    def matching(self, status: str, alertname: str, service: str) -> dict[str, Any] | None:
        wanted = {"alertname": alertname, "service": service}
        for post in self.posts:
            for alert in post["body"]["alerts"]:
                if alert["status"] == status and wanted.items() <= alert["labels"].items():
                    return alert
        return None
