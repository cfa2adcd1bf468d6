"""`http`: one request to an allowed address. The idempotency key travels as a header, so that a retry can be safe."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from plumbing import http
from plumbing.addresses import host_and_port
from plumbing.http import Answer, EgressError
from plumbing.secrets import hidden
from runbooks.actions.base import Action, Context, Done, Failed, Outcome, about, fill
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
HARMLESS = frozenset({"GET", "HEAD"})
KEPT_TEXT = 8_000  # characters of a body that is no JSON
KEPT_HEADERS = frozenset({"content-type", "location", "retry-after", "etag", "x-request-id"})
STATUS = re.compile(r"[1-5](xx|[0-9]{2})")
TRY_LATER = frozenset({408, 425, 429, 502, 503, 504})


@dataclass(frozen=True)
class HttpConfig:
    url: str = about("where to: https://host/path")
    method: str = about("GET, HEAD, POST, PUT, PATCH or DELETE", default="GET")
    headers: Any = about("names and values to send", default_factory=dict)
    json: Any = about("a value that is sent as JSON", default=None)
    body: str = about("text that is sent as it is", default="")
    expect: Any = about("statuses that mean success: 2xx, or a list such as [200, 202]", default="2xx")

    def is_expected(self, status: int) -> bool:
        """Whether the status means success."""
        return any(str(one) in (str(status), f"{status // 100}xx") for one in self.statuses)

    @property
    def statuses(self) -> list[Any]:
        """What `expect` lists."""
        return self.expect if isinstance(self.expect, list) else [self.expect]

    def payload(self) -> bytes:
        return self.body.encode() if self.json is None else json.dumps(self.json).encode()


class Http(Action[HttpConfig]):
    kind: ClassVar = "http"
    title: ClassVar = "HTTP request"
    human: ClassVar = False
    config: ClassVar = HttpConfig

    def parse(self, given: Mapping[str, Any]) -> HttpConfig:
        config = fill(HttpConfig, given, action=self.kind)
        if config.method not in METHODS:
            raise BadConfig(
                self.kind, "method", f"found {config.method!r}, expected one of {', '.join(sorted(METHODS))}"
            )
        if not isinstance(config.headers, Mapping):
            raise BadConfig(self.kind, "headers", "expected names and values")
        for one in config.statuses:
            if not STATUS.fullmatch(str(one)):
                raise BadConfig(self.kind, "expect", f"found {one!r}, expected 2xx, 204 or a list of such")
        if config.json is not None and config.body:
            raise BadConfig(self.kind, "body", "give json or body, not both")
        return config

    def perform(self, config: HttpConfig, context: Context) -> Outcome:
        headers = {str(name).lower(): str(value) for name, value in config.headers.items()}
        headers.setdefault("idempotency-key", context.idempotency_key)
        if config.json is not None:
            headers.setdefault("content-type", "application/json")
        try:
            answer = http.request(
                config.method, config.url, headers=headers, body=config.payload(), deadline_s=context.deadline_s
            )
        except EgressError as error:
            effect = Effect.NONE if config.method in HARMLESS else Effect(error.effect)
            return Failed(str(error), retryable=not isinstance(error, http.Refused), effect=effect)
        return _judged(config, answer)

    def source(self, config: HttpConfig) -> str:
        return host_and_port(config.url)

    def preview(self, config: HttpConfig, context: Context) -> str:
        headers = "".join(f"{name}: {value}\n" for name, value in config.headers.items())
        return f"{config.method} {config.url}\n{headers}\n{config.payload().decode()[:KEPT_TEXT]}".strip() + "\n"


def _judged(config: HttpConfig, answer: Answer) -> Outcome:
    output = _output(answer)
    if config.is_expected(answer.status):
        return Done(output)
    effect = Effect.NONE if config.method in HARMLESS else Effect.MAYBE
    error = f"{config.method} {config.url} answered {answer.status}, expected {config.expect}."
    return Failed(error, retryable=answer.status in TRY_LATER, effect=effect, output=output)


def _output(answer: Answer) -> dict[str, Any]:
    kept = {name.lower(): value for name, value in answer.headers.items() if name.lower() in KEPT_HEADERS}
    output: dict[str, Any] = {"status": answer.status, "elapsed_ms": answer.elapsed_ms, "headers": kept}
    text = answer.body.decode("utf-8", "replace")
    if "json" in kept.get("content-type", ""):
        try:
            return output | {"json": json.loads(text)}
        except (ValueError, RecursionError):
            pass  # it says JSON and isn't: keep the text
    return output | {"text": hidden(text)[:KEPT_TEXT]}
