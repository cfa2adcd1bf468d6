"""MUSTER_ANCHORS, taken apart, and what an append-only place has in common with the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from urllib.parse import SplitResult, parse_qsl, urlsplit

from django.conf import settings

from audit.models import Checkpoint
from audit.trust.holders.errors import BadSetting
from plumbing.durations import duration_s

NAME = "MUSTER_ANCHORS"
LONGEST = 200  # characters of a place's name
YEAR_S = 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Address:
    """One entry of the setting. name: the entry without its options. options: what a kind of place may be told."""

    name: str
    parts: SplitResult
    every: timedelta | None
    options: Mapping[str, str] = field(default_factory=dict)


class Anchor(Protocol):
    """An append-only place."""

    usual_pace: timedelta

    def keep(self, checkpoint: Checkpoint) -> str:
        """Write a checkpoint there. Returns where it lies in it. Raises NotAnchored, Contradicted."""


Make = Callable[[Address], Anchor]

_kinds: dict[str, tuple[Make, frozenset[str]]] = {}


def register(scheme: str, make: Make, *options: str) -> None:
    """Let MUSTER_ANCHORS name places of this scheme. make(address) raises ValueError: what would be right."""
    _kinds[scheme] = (make, frozenset(options))


def configured() -> list[tuple[str, timedelta, Anchor]]:
    """Name, pace and place of each entry of the setting. Raises BadSetting."""
    found = []
    for text in settings.ANCHORS:
        try:
            address = _address(text)
            anchor = _kinds[address.parts.scheme][0](address)
        except ValueError as error:
            raise BadSetting(NAME, f"{text.partition('?')[0][:80]}: {error}.") from error
        pace = anchor.usual_pace if address.every is None else address.every
        found.append((address.name, pace, anchor))
    names = [name for name, _, _ in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise BadSetting(NAME, f"{', '.join(sorted(twice))} stands there twice.")
    return found


def _address(text: str) -> Address:
    parts = urlsplit(text)
    if parts.scheme not in _kinds:
        raise ValueError(f"found {parts.scheme or 'no scheme'}, expected one of {', '.join(sorted(_kinds))}")
    name = text.partition("?")[0]
    if len(name) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    every = options.pop("every", None)
    if unknown := options.keys() - _kinds[parts.scheme][1]:
        known = ", ".join(sorted({"every", *_kinds[parts.scheme][1]}))
        raise ValueError(f"it doesn't know {', '.join(sorted(unknown))}; expected one of {known}")
    return Address(name, parts, _pace(every), options)


def _pace(every: str | None) -> timedelta | None:
    return None if every is None else timedelta(seconds=duration_s(every, longest_s=YEAR_S))
