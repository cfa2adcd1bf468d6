"""Checks of names in a whole definition: what steps, sections, decisions and watches name must exist."""

from collections.abc import Iterable, Mapping

from plumbing.expressions import suggestion
from runbooks.definitions.known import Known
from runbooks.definitions.problems import Book
from runbooks.definitions.tree import Tree, circle_of
from runbooks.engine.model import Definition, Model, Step

WHO = "Write role:commander, owner:<service> or user:<name>."


def check(definition: Definition, known: Known | None, book: Book) -> bool:
    """Note every problem in the book. Returns whether the order of the steps can be worked out from it."""
    before = len(book.problems)
    _check_outline(definition, book)
    names = _Names(definition)
    for step in definition.steps:
        path = f"steps.{step.id}"
        names.check(step.needs, f"{path}.needs", step.id, book)
        if step.decide is not None:
            _check_decision(step, names, definition, book)
    for section in definition.sections:
        names.check(section.needs, f"sections.{section.id}.needs", section.id, book)
    is_sound = len(book.problems) == before
    for watch in definition.watches:
        names.check(watch.steps, f"watches.{watch.id}.{watch.verb}", "", book)
    for step in definition.steps:
        _check_outside(step, f"steps.{step.id}", known, book)
        _check_run(step, definition, known, book)
    return is_sound


class _Names:
    """The steps and sections that may be named."""

    def __init__(self, definition: Definition) -> None:
        self.tree = Tree(definition)
        self.steps: Mapping[str, Step] = definition.by_id
        self.all = (*definition.by_id, *self.tree.sections)
        self.word = "step or section" if self.tree.sections else "step"

    def check(self, names: Iterable[str], path: str, whose: str, book: Book) -> None:
        """Each must exist, have steps in it, and not stand around `whose` (a step or section) or in it."""
        around = self.tree.around(whose) if whose else ()
        for name in names:
            if name not in self.steps and name not in self.tree.sections:
                unknown(book, path, self.word, name, self.all)
            elif name in self.tree.sections and not self.tree.members[name]:
                book.add(path, f"Section `{name}` has no step.", "Name a step, or write `section:` at some.")
            elif name in around:
                book.add(path, f"`{whose}` stands in section `{name}`.", "Name what it waits for inside of it.")
            elif whose in self.tree.sections and (name == whose or whose in self.tree.around(name)):
                book.add(path, f"`{name}` stands in section `{whose}` itself.", "Name something outside of it.")


def _check_outline(definition: Definition, book: Book) -> None:
    sections = {section.id: section for section in definition.sections}
    for section in definition.sections:
        path = f"sections.{section.id}"
        if section.inside and section.inside not in sections:
            unknown(book, f"{path}.in", "section", section.inside, sections)
        elif section.inside and section.id in circle_of(section.inside, sections):
            book.add(f"{path}.in", "Sections stand in each other in a circle.", "Take one `in` away.")
        if section.id in definition.by_id:
            line = definition.by_id[section.id].line
            book.add(f"{path}.id", f"The step of line {line} has this id too.", "Needs name both: write another one.")
    for step in definition.steps:
        if step.section and step.section not in sections:
            unknown(book, f"steps.{step.id}.section", "section", step.section, sections)


def _check_decision(step: Step, names: _Names, definition: Definition, book: Book) -> None:
    path = f"steps.{step.id}"
    if names.tree.model_of(step.section if step.section in names.tree.sections else "") is not Model.ADAPTIVE:
        where = f"section {step.section}" if step.section in names.tree.sections else "the runbook"
        book.add(
            f"{path}.decide", "A decision stands where the model is adaptive.", f"Write `model: adaptive` for {where}."
        )
    for index, case in enumerate(step.decide.cases if step.decide else (), 1):
        case_path = f"{path}.decide.cases.{index}"
        names.check(case.go, f"{case_path}.go", step.id, book)
        if step.id in case.go:
            book.add(f"{case_path}.go", "A decision can't open itself.", "Write `back:` to come here again.")
        if case.back and case.back not in definition.by_id:
            unknown(book, f"{case_path}.back", "step", case.back, definition.by_id)


def _check_outside(step: Step, path: str, known: Known | None, book: Book) -> None:
    """Names of people, services and resources."""
    people = [(step.assign, f"{path}.assign")]
    people += [(step.deadline.to, f"{path}.deadline.to")] if step.deadline else []
    people += [(step.undo.assign, f"{path}.undo.assign")] if step.undo else []
    for who, where in people:
        if who:
            _check_who(who, where, known, book)
    if known is None:
        return
    if known.actions and step.action and step.action not in known.actions:
        unknown(book, f"{path}.action", "action", step.action, known.actions)
    for service in step.touches:
        if "{{" not in service and service not in known.services:
            unknown(book, f"{path}.touches", "service", service, known.services)
    for resource in step.resources:
        if "{{" not in resource and resource not in known.resources:
            unknown(book, f"{path}.resources", "resource", resource, known.resources)


def _check_run(step: Step, definition: Definition, known: Known | None, book: Book) -> None:
    """A runbook as a step: not this one, and one that exists."""
    path, named = f"steps.{step.id}.with.runbook", step.with_.get("runbook")
    if step.action != "run" or not isinstance(named, str) or "{{" in named:
        return
    if named == definition.name:
        book.add(path, "A runbook that runs itself never ends.", "Use `until`, or a decision with `back`.")
    elif known is not None and named not in known.runbooks:
        unknown(book, path, "runbook", named, known.runbooks)


def _check_who(who: str, path: str, known: Known | None, book: Book) -> None:
    kind, colon, name = who.partition(":")
    if not colon or kind not in ("role", "owner", "user") or not name:
        book.add(path, f"Found `{who}`, which names nobody.", WHO)
        return
    if known is None or "{{" in name:
        return
    words = {"role": ("role", known.roles), "owner": ("service", known.services), "user": ("user", known.users)}
    word, names = words[kind]
    if name not in names:
        unknown(book, path, word, name, names)


def unknown(book: Book, path: str, word: str, name: str, names: Iterable[str]) -> None:
    """Note a name that doesn't exist, with the nearest that does."""
    names = sorted(names)
    hint = suggestion(name, names)
    if not hint:
        hint = f"Known: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}." if names else f"There is no {word}."
    book.add(path, f"There is no {word} `{name}`.", hint)
