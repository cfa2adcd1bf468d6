"""Reads the parts of a step: how it is tried, proved, agreed to and taken back."""

from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Any

from runbooks import actions
from runbooks.actions.base import Action
from runbooks.definitions.configs import check_config
from runbooks.definitions.fields import Fields
from runbooks.definitions.ids import STEP_ID, STEP_ID_HINT
from runbooks.engine.model import Approval, Deadline, Json, Output, Retry, Undo, ValueType, Verify
from runbooks.errors import UnknownAction

MOST_ATTEMPTS = 20
HARMLESS = frozenset({"probe", "wait", "decide", "note", "sql"})
READING = frozenset({"GET", "HEAD"})  # methods of `http` that change nothing
VERIFY_TIMES = ("for", "within", "every")
UNDO_FIELDS = (
    *("action", "with", "none", "title", "verify", "retry", "approval", "idempotent", "timeout", "assign"),
    "instructions",
)
ORDER = "An undo has no order of its own: what came after a step is taken back before it."
UNDO_REFUSED = {
    "needs": (ORDER, "Leave it out."),
    "when": ("An undo has no condition: it runs for exactly what happened.", "Leave it out."),
    "undo": ("An undo isn't undone.", "Leave it out."),
    "touches": ("An undo touches what its step touches.", "Leave it out."),
}
RETRY_REMEDY = (
    "Write `idempotent: true` if twice is as good as once; or `override: true` here, with an `approval`; "
    "or take retry away."
)


def is_harmless(kind: str, with_: Mapping[str, Any]) -> bool:
    """Whether the action changes nothing, so that doing it twice is as good as once."""
    return kind in HARMLESS or (kind == "http" and with_.get("method", "GET") in READING)


def read_action(kind: str, fields: Fields) -> Action[Any] | None:
    """The action of this kind, its fields checked. None when there is no such one."""
    if not kind:
        return None
    try:
        action = actions.get(kind)
    except UnknownAction as error:
        hint = f"Did you mean `{error.near}`?" if error.near else f"Known: {', '.join(error.known)}."
        fields.problem("action", f"There is no action `{error.kind}`.", hint)
        return None
    check_config(action, fields.json("with"), fields.at("with") if fields.has("with") else fields.path, fields.book)
    return action


def probe_fields() -> tuple[str, ...]:
    """What a probe may be asked, without its times."""
    names = tuple(spec.name.rstrip("_") for spec in fields_of(actions.get("probe").config))
    return tuple(name for name in names if name not in VERIFY_TIMES)


def read_probe(fields: Fields, name: str) -> Mapping[str, Json]:
    """The configuration of a probe that is asked once."""
    probe = Fields(fields.items[name], fields.at(name), fields.book, probe_fields())
    config = {field: probe.value(field) for field in probe.items}
    check_config(actions.get("probe"), config, probe.path, fields.book)
    return config


def read_verify(fields: Fields) -> Verify | None:
    """The probe that has the word on whether it worked."""
    if not fields.has("verify"):
        return None
    verify = Fields(fields.items["verify"], fields.at("verify"), fields.book, (*probe_fields(), *VERIFY_TIMES))
    config = {name: verify.value(name) for name in verify.items if name not in VERIFY_TIMES}
    check_config(actions.get("probe"), config, verify.path, fields.book)
    found = Verify(
        config=config,
        for_s=verify.duration("for", Verify.for_s),
        within_s=verify.duration("within", Verify.within_s),
        every_s=verify.duration("every", Verify.every_s),
    )
    if found.within_s < found.for_s:
        message = f"It must hold for {found.for_s:g} s, but has only {found.within_s:g} s in all."
        verify.problem("within", message, "Give it longer than `for`.")
    return found


def read_retry(fields: Fields, *, idempotent: bool, human: bool, may_override: bool) -> tuple[Retry, bool]:
    """How often it is tried, and whether an approval lets it be tried again although it isn't idempotent."""
    if not fields.has("retry"):
        return Retry(), False
    names = ("attempts", "delay", "backoff", "jitter", *(("override",) if may_override else ()))
    retry = Fields(fields.items["retry"], fields.at("retry"), fields.book, names)
    found = Retry(
        attempts=retry.integer("attempts", 1, least=1, most=MOST_ATTEMPTS),
        delay_s=retry.duration("delay", 0.0),
        backoff=retry.number("backoff", 1.0, least=1, most=10),
        jitter=retry.number("jitter", 0.0, least=0, most=1),
    )
    override = may_override and retry.flag("override", False)
    if override and not fields.has("approval"):
        retry.problem("override", "Nobody consents to it.", "Add an `approval`: its owner decides on the retry too.")
    if found.attempts > 1 and human:
        fields.problem("retry", "A person does this step; nobody tries it again by itself.", "Take it away.")
    elif found.attempts > 1 and not idempotent and not override:
        remedy = (
            RETRY_REMEDY if may_override else RETRY_REMEDY.replace("or `override: true` here, with an `approval`; ", "")
        )
        retry.problem("attempts", "It would be done again, and nobody says that this is harmless.", remedy)
    return found, override


def read_approval(fields: Fields) -> Approval | None:
    """What the accountable owner reads."""
    if not fields.has("approval"):
        return None
    names = ("reason", "effect", "undo", "proof", "within", "class")
    approval = Fields(fields.items["approval"], fields.at("approval"), fields.book, names)
    return Approval(
        reason=approval.text("reason", required=True, longest=200),
        effect=approval.text("effect", longest=500),
        undo=approval.text("undo", longest=500),
        proof=approval.text("proof", longest=500),
        within_s=approval.limit("within"),
        class_=approval.text("class", longest=60),
    )


def read_undo(fields: Fields) -> Undo | None:
    """How the step is taken back, or why it can't be."""
    if not fields.has("undo"):
        return None
    undo = Fields(fields.items["undo"], fields.at("undo"), fields.book, UNDO_FIELDS, UNDO_REFUSED)
    kind, none = undo.text("action", longest=40), undo.text("none")
    if bool(kind) == bool(none):
        undo.book.add(undo.path, "Give either `action`, or `none` with the reason why it can't be undone.")
    if none and len(undo.items) > 1:
        undo.problem(
            "none", "There is nothing to do, so nothing else can be said of it.", "Leave the other fields out."
        )
    action, with_ = read_action(kind, undo), undo.json("with")
    human = action is not None and action.human
    harmless = is_harmless(kind, with_)
    idempotent = undo.flag("idempotent", default=harmless)
    retry, _ = read_retry(undo, idempotent=idempotent, human=human, may_override=False)
    return Undo(
        action=kind,
        with_=with_,
        none=none,
        title=undo.text("title", longest=120),
        human=human,
        timeout_s=undo.duration("timeout", Undo.timeout_s, positive=True),
        retry=retry,
        idempotent=idempotent,
        verify=read_verify(undo),
        approval=read_approval(undo),
        assign=undo.text("assign", longest=200),
        instructions=undo.text("instructions", longest=8_000),
        harmless=harmless,
    )


def read_outputs(fields: Fields) -> tuple[Output, ...]:
    """The typed values that it leaves."""
    found: dict[str, Output] = {}
    for index, node in enumerate(fields.tables("outputs")):
        path = f"{fields.at('outputs')}.{index + 1}"
        output = Fields(node, path, fields.book, ("name", "type", "required", "value", "description"))
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


def read_deadline(fields: Fields, *, human: bool) -> Deadline | None:
    """When the person who does it is reminded, and who hears of it then."""
    if not fields.has("deadline"):
        return None
    deadline = Fields(fields.items["deadline"], fields.at("deadline"), fields.book, ("remind", "escalate", "to"))
    found = Deadline(
        deadline.limit("remind"), deadline.limit("escalate"), deadline.text("to", longest=200) or Deadline.to
    )
    if not human:
        fields.problem("deadline", "No person does this step, so nobody can be reminded.", "Use `timeout` or `within`.")
    if found.remind_s is None and found.escalate_s is None:
        fields.problem("deadline", "It says no time.", "Write {remind: 10m, escalate: 20m}, say.")
    elif found.remind_s is not None and found.escalate_s is not None and found.remind_s >= found.escalate_s:
        deadline.problem("remind", "The reminder would come after the escalation.", "Remind first.")
    return found
