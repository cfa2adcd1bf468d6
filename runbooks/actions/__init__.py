"""The registry of actions. To add one: copy a neighbour, give it a kind, register it here (docs/how-to)."""

from difflib import get_close_matches
from typing import Any

from runbooks.actions.base import Action
from runbooks.actions.http import Http
from runbooks.actions.manual import Manual
from runbooks.actions.probe import Probe
from runbooks.actions.wait import Wait
from runbooks.errors import UnknownAction

_known: dict[str, Action[Any]] = {}


def register(action: Action[Any]) -> None:
    """Make an action known under its kind; a second one of the same kind takes its place."""
    _known[action.kind] = action


def get(kind: str) -> Action[Any]:
    """The action of this kind. Raises UnknownAction with the nearest name."""
    if kind not in _known:
        near = get_close_matches(kind, _known, n=1)
        raise UnknownAction(kind, near[0] if near else "", tuple(sorted(_known)))
    return _known[kind]


def kinds() -> tuple[str, ...]:
    """All known kinds, sorted."""
    return tuple(sorted(_known))


def forget(kind: str) -> None:
    """Take a kind out of the registry."""
    _known.pop(kind, None)


for _action in (Manual(), Http(), Probe(), Wait()):
    register(_action)
