"""Checks that look at a whole definition: needs, circles, sections, people and services."""

import re
from collections.abc import Iterable

from plumbing.expressions import suggestion
from runbooks.definitions.known import Known
from runbooks.definitions.problems import Book
from runbooks.engine.model import Definition, Step


def check(definition: Definition, known: Known | None, book: Book) -> None:
    """Note every problem in the book."""
    sections = [section.id for section in definition.sections]
    for step in definition.steps:
        path = f"steps.{step.id}"
        if step.section and step.section not in sections:
            _unknown(book, f"{path}.section", "section", step.section, sections)
        for need in step.needs:
            if need not in definition.by_id:
                _unknown(book, f"{path}.needs", "step", need, definition.by_id)
        if known is not None:
            _check_names(step, path, known, book)
        if step.assign:
            _check_assign(step, f"{path}.assign", known, book)
    if circle := find_circle(definition):
        route = " → ".join(circle)
        book.add(f"steps.{circle[0]}.needs", f"Steps need each other in a circle: {route}.", "Take one need away.")


def matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None


def find_circle(definition: Definition) -> list[str]:
    """Ids along a circle of needs, the first one again at its end; [] when there is none. Walks without recursion."""
    seen: set[str] = set()
    for start in definition.steps:
        way: list[str] = []
        todo: list[tuple[str, bool]] = [(start.id, True)]
        while todo:
            id_, entering = todo.pop()
            if not entering:
                way.pop()
            elif id_ in way:
                return [*way[way.index(id_) :], id_]
            elif id_ not in seen and id_ in definition.by_id:
                seen.add(id_)
                way.append(id_)
                todo.append((id_, False))
                todo.extend((need, True) for need in reversed(definition.by_id[id_].needs))
    return []


def _check_names(step: Step, path: str, known: Known, book: Book) -> None:
    if known.actions and step.action and step.action not in known.actions:
        _unknown(book, f"{path}.action", "action", step.action, known.actions)
    for service in step.touches:
        if "{{" not in service and service not in known.services:
            _unknown(book, f"{path}.touches", "service", service, known.services)


def _check_assign(step: Step, path: str, known: Known | None, book: Book) -> None:
    kind, colon, name = step.assign.partition(":")
    if not colon or kind not in ("role", "owner", "user") or not name:
        remedy = "Write role:commander, owner:<service> or user:<name>."
        book.add(path, f"Found `{step.assign}`, which names nobody.", remedy)
        return
    if known is None or "{{" in name:
        return
    words = {"role": ("role", known.roles), "owner": ("service", known.services), "user": ("user", known.users)}
    word, names = words[kind]
    if name not in names:
        _unknown(book, path, word, name, names)


def _unknown(book: Book, path: str, word: str, name: str, names: Iterable[str]) -> None:
    names = sorted(names)
    hint = suggestion(name, names)
    if not hint:
        hint = f"Known: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}." if names else f"There is no {word}."
    book.add(path, f"There is no {word} `{name}`.", hint)
