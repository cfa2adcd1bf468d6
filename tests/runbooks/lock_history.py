"""What the ledger says about locks, and whether it is right. Knows nothing of the lock rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.selectors import entries

KINDS = ("lock.queued", "lock.held", "lock.freed")


@dataclass(frozen=True)
class Told:
    """One entry about the locks of one step. turn: which passage of the turnstile it was."""

    kind: str
    turn: int
    who: tuple[str, str]  # run, step
    place: int
    services: frozenset[str]


def history(streams: Iterable[str]) -> list[Told]:
    """All entries about locks, in the one order that their turns give them."""
    found = [
        (entry.fields["turn"], stream, entry.seq, told(entry.kind, entry.fields))
        for stream in streams
        for entry in entries(stream)
        if entry.kind in KINDS
    ]
    return [each for *_, each in sorted(found, key=lambda each: each[:3])]


def told(kind: str, fields: Mapping[str, Any]) -> Told:
    who = (str(fields["run"]), str(fields["step"]))
    return Told(kind, fields["turn"], who, fields["place"], frozenset(fields["services"]))


def complaints(told: Iterable[Told], edges: Iterable[tuple[str, str]]) -> list[str]:
    """What is wrong: two holders of conflicting services at one moment, somebody overtaken, a lock never given back."""
    declared = {frozenset(edge) for edge in edges}
    holding, waiting = dict[tuple[str, str], Told](), dict[tuple[str, str], Told]()
    found = []

    def conflict(one: Told, other: Told) -> bool:
        return any(a == b or frozenset((a, b)) in declared for a in one.services for b in other.services)

    for each in told:
        if each.kind == "lock.queued":
            waiting[each.who] = each
        elif each.kind == "lock.freed":
            waiting.pop(each.who, None)
            holding.pop(each.who, None)
        else:
            waiting.pop(each.who, None)
            found += [f"turn {each.turn}: {each.who} beside {o.who}" for o in holding.values() if conflict(each, o)]
            found += [
                f"turn {each.turn}: {each.who} overtakes {other.who}"
                for other in waiting.values()
                if other.place < each.place and conflict(each, other)
            ]
            holding[each.who] = each
    return found + [f"{who} never gave back" for who in holding] + [f"{who} still waits" for who in waiting]
