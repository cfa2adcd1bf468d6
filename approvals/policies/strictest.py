"""Several policies to one demand: the strictest of each rule wins, and each rule says where it came from. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from approvals.policies.model import Allowed, Conflict, Escalation, Policy, Reason, Risk, Seat
from plumbing.durations import in_words

STEP = "the step itself"


@dataclass(frozen=True, slots=True)
class Demand:
    """What is demanded of one request. `sources`: rule -> the policies that it came from, by name."""

    risk: Risk
    seats: tuple[Seat, ...]
    exclude: tuple[Conflict, ...]
    within_s: int | None
    remind_s: tuple[int, ...]
    escalate: tuple[Escalation, ...]
    reason: Reason
    typed: bool
    factor_s: int | None
    in_turn: bool
    lasts_s: int
    hold_s: int
    allow: tuple[Allowed, ...]
    policies: tuple[tuple[str, int, str], ...]
    sources: dict[str, tuple[str, ...]]

    def as_json(self) -> dict[str, Any]:
        """As a request keeps it."""
        return asdict(self)


def strictest(policies: Sequence[Policy], *, step_within_s: int | None = None) -> Demand:
    """The demand of all these policies together. step_within_s: the time that the step itself gives.

    The most severe risk, all seats with the largest count of each, all exclusions, the shortest times, everybody to
    whom any policy escalates as early as any does, the strictest form of decision; what must be allowed is allowed
    only where all allow it. Raises ValueError for no policy at all."""
    if not policies:
        raise ValueError("There is always one policy: that of the house.")
    times: dict[str, int] = {policy.name: policy.within_s for policy in policies if policy.within_s is not None}
    if step_within_s is not None:
        times[STEP] = step_within_s
    within_s = min(times.values(), default=None)
    factors = [policy.factor_s for policy in policies if policy.factor_s is not None]
    demand = Demand(
        risk=max((policy.risk for policy in policies), key=lambda risk: risk.rank),
        seats=_seats(policies),
        exclude=tuple(sorted({conflict for policy in policies for conflict in policy.exclude})),
        within_s=within_s,
        remind_s=tuple(sorted({after for policy in policies for after in policy.remind_s})),
        escalate=_chain(policies),
        reason=Reason.ALWAYS if any(policy.reason is Reason.ALWAYS for policy in policies) else Reason.ON_REJECT,
        typed=any(policy.typed for policy in policies),
        factor_s=min(factors, default=None),
        in_turn=any(policy.in_turn for policy in policies),
        lasts_s=min(policy.lasts_s for policy in policies),
        hold_s=min(policy.hold_s for policy in policies),
        allow=tuple(item for item in Allowed if all(item in policy.allow for policy in policies)),
        policies=tuple((policy.slug, policy.number, policy.digest) for policy in policies),
        sources={},
    )
    demand.sources.update(_sources(demand, policies, times))
    return demand


def _chain(policies: Iterable[Policy]) -> tuple[Escalation, ...]:
    """Each target once, as early as any policy escalates to it."""
    earliest: dict[Seat, int] = {}
    for step in (step for policy in policies for step in policy.escalate):
        earliest[step.to] = min(step.after_s, earliest.get(step.to, step.after_s))
    return tuple(sorted(Escalation(after_s, to) for to, after_s in earliest.items()))


def _seats(policies: Iterable[Policy]) -> tuple[Seat, ...]:
    """Each seat once, with the largest count that any policy asks for; in the order of the policies."""
    most: dict[tuple[str, ...], Seat] = {}
    for seat in (seat for policy in policies for seat in policy.seats):
        key = (seat.who, seat.role, seat.team, seat.person)
        if key not in most or most[key].count < seat.count:
            most[key] = seat
    return tuple(most.values())


def _sources(demand: Demand, policies: Sequence[Policy], times: dict[str, int]) -> dict[str, tuple[str, ...]]:
    def those(says: Callable[[Policy], bool]) -> tuple[str, ...]:
        return tuple(policy.name for policy in policies if says(policy))

    found = {
        "risk": those(lambda policy: policy.risk is demand.risk),
        "seats": those(lambda policy: bool(set(policy.seats) & set(demand.seats))),
        "exclude": those(lambda policy: bool(policy.exclude)),
        "within_s": tuple(name for name, length in times.items() if length == demand.within_s),
        "remind_s": those(lambda policy: bool(policy.remind_s)),
        "escalate": those(lambda policy: bool(policy.escalate)),
        "reason": those(lambda policy: policy.reason is demand.reason),
        "typed": those(lambda policy: policy.typed),
        "factor_s": those(lambda policy: policy.factor_s is not None and policy.factor_s == demand.factor_s),
        "in_turn": those(lambda policy: policy.in_turn),
        "lasts_s": those(lambda policy: policy.lasts_s == demand.lasts_s),
        "hold_s": those(lambda policy: policy.hold_s == demand.hold_s),
    }
    refusing = {item: those(lambda policy, item=item: item not in policy.allow) for item in Allowed}  # type: ignore[misc]
    found |= {f"no {item}": names for item, names in refusing.items() if names}
    return {rule: names for rule, names in found.items() if names}


def in_sentences(demand: dict[str, Any]) -> list[tuple[str, str]]:
    """A kept demand as people read it: (rule, where it came from), in the order in which one asks."""
    sources = {rule: ", ".join(names) for rule, names in demand.get("sources", {}).items()}
    said: list[tuple[str, str]] = [(f"Risk: {demand['risk']}", "risk")]
    if demand["within_s"] is not None:
        said.append((f"Decide within {in_words(demand['within_s'])}", "within_s"))
    if demand["in_turn"]:
        said.append(("One after the other, in the order named", "in_turn"))
    if demand["exclude"]:
        words = {"author": "the author of the runbook version", "reporting-line": "the requester's reporting line"}
        said.append((f"Not decided by {' or '.join(words[item] for item in demand['exclude'])}", "exclude"))
    if demand["reason"] == Reason.ALWAYS:
        said.append(("A reason with every decision", "reason"))
    if demand["typed"]:
        said.append(("Typed confirmation", "typed"))
    if demand["factor_s"] is not None:
        said.append((f"A second factor, not older than {in_words(demand['factor_s'])}", "factor_s"))
    said.append((f"A yes must be used within {in_words(demand['lasts_s'])}", "lasts_s"))
    if demand["hold_s"]:
        said.append((f"A question holds the clock once, for {in_words(demand['hold_s'])}", "hold_s"))
    words = {
        "conditions": "A condition with the yes",
        "break-glass": "Breaking the glass",
        "standing": "A yes in advance",
    }
    for item in Allowed:
        allowed = item in demand["allow"]
        said.append((f"{words[item]} is {'allowed' if allowed else 'not allowed'}", "" if allowed else f"no {item}"))
    return [(text, sources.get(rule, "")) for text, rule in said]
