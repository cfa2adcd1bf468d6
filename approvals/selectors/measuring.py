"""Measures of approvals, counted from the ledger's entries alone, as far as the reader may see their streams."""

import datetime as dt
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from approvals.policies.fitness import AUTHOR, EXECUTOR, REQUESTER, SHAPER
from approvals.states import Ground, Verdict
from audit.entries import value_of
from audit.models import Disclosure, Entry
from audit.permissions import visible_streams
from catalog.models import User

KINDS = tuple(
    f"approval.{name}"
    for name in (
        "asked", "approved", "rejected", "voided", "expired", "withdrawn", "escalated", "refused", "glass_broken",
        "used", "agreed",
    )
)  # fmt: skip
FIELDS = ("request", "class", "seats", "ground", "verdict", "because")
MOST = 50_000  # entries of one page; the newest
OWN_WORK = frozenset({REQUESTER, EXECUTOR, SHAPER, AUTHOR})  # why somebody's own yes is refused
OWNER_SEAT = "accountable owner of "
NO_CLASS = "no class"


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry, as far as measures look at it."""

    kind: str
    time: dt.datetime
    fields: Mapping[str, Any]

    def says(self, name: str) -> str:
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Times:
    """How long decisions took, in seconds. key: class or actor id."""

    key: str
    count: int
    median_s: float
    p90_s: float


@dataclass(frozen=True)
class Measures:
    """What was counted. overall: None where nobody decided. events: kind -> how often. uses: ground -> how many acts
    began on it. is_cut: there is more than was counted."""

    asked: int
    overall: Times | None
    by_class: list[Times]
    by_owner: list[Times]
    events: Mapping[str, int] = field(default_factory=dict)
    uses: Mapping[str, int] = field(default_factory=dict)
    is_cut: bool = False


def measures_for(user: User, since: dt.datetime) -> Measures:
    """The measures of what was asked since then, in the streams that `user` sees. Three queries."""
    facts = facts_for(user, since)
    return measure(facts, is_cut=len(facts) == MOST)


def facts_for(user: User, since: dt.datetime) -> list[Fact]:
    """The entries of approvals since then, oldest first. A field that was erased is missing."""
    found = Entry.objects.filter(kind__in=KINDS, time__gte=since, stream__in=visible_streams(user))
    rows = list(found.order_by("-time", "-pk").values_list("pk", "kind", "time")[:MOST])[::-1]
    fields: dict[int, dict[str, Any]] = {pk: {} for pk, _, _ in rows}
    told = Disclosure.objects.filter(entry__in=found.values("pk"), name__in=FIELDS)
    for pk, name, payload in told.values_list("entry_id", "name", "payload").iterator(chunk_size=5_000):
        if pk in fields:
            fields[pk][name] = value_of(bytes(payload))
    return [Fact(kind, time, fields[pk]) for pk, kind, time in rows]


def measure(facts: Iterable[Fact], *, is_cut: bool = False) -> Measures:
    """Count. Only what was asked and decided among these facts has a time. Pure."""
    asked: dict[str, Fact] = {}
    taken: list[tuple[Fact, float]] = []
    events, uses = Counter[str](), Counter[str]()
    for fact in facts:
        name, request = fact.kind.removeprefix("approval."), fact.says("request")
        if name == "asked":
            asked.setdefault(request, fact)
        elif name == "used":
            uses[fact.says("ground") or Ground.DECIDED] += 1
        elif name == "refused":
            events["own_refused"] += _is_own_approval(fact)
        else:
            events[name] += 1
        if _is_decision(fact) and request in asked:
            taken.append((asked[request], (fact.time - asked[request].time).total_seconds()))
    return Measures(
        asked=len(asked),
        overall=_times("", [seconds for _, seconds in taken]) if taken else None,
        by_class=_grouped((question.says("class") or NO_CLASS, seconds) for question, seconds in taken),
        by_owner=_grouped((owner_of(question), seconds) for question, seconds in taken),
        events=events,
        uses=uses,
        is_cut=is_cut,
    )


def _is_decision(fact: Fact) -> bool:
    """Whether people decided here: a yes in advance and a broken glass are none."""
    if fact.kind == "approval.rejected":
        return True
    return fact.kind == "approval.approved" and (fact.says("ground") or Ground.DECIDED) == Ground.DECIDED


def _is_own_approval(fact: Fact) -> bool:
    return fact.says("verdict") == Verdict.APPROVE and fact.says("because") in OWN_WORK


def owner_of(question: Fact) -> str:
    """Actor id of who was asked first for the first owner's seat: the owner, or who stood in; "" where nobody was."""
    seats = question.fields.get("seats")
    for seat in seats if isinstance(seats, list) else ():
        if str(seat.get("seat", "")).startswith(OWNER_SEAT) and seat.get("asked"):
            return str(seat["asked"][0]["who"])
    return ""


def _grouped(taken: Iterable[tuple[str, float]]) -> list[Times]:
    """Times by key, the most decisions first."""
    found: dict[str, list[float]] = {}
    for key, seconds in taken:
        found.setdefault(key, []).append(seconds)
    return sorted((_times(key, all_) for key, all_ in found.items()), key=lambda one: (-one.count, one.key))


def _times(key: str, seconds: list[float]) -> Times:
    ordered = sorted(seconds)
    nine_in_ten = ordered[math.ceil(0.9 * len(ordered)) - 1]  # nearest rank
    return Times(key, len(ordered), statistics.median(ordered), nine_in_ten)
