"""`probe`: asks until the answer has been good for a while. Also what `verify` does. The kinds are in plumbing.probing.

An answer that is good, turns bad and is good again is no proof. After `flaps` such falls the probe ends early, and says
"flapping": whoever reads it knows that the service comes and goes, and doesn't wait for the rest of `within`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from plumbing import probing
from plumbing.probing import KINDS, BadField, ProbeAnswer, Question
from runbooks.actions.base import Action, Again, Context, Done, Failed, Outcome, about, fill
from runbooks.actions.durations import seconds
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig

SHORTEST_EVERY_S = 0.2
MOST_FLAPS = 100
TIMES = ("for", "within", "every", "timeout")


@dataclass(frozen=True)
class ProbeConfig:
    """One kind, and how long its answer must be good. good: the statuses of `expect`, for `http` alone."""

    http: str = about("address to GET", default="")
    tcp: str = about("host:port to connect to", default="")
    dns: Any = about("a name to look up, or fields", of=KINDS["dns"], default=None)
    tls: Any = about("host:port whose certificate is looked at, or fields", of=KINDS["tls"], default=None)
    sql: Any = about("fields: a statement and what it must find", of=KINDS["sql"], default=None)
    prometheus: Any = about("fields: a query and what it must give", of=KINDS["prometheus"], default=None)
    command: Any = about("fields: a command and how it must end", of=KINDS["command"], default=None)
    log: Any = about("fields: a file and a line that must appear in it", of=KINDS["log"], default=None)
    expect: Any = about("HTTP statuses that are good: 2xx, or a list such as [200, 204]", default="2xx")
    for_: Any = about("how long the answer must stay good", default="0s")
    within: Any = about("how long it may take until it has been good for so long", default="60s")
    every: Any = about("how often to ask", default="2s")
    timeout: Any = about("how long one answer may take", default="3s")
    flaps: int = about("how often a good answer may turn bad again before it is called flapping", default=3)

    @property
    def kind(self) -> str:
        """The one kind that is given. Raises BadConfig."""
        given = [kind for kind in KINDS if getattr(self, kind)]
        if len(given) != 1:
            raise BadConfig("probe", given[0] if given else "http", f"give either {' or '.join(KINDS)}")
        return given[0]

    @property
    def statuses(self) -> str:
        """The expected statuses as plumbing.probing writes them: 2xx, or 200,204."""
        return ",".join(map(str, self.expect)) if isinstance(self.expect, list) else str(self.expect)

    @property
    def question(self) -> Question:
        """What is asked. Raises BadConfig."""
        kind = self.kind
        given = {"url": self.http, "expect": self.statuses} if kind == "http" else getattr(self, kind)
        try:
            return probing.question(kind, given)
        except BadField as error:
            raise BadConfig("probe", f"{kind}.{error.name}".rstrip("."), error.message) from None


class Probe(Action[ProbeConfig]):
    kind: ClassVar = "probe"
    title: ClassVar = "Probe"
    human: ClassVar = False
    config: ClassVar = ProbeConfig

    def parse(self, given: Mapping[str, Any]) -> ProbeConfig:
        config = fill(ProbeConfig, given, action=self.kind)
        kind = config.kind
        for name in TIMES:
            seconds(self.kind, name, getattr(config, "for_" if name == "for" else name))
        if not 0 <= config.flaps <= MOST_FLAPS:
            raise BadConfig(self.kind, "flaps", f"found {config.flaps}, expected 0 to {MOST_FLAPS}")
        if kind != "http" and "expect" in given:
            raise BadConfig(self.kind, "expect", f"belongs to http; write what {kind} expects among its own fields")
        assert config.question  # raises BadConfig
        return config

    def perform(self, config: ProbeConfig, context: Context) -> Outcome:
        timeout_s = min(seconds("probe", "timeout", config.timeout), context.deadline_s)
        answer = probing.ask(config.question, timeout_s=timeout_s, memo=context.memo.get("asked"))
        return _judged(config, context, answer)

    def source(self, config: ProbeConfig) -> str:
        return config.question.source

    def preview(self, config: ProbeConfig, context: Context) -> str:
        held = f" until it is good for {config.for_}" if seconds("probe", "for", config.for_) else ""
        return f"Ask {config.kind} {config.question.target} every {config.every}{held}, for {config.within} at most."


def memo_from(baseline: Mapping[str, Any]) -> dict[str, Any]:
    """The memo that a verification begins with, from the output of the same probe before the action.

    Only `log` has something to remember: where the file ended before the action."""
    return {"asked": baseline["asked"]} if baseline.get("asked") else {}


def _judged(config: ProbeConfig, context: Context, answer: ProbeAnswer) -> Outcome:
    """Held long enough, flapping, out of time, or ask again. The memo keeps since when it is good, by the database."""
    hold_s, within_s = seconds("probe", "for", config.for_), seconds("probe", "within", config.within)
    every_s = max(seconds("probe", "every", config.every), SHORTEST_EVERY_S)
    was_good = "good_since_s" in context.memo
    fell = int(context.memo.get("fell", 0)) + (was_good and not answer.ok)
    output = _output(context, answer, fell)
    if answer.ok:
        good_since_s = float(context.memo.get("good_since_s", context.waited_s))
        if context.waited_s - good_since_s >= hold_s:
            return Done(output | {"held_s": round(context.waited_s - good_since_s)})
    if fell > config.flaps:
        return _failed(config, f"flapping: good and bad again {fell} times, at most {config.flaps} are taken", output)
    if context.waited_s + every_s > within_s:
        return _failed(config, f"{answer.detail}; not good for {config.for_} within {config.within}", output)
    memo: dict[str, Any] = {"checks": output["checks"], "detail": answer.detail, "fell": fell}
    if answer.memo:
        memo["asked"] = dict(answer.memo)
    return Again(every_s, memo | ({"good_since_s": good_since_s} if answer.ok else {}))


def _failed(config: ProbeConfig, why: str, output: dict[str, Any]) -> Failed:
    return Failed(f"{config.question.target}: {why}.", retryable=True, effect=Effect.NONE, output=output)


def _output(context: Context, answer: ProbeAnswer, fell: int) -> dict[str, Any]:
    output = {
        "checks": int(context.memo.get("checks", 0)) + 1,
        "detail": answer.detail,
        "latency_ms": answer.latency_ms,
        "value": answer.value,
        "source": answer.source,
        "fell": fell,
        "answered": answer.ok or answer.value is not None,  # else nobody was there to say yes or no
    }
    return output | ({"asked": dict(answer.memo)} if answer.memo else {})
