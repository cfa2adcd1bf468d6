"""Reads one step of a definition."""

from typing import Any

from runbooks.actions.base import Action
from runbooks.definitions.deciding import read_decision
from runbooks.definitions.fields import Fields
from runbooks.definitions.ids import LABEL, LABEL_HINT, RESERVED, STEP_ID, STEP_ID_HINT
from runbooks.definitions.parts import (
    is_harmless,
    read_action,
    read_approval,
    read_deadline,
    read_outputs,
    read_probe,
    read_retry,
    read_undo,
    read_verify,
)
from runbooks.definitions.problems import Book
from runbooks.definitions.repeating import read_loop, read_until
from runbooks.definitions.source import Node
from runbooks.definitions.times import check_moment
from runbooks.engine.model import OnFailure, Step, Undo

DECIDE = "decide"
NO_STEP = {
    "watch": ("A watch is no step.", "Write it under `watches:` of the runbook."),
    "undo_run": ("It takes a nested run back.", "Write it under `undo` of the step with `action: run`."),
}
TAKE_BACK = Undo(action="undo_run", idempotent=True)  # of a nested run, unless its author says another way
FIELDS = (
    *("id", "title", "section", "needs", "when", "for_each", "action", "with", "decide", "until", "timeout", "within"),
    *("not_before", "retry", "idempotent", "verify", "check", "approval", "assign", "deadline", "touches", "resources"),
    *("lock_wait", "executor", "on_failure", "undo", "instructions", "outputs"),
)
REFUSED = {
    "steps": ("A step holds no steps.", "Put them into a section, or into a runbook of their own: action: run."),
    "locks": ("There is no such field.", "A step locks the services in `touches` and the `resources` it names."),
    "strategy": ("There is no such field.", "A section has `on_failure`; a step has on_failure: pause."),
}
OF_NO_DECISION = ("with", "for_each", "until", "retry", "verify", "check", "undo", "touches", "resources", "outputs")
OF_NO_PERSON = ("until", "retry", "check", "executor")


def read_step(node: Node, path: str, book: Book) -> Step | None:
    """The step; None when it has no usable id. Problems go to the book."""
    fields = Fields(node, path, book, FIELDS, REFUSED)
    id_ = fields.text("id", required=True, like=STEP_ID, hint=STEP_ID_HINT)
    if id_ in RESERVED:
        fields.problem("id", f"`{id_}` is a word of the expression language.", f"Write {id_}_step, say.")
    kind = _kind(fields)
    action = read_action(kind, fields) if kind != DECIDE else None
    human = action is not None and action.human
    step = Step(
        id=id_,
        title=fields.text("title", required=True, longest=120),
        action=kind,
        with_=fields.json("with"),
        needs=fields.texts("needs"),
        human=human,
        section=fields.text("section", longest=40),
        instructions=fields.text("instructions", longest=8_000),
        line=node.line,
        **_acting(fields, kind, human=human),
        **_flow(fields, human=human),
        **_people(fields, human=human),
    )
    _check_together(fields, step, action)
    return step if id_ else None


def _kind(fields: Fields) -> str:
    """The kind of action; a step with `decide` needs none."""
    if not fields.has(DECIDE):
        kind = fields.text("action", required=True, longest=40)
        if kind == DECIDE:
            fields.problem("action", "It doesn't say what to decide.", "Add `decide:` with its cases.")
        elif kind in NO_STEP:
            fields.problem("action", *NO_STEP[kind])
        return kind
    kind = fields.text("action", longest=40) or DECIDE
    if kind != DECIDE:
        fields.problem("action", f"Found `{kind}`, but a step with `decide` does nothing else.", "Leave `action` out.")
    return DECIDE


def _acting(fields: Fields, kind: str, *, human: bool) -> dict[str, Any]:
    """How it is done, proved and taken back."""
    harmless = is_harmless(kind, fields.json("with"))
    idempotent = fields.flag("idempotent", default=harmless)
    retry, override = read_retry(fields, idempotent=idempotent, human=human, may_override=True)
    return {
        "harmless": harmless,
        "idempotent": idempotent,
        "retry": retry,
        "may_override_retry": override,
        "timeout_s": fields.duration("timeout", Step.timeout_s, positive=True),
        "within_s": fields.limit("within"),
        "verify": read_verify(fields),
        "check": read_probe(fields, "check") if fields.has("check") else None,
        "undo": read_undo(fields) or (TAKE_BACK if kind == "run" else None),
        "outputs": read_outputs(fields),
        "executor": fields.text("executor", like=LABEL, hint=LABEL_HINT),
    }


def _flow(fields: Fields, *, human: bool) -> dict[str, Any]:
    """When it runs, how often, and what may run beside it."""
    failure = fields.word("on_failure", OnFailure, OnFailure.STOP)
    if failure not in (OnFailure.STOP, OnFailure.PAUSE):
        remedy = "A step has on_failure: pause. For the rest, give its section an on_failure."
        fields.problem("on_failure", f"`{failure}` is what a group does when one of its steps fails.", remedy)
    return {
        "when": fields.text("when", longest=1_000),
        "loop": read_loop(fields),
        "until": read_until(fields),
        "decide": read_decision(fields),
        "on_failure": failure if failure is OnFailure.PAUSE else OnFailure.STOP,
        "not_before": check_moment(fields, "not_before"),
        "touches": fields.texts("touches"),
        "resources": fields.texts("resources", or_one=True),
        "lock_wait_s": fields.duration("lock_wait", Step.lock_wait_s),
    }


def _people(fields: Fields, *, human: bool) -> dict[str, Any]:
    """Who agrees, who does it, who is reminded."""
    return {
        "approval": read_approval(fields),
        "assign": fields.text("assign", longest=200),
        "deadline": read_deadline(fields, human=human or fields.has(DECIDE)),
    }


def _check_together(fields: Fields, step: Step, action: Action[Any] | None) -> None:
    """Fields that don't go together."""
    if step.decide is not None:
        for name in filter(fields.has, OF_NO_DECISION):
            fields.problem(name, "A decision does nothing itself.", "Put it into a step before or after.")
    if step.human:
        for name in filter(fields.has, set(OF_NO_PERSON) - {"retry"}):
            fields.problem(name, "A person does this step; it is for what a worker does.", "Leave it out.")
    if fields.has("lock_wait") and not (step.touches or step.resources):
        fields.problem("lock_wait", "It locks nothing.", "Name what it touches, or its resources; or leave this out.")
