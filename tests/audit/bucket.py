"""A small S3 on loopback: checks each signature with botocore itself, keeps versions, and locks them."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

MODE, UNTIL = "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"


@dataclass
class Store:
    """locks: whether the bucket was made with object lock; without, the headers are passed over in silence."""

    key_id: str = "AKIAEXAMPLE"
    secret: str = "example-secret-key-0123456789"
    region: str = "eu-test-1"
    locks: bool = True
    url: str = ""
    objects: dict[str, list[tuple[bytes, dict[str, str]]]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def why_refused(self, method: str, url: str, headers: dict[str, str], body: bytes) -> str:
        """Why a request isn't taken; nothing when it is signed with our key, body and all."""
        authorization = headers.get("authorization", "")
        names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        signed = {name: headers[name] for name in names if name in headers and name != "host"}
        request = AWSRequest(method, url, headers=signed, data=body)
        request.context["timestamp"] = headers.get("x-amz-date", "")
        auth = S3SigV4Auth(Credentials(self.key_id, self.secret), "s3", self.region)
        del request.headers["x-amz-content-sha256"]
        request.headers["X-Amz-Content-SHA256"] = auth.payload(request)  # of the body that came, not what is claimed
        text = auth.string_to_sign(request, auth.canonical_request(request))
        expected = auth.signature(text, request)
        if not authorization.endswith(f"Signature={expected}"):
            return "SignatureDoesNotMatch"
        if method == "PUT" and headers.get("content-md5") != _checksum(body):
            return "BadDigest"
        return ""


def _checksum(body: bytes) -> str:
    return base64.b64encode(md5(body, usedforsecurity=False).digest()).decode()


class Handler(BaseHTTPRequestHandler):
    """One request to the store."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if not self._refused(body):
            headers = {name.lower(): value for name, value in self.headers.items()}
            kept = {name: headers[name] for name in (MODE, UNTIL) if name in headers and self.server.store.locks}
            versions = self.server.store.objects.setdefault(self.path, [])
            versions.append((body, kept))
            self._answer(200, {"x-amz-version-id": f"v{len(versions)}"})

    def do_HEAD(self) -> None:
        if not self._refused(b""):
            parts = urlsplit(self.path)
            number = int(parse_qs(parts.query)["versionId"][0].removeprefix("v"))
            self._answer(200, self.server.store.objects[parts.path][number - 1][1])

    def _refused(self, body: bytes) -> bool:
        headers = {name.lower(): value for name, value in self.headers.items()}
        why = self.server.store.why_refused(self.command, f"{self.server.store.url}{self.path}", headers, body)
        if why:
            self.server.store.refusals.append(why)
            self._answer(403, {}, f"<Error><Code>{why}</Code></Error>".encode())
        return bool(why)

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def storing(**kind: object) -> Iterator[Store]:
    """The store as an HTTP server."""
    store = Store(**kind)  # type: ignore[arg-type]

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.store = store  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    store.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
