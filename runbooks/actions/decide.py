"""`decide`: looks at values and says which way the plan goes. It changes nothing and never sleeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from runbooks.actions.base import Action, Context, Done, Failed, Outcome
from runbooks.actions.probe import Probe
from runbooks.engine.judging import ASK, Taken, judge
from runbooks.engine.model import Case, Decision, Value
from runbooks.engine.values import LONGEST_S, Question, Seen, gather, register

MOST_TOLD = 20  # errors that are kept


@dataclass(frozen=True)
class DecideConfig:
    """No fields of `with`: cases and values stand under the step's `decide`. The engine fills this in.

    sees, ages: see `values.Question`. visits: how often the decision went back already."""

    decision: Decision
    stream: str = ""
    sees: Mapping[str, Any] = field(default_factory=dict)
    ages: Mapping[str, float] = field(default_factory=dict)
    visits: int = 0


class Decide(Action[DecideConfig]):
    kind: ClassVar = "decide"
    title: ClassVar = "Decision"
    human: ClassVar = False
    config: ClassVar = DecideConfig

    def parse(self, given: Mapping[str, Any]) -> DecideConfig:
        """What `deciding.order` put together; an author's empty `with` is well-formed too."""
        decision = Decision(
            cases=tuple(given.get("cases", ())),
            values=tuple(value_of(value) for value in given.get("values", ())),
            by=given.get("by", "first"),
            fallback=given.get("fallback", ""),
        )
        more = {name: given[name] for name in ("stream", "sees", "ages", "visits") if name in given}
        return DecideConfig(decision, **more)

    def perform(self, config: DecideConfig, context: Context) -> Outcome:
        timeout_s = min(context.deadline_s, LONGEST_S)
        question = Question(config.stream, config.sees, context.now, timeout_s, config.ages)
        seen = gather(config.decision.values, question)
        return Done(told(judge(config.decision, seen, config.sees, visits=config.visits), seen))


def value_of(given: Mapping[str, Any]) -> Value:
    """A value to gather, from its JSON."""
    return Value(given["name"], given["source"], given["config"], float(given.get("max_age_s", 0.0)))


def told(taken: Taken, seen: Mapping[str, Seen]) -> dict[str, Any]:
    """What is kept of a decision, as its step's output: way, reason and everything that was looked at."""
    case = taken.case or Case("")
    return {
        "case": case.id,
        "go": list(case.go),
        "back": case.back,
        "by": taken.by,
        "why": taken.why,
        "ask": taken.by == ASK,
        "values": {name: one.told() for name, one in seen.items()},
        "scores": dict(taken.scores),
        "errors": list(taken.errors[:MOST_TOLD]),
    }


def ask_probe(config: Mapping[str, Any], question: Question) -> Seen:
    """One question of a probe. That its target isn't well is a value; only what can't be asked at all is none."""
    probe = Probe()
    context = Context("", question.now, question.timeout_s)
    outcome = probe.perform(probe.parse({**config, "for": 0, "within": 0}), context)
    if isinstance(outcome, Done):
        return Seen({"ok": True, **outcome.output}, 0.0)
    if isinstance(outcome, Failed):
        return Seen({"ok": False, **outcome.output, "detail": outcome.output.get("detail", outcome.error)}, 0.0)
    return Seen(error="the probe gave no answer at once.")


register("probe", ask_probe)
