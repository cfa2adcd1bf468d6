"""The text of a runbook as a checked Definition, or every problem that it has."""

import hashlib

from runbooks.definitions import checks, expanding, references, shape
from runbooks.definitions.circles import find_circle, told
from runbooks.definitions.deciding import read_watches
from runbooks.definitions.fields import Fields
from runbooks.definitions.given import read_environments, read_inputs
from runbooks.definitions.ids import NAME, NAME_HINT, id_path
from runbooks.definitions.known import Known
from runbooks.definitions.problems import Book
from runbooks.definitions.sections import read_sections, read_strategy
from runbooks.definitions.source import Node, read
from runbooks.definitions.steps import read_step
from runbooks.engine.model import Definition, Model, Step, Strategy

MOST_STEPS = 10_000
FIELDS = (
    *("name", "title", "description", "model", "on_failure", "inputs", "environments", "sections", "watches", "steps"),
)
REFUSED = {
    "strategy": ("There is no such field.", "It is called `on_failure`."),
    "undo": ("A runbook has no undo of its own: each step has one.", "Write `undo:` at the steps."),
    "patterns": (
        "There is no such field.",
        "A runbook inside of another one is a step: {action: run, with: {runbook: …}}.",
    ),
}


def parse(text: str, *, filename: str, known: Known | None = None) -> Definition:
    """The definition in a YAML text (docs/runbook-format.md), expanded: every edge stands in `step.needs`.

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
    is_sound = checks.check(definition, known, book)
    if is_sound:
        definition, is_sound = _expanded(definition, book)
    if is_sound:
        shape.check(definition, book)
    references.check(definition, book, is_sound=is_sound)
    book.check()
    return definition


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8, hexadecimal: what a version is bound to."""
    return hashlib.sha256(text.encode()).hexdigest()


def _definition(root: Node | None, book: Book) -> Definition:
    fields = Fields(root, "", book, FIELDS, REFUSED)
    return Definition(
        name=fields.text("name", required=True, like=NAME, hint=NAME_HINT),
        title=fields.text("title", required=True, longest=120),
        description=fields.text("description"),
        model=fields.word("model", Model, Model.PARALLEL),
        strategy=read_strategy(fields) or Strategy(),
        inputs=read_inputs(fields, book),
        environments=read_environments(fields, book),
        sections=read_sections(fields, book),
        watches=read_watches(fields, book),
        steps=_steps(fields, book),
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
        id_, path = id_path("steps", node, index)
        if id_ in found:
            place, first = (node.line, node.column), found[id_].line
            book.add(f"{path}.id", f"The step of line {first} has this id too.", "Ids are unique.", place=place)
            path = f"steps.{index + 1}"
        step = read_step(node, path, book)
        if step is not None:
            found.setdefault(step.id, step)
    return tuple(found.values())


def _expanded(definition: Definition, book: Book) -> tuple[Definition, bool]:
    """(the definition with all edges, whether they make a plan): a circle or too many of them make none."""
    try:
        edges = expanding.edges_of(definition)
    except expanding.TooManyEdges as error:
        tie = error.tie
        message = f"Between `{tie.before}` and `{tie.after}` the plan gets more than {expanding.MOST_EDGES} edges."
        book.add(tie.path, message, "Put one step between the two that waits for the first and starts the second.")
        return definition, False
    expanded = expanding.expanded(definition, edges)
    if circle := find_circle(expanded):
        path, message, remedy = told(circle, edges)
        book.add(path, message, remedy)
        return definition, False
    return expanded, True
