"""Advice about a definition that works: what readers, owners and tired people will stumble over."""

from dataclasses import dataclass

from runbooks.engine.model import Definition, Model, Step

TITLE_IN_GRAPH = 22  # characters that fit into a node


@dataclass(frozen=True)
class Advice:
    """line: of the step, 0 for the whole runbook. field: the path."""

    line: int
    field: str
    message: str


def lint(definition: Definition) -> list[Advice]:
    """Advice in the order of the steps; [] when there is none."""
    found = [
        Advice(step.line, f"steps.{step.id}.{field}", text) for step in definition.steps for field, text in _of(step)
    ]
    if definition.model is Model.PARALLEL and len(definition.steps) > 1 and not any(s.needs for s in definition.steps):
        text = "No step needs another, so all start at once. Write model: linear, or say what each needs."
        found.insert(0, Advice(0, "model", text))
    return found


def _of(step: Step) -> list[tuple[str, str]]:
    checks = [
        (
            len(step.title) > TITLE_IN_GRAPH,
            "title",
            f"{len(step.title)} characters; the graph shows {TITLE_IN_GRAPH}. Details go to instructions.",
        ),
        (step.human and not step.instructions, "instructions", "Nothing tells the person what to do."),
        (step.human and not step.assign, "assign", "Nobody is asked by name. Write role:commander, say."),
        (not step.human and bool(step.assign), "assign", "A worker does this step, so nobody is asked."),
        (
            step.retry.attempts > 1 and not step.idempotent and not step.human,
            "retry",
            "Only failures that surely changed nothing are tried again, as the step isn't idempotent.",
        ),
        (
            not step.human and not step.idempotent and step.verify is None,
            "verify",
            "It changes something and no probe says whether that worked.",
        ),
        (step.approval is not None and not step.touches, "touches", "No service is named, so no owner can be asked."),
        (
            step.approval is not None and not (step.approval.effect and step.approval.undo),
            "approval",
            "The owner decides better with `effect` and `undo`.",
        ),
        (
            not step.human and not step.idempotent and step.undo is None,
            "undo",
            "Say how it is undone, or `none` and why.",
        ),
    ]
    return [(field, text) for applies, field, text in checks if applies]
