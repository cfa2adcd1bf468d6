"""The text of a runbook as a checked Definition, or every problem that it has."""

import hashlib
import itertools
from dataclasses import replace

from runbooks.definitions import checks, references
from runbooks.definitions.fields import Fields
from runbooks.definitions.known import Known
from runbooks.definitions.problems import Book
from runbooks.definitions.source import Node, read
from runbooks.definitions.steps import STEP_ID, STEP_ID_HINT, read_step, step_path
from runbooks.engine.model import Definition, Input, Model, Section, Step, ValueType

MOST_STEPS = 500
NAME = r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?"
NAME_HINT = "small letters, digits and -, at most 80, as in restart-web-service"
FIELDS = ("name", "title", "description", "model", "inputs", "sections", "steps")
LATER = {
    "strategy": "A strategy for failures",
    "patterns": "A nested runbook",
    "environments": "Parameters per environment",
    "undo": "An undo of the whole runbook",
}


def parse(text: str, *, filename: str, known: Known | None = None) -> Definition:
    """The definition in a YAML text (docs/runbook-format.md).

    known: names to hold roles, services and users against; None leaves those unchecked, as for a version that was
    checked when it was published. Raises DefinitionError with all problems: file, line, column, field, remedy.
    """
    book = Book(filename)
    root = read(text, book)
    if root is None:
        if not book.problems:
            book.add("", "The text is empty.", "Begin with `name:`, `title:` and `steps:`.")
        book.check()
    definition = _definition(root, book)
    checks.check(definition, known, book)
    references.check(definition, book)
    book.check()
    return definition


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8, hexadecimal: what a version is bound to."""
    return hashlib.sha256(text.encode()).hexdigest()


def _definition(root: Node | None, book: Book) -> Definition:
    fields = Fields(root, "", book, FIELDS, LATER)
    if fields.has("model") and getattr(fields.items["model"], "value", None) == "adaptive":
        fields.problem("model", "The adaptive model needs a later version of Muster.", "Write linear or parallel.")
        del fields.items["model"]
    model = fields.word("model", Model, Model.PARALLEL)
    steps = _steps(fields, book)
    return Definition(
        name=fields.text("name", required=True, like=NAME, hint=NAME_HINT),
        title=fields.text("title", required=True, longest=120),
        description=fields.text("description"),
        model=model,
        inputs=_inputs(fields, book),
        sections=_sections(fields, book),
        steps=_in_line(steps) if model is Model.LINEAR else steps,
    )


def _steps(fields: Fields, book: Book) -> tuple[Step, ...]:
    nodes = fields.tables("steps")
    if not nodes:
        fields.problem("steps", "There is no step.", "Add `steps:` with at least one.")
    if len(nodes) > MOST_STEPS:
        fields.problem("steps", f"There are {len(nodes)} steps; the limit is {MOST_STEPS}.", "Split the runbook.")
        return ()
    found: dict[str, Step] = {}
    for index, node in enumerate(nodes):
        id_, path = step_path(node, index)
        if id_ in found:
            place, first = (node.line, node.column), found[id_].line
            book.add(f"{path}.id", f"The step of line {first} has this id too.", "Ids are unique.", place=place)
            path = f"steps.{index + 1}"
        step = read_step(node, path, book)
        if step is not None:
            found.setdefault(step.id, step)
    return tuple(found.values())


def _in_line(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Linear: each step needs the one before it, besides what its author says."""
    chained = steps[:1]
    for before, step in itertools.pairwise(steps):
        chained += (replace(step, needs=tuple(dict.fromkeys((before.id, *step.needs)))),)
    return chained


def _inputs(fields: Fields, book: Book) -> tuple[Input, ...]:
    found = []
    for name, node in fields.named("inputs").items():
        path = f"inputs.{name}"
        spec = Fields(node, path, book, ("type", "required", "default", "description"))
        if not checks.matches(STEP_ID, name):
            book.add(path, f"Found `{name}`, expected {STEP_ID_HINT}.")
        type_ = spec.word("type", ValueType, ValueType.STRING)
        default = spec.typed("default", type_)
        required = spec.flag("required", default=default is None)
        if required and default is not None:
            spec.problem("required", "An input with a default is never missing.", "Leave out one of the two.")
        found.append(Input(name, type_, required, default, spec.text("description")))
    return tuple(found)


def _sections(fields: Fields, book: Book) -> tuple[Section, ...]:
    found: dict[str, Section] = {}
    later = {"model": "A model of its own for a section", "strategy": "A strategy for failures"}
    for index, node in enumerate(fields.tables("sections")):
        spec = Fields(node, f"sections.{index + 1}", book, ("id", "title"), later)
        id_ = spec.text("id", required=True, like=STEP_ID, hint=STEP_ID_HINT)
        if id_ in found:
            spec.problem("id", f"`{id_}` stands there twice.", "Ids are unique.")
        found[id_] = Section(id_, spec.text("title", required=True, longest=80))
    return tuple(found.values())
