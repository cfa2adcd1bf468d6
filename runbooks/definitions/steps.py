"""Reads one step of a definition."""

from collections.abc import Mapping
from typing import Any

from runbooks import actions
from runbooks.actions.base import Action
from runbooks.definitions.configs import check_config
from runbooks.definitions.fields import Fields
from runbooks.definitions.problems import Book
from runbooks.definitions.source import Node
from runbooks.engine.model import Approval, Output, Retry, Step, Undo, ValueType, Verify
from runbooks.errors import UnknownAction

STEP_ID = r"[a-z][a-z0-9_]{0,39}"
STEP_ID_HINT = "small letters, digits and _ beginning with a letter, at most 40 (expressions use it as a name)"
MOST_ATTEMPTS = 20
RESERVED = frozenset(  # words that CEL keeps for itself
    {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"}
    | {"namespace", "null", "package", "return", "true", "var", "void", "while"}
)
FIELDS = (
    *("id", "title", "section", "needs", "action", "with", "timeout", "retry", "idempotent", "verify", "approval"),
    *("assign", "touches", "undo", "instructions", "outputs"),
)
LATER = {
    "when": "A condition",
    "for_each": "A loop",
    "until": "A loop",
    "decide": "A decision step",
    "on_failure": "A strategy for failures",
    "not_before": "A start at a fixed time",
    "locks": "A lock of its own",
    "steps": "A nested plan",
}
PROBE_FIELDS = ("http", "tcp", "expect", "timeout")


def step_path(node: Node, index: int) -> tuple[str, str]:
    """(id, path of its fields): `steps.restart`, or `steps.3` for the third one if it has no usable id."""
    found = getattr(node, "items", {})
    written = getattr(found.get("id"), "value", None) if isinstance(found, dict) else None
    return (written, f"steps.{written}") if isinstance(written, str) and written else ("", f"steps.{index + 1}")


def read_step(node: Node, path: str, book: Book) -> Step | None:
    """The step; None when it has no usable id. Problems go to the book."""
    fields = Fields(node, path, book, FIELDS, LATER)
    id_ = fields.text("id", required=True, like=STEP_ID, hint=STEP_ID_HINT)
    if id_ in RESERVED:
        fields.problem("id", f"`{id_}` is a word of the expression language.", f"Write {id_}_step, say.")
    title = fields.text("title", required=True, longest=120)
    kind = fields.text("action", required=True, longest=40)
    action = _action(kind, fields)
    with_ = fields.json("with")
    if action is not None:
        check_config(action, with_, fields.at("with") if fields.has("with") else path, book)
    timeout_s = fields.duration("timeout", Step.timeout_s)
    if timeout_s is not None and timeout_s <= 0:
        fields.problem("timeout", "Found 0, expected more.", "A step needs some time.")
    if not id_:
        return None
    return Step(
        id=id_,
        title=title,
        action=kind,
        with_=with_,
        needs=fields.texts("needs"),
        human=action is not None and action.human,
        section=fields.text("section", longest=40),
        instructions=fields.text("instructions", longest=8_000),
        timeout_s=Step.timeout_s if timeout_s is None else timeout_s,
        retry=_retry(fields, book),
        idempotent=fields.flag("idempotent", default=is_harmless(kind, with_)),
        verify=_verify(fields, book),
        approval=_approval(fields, book),
        assign=fields.text("assign", longest=200),
        touches=fields.texts("touches"),
        undo=_undo(fields, book),
        outputs=_outputs(fields, book),
        line=node.line,
    )


def is_harmless(kind: str, with_: Mapping[str, Any]) -> bool:
    """Whether the action changes nothing, so that doing it twice is as good as once."""
    return kind in ("probe", "wait") or (kind == "http" and with_.get("method", "GET") in ("GET", "HEAD"))


def _action(kind: str, fields: Fields) -> Action[Any] | None:
    if not kind:
        return None
    try:
        return actions.get(kind)
    except UnknownAction as error:
        hint = f"Did you mean `{error.near}`?" if error.near else f"Known: {', '.join(error.known)}."
        fields.problem("action", f"There is no action `{error.kind}`.", hint)
        return None


def _retry(fields: Fields, book: Book) -> Retry:
    if not fields.has("retry"):
        return Retry()
    retry = Fields(fields.items["retry"], fields.at("retry"), book, ("attempts", "delay", "backoff"))
    return Retry(
        attempts=retry.integer("attempts", 1, least=1, most=MOST_ATTEMPTS),
        delay_s=retry.duration("delay", 0.0) or 0.0,
        backoff=retry.number("backoff", 1.0, least=1, most=10),
    )


def _verify(fields: Fields, book: Book) -> Verify | None:
    if not fields.has("verify"):
        return None
    path = fields.at("verify")
    verify = Fields(fields.items["verify"], path, book, (*PROBE_FIELDS, "for", "within", "every"))
    config = {name: verify.value(name) for name in PROBE_FIELDS if verify.has(name)}
    check_config(actions.get("probe"), config, path, book)
    found = Verify(
        config=config,
        for_s=verify.duration("for", Verify.for_s) or 0.0,
        within_s=verify.duration("within", Verify.within_s) or 0.0,
        every_s=verify.duration("every", Verify.every_s) or 0.0,
    )
    if found.within_s < found.for_s:
        message = f"It must hold for {found.for_s:g} s, but has only {found.within_s:g} s in all."
        verify.problem("within", message, "Give it longer than `for`.")
    return found


def _approval(fields: Fields, book: Book) -> Approval | None:
    if not fields.has("approval"):
        return None
    names = ("reason", "effect", "undo", "proof", "within")
    approval = Fields(fields.items["approval"], fields.at("approval"), book, names)
    return Approval(
        reason=approval.text("reason", required=True, longest=200),
        effect=approval.text("effect", longest=500),
        undo=approval.text("undo", longest=500),
        proof=approval.text("proof", longest=500),
        within_s=approval.duration("within", None),
    )


def _undo(fields: Fields, book: Book) -> Undo | None:
    """Checked like an action, and shown; this version executes none."""
    if not fields.has("undo"):
        return None
    undo = Fields(fields.items["undo"], fields.at("undo"), book, ("action", "with", "none"))
    kind, none = undo.text("action", longest=40), undo.text("none")
    if bool(kind) == bool(none):
        book.add(undo.path, "Give either `action`, or `none` with the reason why it can't be undone.")
    action, with_ = _action(kind, undo), undo.json("with")
    if action is not None:
        check_config(action, with_, undo.at("with") if undo.has("with") else undo.path, book)
    return Undo(kind, with_, none)


def _outputs(fields: Fields, book: Book) -> tuple[Output, ...]:
    found: dict[str, Output] = {}
    for index, node in enumerate(fields.tables("outputs")):
        path = f"{fields.at('outputs')}.{index + 1}"
        output = Fields(node, path, book, ("name", "type", "required", "value", "description"))
        name = output.text("name", required=True, like=STEP_ID, hint=STEP_ID_HINT)
        if name in found:
            output.problem("name", f"`{name}` stands there twice.", "Give each output its own name.")
        found[name] = Output(
            name=name,
            type=output.word("type", ValueType, ValueType.STRING),
            required=output.flag("required", True),
            value=output.text("value", longest=1_000),
            description=output.text("description"),
        )
    return tuple(found.values())
