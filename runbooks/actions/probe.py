"""`probe`: asks a service over HTTP or TCP until its answer has been good for a while. Also what `verify` does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from plumbing import probing
from plumbing.probing import ProbeAnswer
from runbooks.actions.base import Action, Again, Context, Done, Failed, Outcome, about, fill
from runbooks.actions.durations import seconds
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig

SHORTEST_EVERY_S = 0.2


@dataclass(frozen=True)
class ProbeConfig:
    http: str = about("address to GET", default="")
    tcp: str = about("host:port to connect to", default="")
    expect: Any = about("HTTP statuses that are good: 2xx, or a list such as [200, 204]", default="2xx")
    for_: Any = about("how long the answer must stay good", default="0s")
    within: Any = about("how long it may take until it has been good for so long", default="60s")
    every: Any = about("how often to ask", default="2s")
    timeout: Any = about("how long one answer may take", default="3s")

    @property
    def statuses(self) -> str:
        """The expected statuses as plumbing.probing writes them: 2xx, or 200,204."""
        return ",".join(map(str, self.expect)) if isinstance(self.expect, list) else str(self.expect)

    @property
    def target(self) -> tuple[str, str]:
        return ("http", self.http) if self.http else ("tcp", self.tcp)


class Probe(Action[ProbeConfig]):
    kind: ClassVar = "probe"
    title: ClassVar = "Probe"
    human: ClassVar = False
    config: ClassVar = ProbeConfig

    def parse(self, given: Mapping[str, Any]) -> ProbeConfig:
        config = fill(ProbeConfig, given, action=self.kind)
        if bool(config.http) == bool(config.tcp):
            raise BadConfig(self.kind, "http", "give either http or tcp")
        for name in ("for_", "within", "every", "timeout"):
            seconds(self.kind, name.rstrip("_"), getattr(config, name))
        return config

    def perform(self, config: ProbeConfig, context: Context) -> Outcome:
        kind, target = config.target
        timeout_s = min(seconds("probe", "timeout", config.timeout), context.deadline_s)
        answer = probing.check(kind, target, expect_status=config.statuses, timeout_s=timeout_s)
        return _judged(config, context, answer)


def _judged(config: ProbeConfig, context: Context, answer: ProbeAnswer) -> Outcome:
    """Held long enough, out of time, or ask again. The memo keeps since when it is good, by the database's clock."""
    hold_s, within_s = seconds("probe", "for", config.for_), seconds("probe", "within", config.within)
    every_s = max(seconds("probe", "every", config.every), SHORTEST_EVERY_S)
    checks = int(context.memo.get("checks", 0)) + 1
    good_since = context.memo.get("good_since_s", context.waited_s) if answer.ok else None
    output = {"checks": checks, "detail": answer.detail, "latency_ms": answer.latency_ms}
    if good_since is not None and context.waited_s - good_since >= hold_s:
        return Done(output | {"held_s": round(context.waited_s - good_since)})
    if context.waited_s + every_s > within_s:
        error = f"{config.target[1]}: {answer.detail}; not good for {config.for_} within {config.within}."
        return Failed(error, retryable=True, effect=Effect.NONE, output=output)
    memo: dict[str, Any] = {"checks": checks, "detail": answer.detail}
    return Again(every_s, memo if good_since is None else memo | {"good_since_s": good_since})
