"""Reads the headings of a definition, and what a failure under one means."""

from runbooks.definitions.fields import Fields
from runbooks.definitions.ids import STEP_ID, STEP_ID_HINT, id_path
from runbooks.definitions.problems import Book
from runbooks.definitions.source import Table
from runbooks.engine.model import Model, OnFailure, Rest, Section, Strategy

FIELDS = ("id", "title", "in", "model", "needs", "on_failure")
STRATEGY_FIELDS = ("quorum", "rest", "otherwise")
REFUSED = {
    "steps": ("Steps don't stand inside of their section.", "Write `section:` with its id at each step."),
    "strategy": ("There is no such field.", "It is called `on_failure`."),
}
LARGEST_QUORUM = 10_000


def read_sections(fields: Fields, book: Book) -> tuple[Section, ...]:
    """The sections in their order; problems go to the book."""
    found: dict[str, Section] = {}
    for index, node in enumerate(fields.tables("sections")):
        id_, path = id_path("sections", node, index)
        if id_ in found:
            path = f"sections.{index + 1}"
        spec = Fields(node, path, book, FIELDS, REFUSED)
        if id_ in found:
            spec.problem("id", f"`{id_}` stands there twice.", "Ids are unique.")
        section = Section(
            id=spec.text("id", required=True, like=STEP_ID, hint=STEP_ID_HINT),
            title=spec.text("title", required=True, longest=80),
            inside=spec.text("in", longest=40),
            model=spec.word("model", Model, Model.PARALLEL) if spec.has("model") else None,
            needs=spec.texts("needs"),
            strategy=read_strategy(spec),
            line=node.line,
        )
        if section.id:
            found.setdefault(section.id, section)
    return tuple(found.values())


def read_strategy(fields: Fields) -> Strategy | None:
    """What `on_failure` of a group says: one word, or `{quorum: k, rest, otherwise}`. None when it isn't there."""
    if not fields.has("on_failure"):
        return None
    if isinstance(fields.items["on_failure"], Table):
        return _quorum(fields)
    word = fields.word("on_failure", OnFailure, OnFailure.STOP)
    if word is OnFailure.PAUSE:
        fields.problem(
            "on_failure",
            "A step pauses for a person, a group can't.",
            "Write continue: a person says what its end means.",
        )
        return None
    if word is OnFailure.QUORUM:
        fields.problem("on_failure", "It doesn't say how many branches must pass.", "Write {quorum: 7}, say.")
        return None
    return Strategy(word)


def _quorum(fields: Fields) -> Strategy:
    spec = Fields(fields.items["on_failure"], fields.at("on_failure"), fields.book, STRATEGY_FIELDS)
    quorum = spec.integer("quorum", 0, least=1, most=LARGEST_QUORUM)
    if not spec.has("quorum"):
        spec.problem(
            "quorum", "It is missing.", "Say how many branches must pass: {quorum: 7}. Or write one word: continue."
        )
    otherwise = spec.word("otherwise", OnFailure, OnFailure.CONTINUE)
    if otherwise not in (OnFailure.CONTINUE, OnFailure.FAIL_FAST):
        spec.problem(
            "otherwise", f"Found `{otherwise}`, expected continue (a person assesses) or fail_fast (all is undone)."
        )
    return Strategy(OnFailure.QUORUM, quorum, spec.word("rest", Rest, Rest.FINISH), otherwise)
