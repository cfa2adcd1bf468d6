"""A person at Muster's API: signs in through the page, as a browser does, then reads and acts as JSON."""

import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from drill.errors import DrillError

TIMEOUT_S = 15
SIGN_IN = "/sign-in/"


class Refused(DrillError):
    """Muster answered with an error; `status` is its HTTP status."""

    def __init__(self, asked: str, status: int, said: str) -> None:
        super().__init__(asked, status, said)
        self.asked, self.status, self.said = asked, status, said

    def __str__(self) -> str:
        return f"Muster answered {self.status} to {self.asked}: {self.said}"


class Unreachable(DrillError):
    """Nobody listens at Muster's address."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url

    def __str__(self) -> str:
        return f"No Muster at {self.url}: start it with `make run`, or set MUSTER_URL to where it is."


class Person:
    """One signed-in session. Raises Unreachable and Refused."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url, self.username = url.rstrip("/"), username
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.sign_in(password)

    def sign_in(self, password: str) -> None:
        self.send("GET", SIGN_IN)
        form = {"username": self.username, "password": password, "csrfmiddlewaretoken": self.cookie("csrftoken")}
        self.send("POST", SIGN_IN, urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded")
        if not self.cookie("sessionid"):
            raise Refused("a sign-in", 200, f"{self.username} with that password isn't known; is the demo loaded?")

    def cookie(self, name: str) -> str:
        return next((cookie.value or "" for cookie in self.cookies if cookie.name == name), "")

    def get(self, path: str) -> Any:
        """JSON below /api/v1/."""
        return json.loads(self.send("GET", f"/api/v1/{path}"))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.send("POST", f"/api/v1/{path}", json.dumps(body).encode(), "application/json")
        return json.loads(answer) if answer else None

    def download(self, path: str, file: Path, body: dict[str, Any] | None = None) -> None:
        """An answer that is a file; by POST when there is a body."""
        payload = None if body is None else json.dumps(body).encode()
        file.write_bytes(self.send("GET" if body is None else "POST", path, payload, "application/json"))

    def send(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        headers = {"Content-Type": kind, "X-CSRFToken": self.cookie("csrftoken"), "Referer": f"{self.url}/"}
        given = {name: value for name, value in headers.items() if value}
        request = urllib.request.Request(f"{self.url}{path}", body, given, method=method)  # noqa: S310
        try:
            with self.opener.open(request, timeout=TIMEOUT_S) as response:
                content: bytes = response.read()
                return content
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(f"{method} {path}", error.code, said_in(error.read())) from error
        except OSError as error:
            raise Unreachable(self.url) from error


def said_in(answer: bytes) -> str:
    """The sentence in an error: `detail` of a JSON answer, the title of a page."""
    text = answer.decode(errors="replace")
    try:
        found = json.loads(text)
    except ValueError:
        title = re.search(r"<title>(.*?)</title>", text, re.S)
        return " ".join((title.group(1) if title else text[:200]).split())
    return str(found.get("detail", found)) if isinstance(found, dict) else str(found)[:500]
