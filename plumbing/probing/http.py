"""`http`: GET of a URL, and whether its status is one of those expected."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Self

from plumbing import http
from plumbing.addresses import host_and_port
from plumbing.documented import about
from plumbing.egress import OUTSIDE, Outside
from plumbing.probing.base import ProbeAnswer, Question, read_fields

_STATUS = re.compile(r"[1-5](?:xx|\d\d)")


@dataclass(frozen=True)
class Http(Question):
    kind: ClassVar = "http"
    url: str = about("address to GET")
    expect: str = about("statuses that are good: 2xx, or 200,204", default="2xx")

    @classmethod
    def read(cls, given: Any) -> Self:
        found: Self = read_fields(cls, given, short="url")
        return found

    @property
    def source(self) -> str:
        return host_and_port(self.url)

    @property
    def target(self) -> str:
        return self.url

    def ask(self, timeout_s: float, memo: Mapping[str, Any]) -> ProbeAnswer:
        return self.ask_over(timeout_s, None, OUTSIDE)

    def ask_over(self, timeout_s: float, allow: Iterable[str] | None, outside: Outside) -> ProbeAnswer:
        """Ask with what is allowed, over the given world."""
        is_expected(200, self.expect)  # before anybody is bothered
        answer = http.request("GET", self.url, deadline_s=timeout_s, allow=allow, outside=outside)
        shown = _shown(answer.status)
        if is_expected(answer.status, self.expect):
            return ProbeAnswer(True, answer.elapsed_ms, shown, answer.status)
        return ProbeAnswer(False, answer.elapsed_ms, f"{shown}, expected {self.expect}", answer.status)


def is_expected(status: int, expect_status: str) -> bool:
    """Whether a status is one of `2xx`, or of `200,204`. Raises ValueError when `expect_status` is neither."""
    wanted = [item.strip().lower() for item in expect_status.split(",")]
    for item in wanted:
        if not _STATUS.fullmatch(item):
            raise ValueError(f"expected status {expect_status!r} is neither like 2xx nor like 200,204")
    return str(status) in wanted or f"{status // 100}xx" in wanted


def _shown(status: int) -> str:
    known = next((one.phrase for one in HTTPStatus if one == status), "")
    return f"{status} {known}".strip()
