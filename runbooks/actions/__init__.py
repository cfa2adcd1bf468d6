"""The registry of actions. To add one: copy a neighbour, give it a kind, register it here (docs/how-to)."""

from difflib import get_close_matches
from typing import Any

from runbooks.actions.ansible import Ansible
from runbooks.actions.base import Action
from runbooks.actions.command import Command
from runbooks.actions.decide import Decide
from runbooks.actions.http import Http
from runbooks.actions.manual import Manual
from runbooks.actions.note import Note
from runbooks.actions.notify import Notify
from runbooks.actions.probe import Probe
from runbooks.actions.run import NestedRun, UndoNestedRun
from runbooks.actions.sql import Sql
from runbooks.actions.wait import Wait
from runbooks.actions.watch import Watching
from runbooks.actions.webhook import Webhook
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


BUILT_IN: tuple[Action[Any], ...] = (
    Manual(),
    Decide(),
    Watching(),
    NestedRun(),
    UndoNestedRun(),
    Http(),
    Probe(),
    Wait(),
    Command(),
    Ansible(),
    Sql(),
    Notify(),
    Webhook(),
    Note(),
)
for _action in BUILT_IN:
    register(_action)
