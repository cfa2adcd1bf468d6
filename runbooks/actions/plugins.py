"""Actions of other packages, by the entry point group `muster.actions` (docs/how-to/write-an-action.md).

One that is broken is logged and named, and never keeps the portal from starting; its kind is unknown then, so that a
definition that uses it is refused with the usual sentence.
"""

import logging
import re
from dataclasses import dataclass, is_dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from runbooks import actions
from runbooks.actions.base import Action
from runbooks.actions.run import UNDO_RUN

log = logging.getLogger(__name__)

GROUP = "muster.actions"
BUILT_IN = "built in"
INNER = frozenset({"decide", "watch", UNDO_RUN})  # no author writes `action:` with these
KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Plugin:
    """An entry point and what became of it. version: of its package. problem: why it isn't used, or nothing."""

    name: str
    package: str
    version: str = ""
    kind: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Known:
    """An action of this installation, or what should have been one. origin: `built in`, or package and version."""

    kind: str
    title: str
    origin: str
    problem: str = ""


_found: list[Plugin] = []


def found() -> tuple[Plugin, ...]:
    """Every entry point of the group as it was met at the start, the broken ones too."""
    return tuple(_found)


def inventory() -> tuple[Known, ...]:
    """Every action that a runbook may use here, by kind; then what could not be used, and why."""
    brought = {plugin.kind: f"{plugin.package} {plugin.version}".strip() for plugin in _found if not plugin.problem}
    names = [kind for kind in actions.kinds() if kind not in INNER]
    used = [Known(kind, actions.get(kind).title, brought.get(kind, BUILT_IN)) for kind in names]
    broken = [Known(each.name, "", f"{each.package} {each.version}".strip(), each.problem) for each in _found]
    return (*used, *(each for each in broken if each.problem))


def load() -> None:
    """Register what other packages bring. Called once, when the process starts."""
    _found.clear()
    taken = {action.kind for action in actions.BUILT_IN}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        plugin = _loaded(point, taken)
        _found.append(plugin)
        if plugin.problem:
            log.error("Action %s of package %s is not used: %s", plugin.name, plugin.package, plugin.problem)
        taken.add(plugin.kind)


def _loaded(point: EntryPoint, taken: set[str]) -> Plugin:
    package, version = (point.dist.name, point.dist.version) if point.dist else ("unknown", "")
    try:
        thing = point.load()
        action = thing() if isinstance(thing, type) else thing
        problem = wrong_with(action, taken)
    except (Exception, SystemExit) as error:  # whatever it does when it is imported, the portal starts
        return Plugin(point.name, package, version, problem=f"{type(error).__name__}: {error}")
    if problem:
        return Plugin(point.name, package, version, problem=problem)
    actions.register(action)
    return Plugin(point.name, package, version, kind=action.kind)


def wrong_with(action: Action[Any], taken: set[str]) -> str:
    """Why an object can't be used as an action, or nothing."""
    for name, wanted in (("kind", str), ("title", str), ("human", bool)):
        if not isinstance(getattr(action, name, None), wanted):
            return f"{name} is {getattr(action, name, None)!r}, expected {wanted.__name__}"
    if not KIND.fullmatch(action.kind):
        return f"kind is {action.kind!r}, expected small letters, digits and _, at most 40"
    if action.kind in taken:
        return f"there is an action {action.kind} already"
    if not is_dataclass(getattr(action, "config", None)):
        return "config is no dataclass"
    missing = [name for name in ("parse", "perform") if not callable(getattr(action, name, None))]
    return f"it has no function {missing[0]}" if missing else ""
