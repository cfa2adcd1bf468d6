"""Advice about a definition that works: what readers, owners and tired people will stumble over."""

from collections.abc import Iterator
from dataclasses import dataclass

from runbooks.actions.sources import echo_of
from runbooks.definitions.groups import branches_of, strategies_of
from runbooks.definitions.places import places_of
from runbooks.definitions.references import used_in
from runbooks.definitions.tree import ROOT, Tree
from runbooks.engine.graph import undo_step
from runbooks.engine.model import Definition, Model, OnFailure, Step, Watch

TITLE_IN_GRAPH = 22  # characters that fit into a node
DEEPEST_DECISIONS = 3  # one after the other; a tired reader follows no more
MEASURED = frozenset({"probe", "prometheus", "signal"})  # values that grow old
ALWAYS_FRESH = frozenset({"probe"})  # asked at the moment of deciding

Hint = tuple[str, str]  # field, text


@dataclass(frozen=True)
class Advice:
    """line: of the step, 0 for the whole runbook. field: the path."""

    line: int
    field: str
    message: str


def lint(definition: Definition) -> list[Advice]:
    """Advice about the whole first, then in the order of the steps; [] when there is none."""
    found = [Advice(0, field, text) for field, text in (*_of_runbook(definition), *_of_groups(definition))]
    depths = _decision_depths(definition)
    for step in definition.steps:
        hints = [*_of_people(step), *_of_change(step), *_of_evidence(step, definition), *_of_time(step)]
        hints += _of_decision(step, depths.get(step.id, 0))
        found += [Advice(step.line, f"steps.{step.id}.{field}", text) for field, text in hints]
    for watch in definition.watches:
        found += [Advice(watch.line, f"watches.{watch.id}.{field}", text) for field, text in _of_watch(watch)]
    return found


def _of_runbook(definition: Definition) -> Iterator[Hint]:
    if definition.model is Model.PARALLEL and len(definition.steps) > 1 and not any(s.needs for s in definition.steps):
        yield "model", "No step needs another, so all start at once. Write model: linear, or say what each needs."
    used = {path[1] for place in places_of(definition) for path in used_in(place) if path[0] == "inputs" and path[1:]}
    for spec in definition.inputs:
        if spec.name not in used:
            yield f"inputs.{spec.name}", "No step uses it. People would be asked for nothing."
    tree, place = Tree(definition), {step.id: index for index, step in enumerate(definition.steps)}
    for section in definition.sections:
        members = tree.members[section.id]
        if not members:
            yield f"sections.{section.id}", "No step stands in it."
        elif tree.model_of(section.inside) is Model.LINEAR and place[members[-1]] - place[members[0]] >= len(members):
            yield f"sections.{section.id}", "Its steps stand apart in the file, and run together. Put them together."


def _of_groups(definition: Definition) -> Iterator[Hint]:
    tree = Tree(definition)
    for group, strategy in strategies_of(definition).items():
        path = f"sections.{group}.on_failure" if group != ROOT else "on_failure"
        if strategy.on_failure is OnFailure.QUORUM and len(branches_of(definition, group)) == strategy.quorum:
            yield f"{path}.quorum", "All branches must pass, so a quorum says nothing. Write fail_fast or continue."
        if OnFailure.FAIL_FAST in (strategy.on_failure, strategy.otherwise):
            steps = (definition.by_id[id_] for id_ in tree.members[group])
            changing = (step for step in steps if step.touches or not (step.harmless or step.human))
            stays = [step.id for step in changing if step.undo is None]
            if stays:
                yield path, f"All is undone here, and nobody says how: {', '.join(stays[:5])}."


def _of_people(step: Step) -> Iterator[Hint]:
    if len(step.title) > TITLE_IN_GRAPH:
        text = f"{len(step.title)} characters; the graph shows {TITLE_IN_GRAPH}. Details go to instructions."
        yield "title", text
    if step.human and not step.instructions:
        yield "instructions", "Nothing tells the person what to do."
    if step.human and not step.assign:
        yield "assign", "Nobody is asked by name. Write role:commander, say."
    if not step.human and step.assign:
        yield "assign", "A worker does this step, so nobody is asked."
    if step.approval is not None and not step.touches:
        yield "touches", "No service is named, so no owner can be asked."
    if step.approval is not None and not (step.approval.effect and step.approval.undo):
        yield "approval", "The owner decides better with `effect` and `undo`."


def _of_change(step: Step) -> Iterator[Hint]:
    """Steps that change something."""
    changes = not step.harmless and not step.human
    if changes and not step.idempotent and step.verify is None:
        yield "verify", "It changes something and no probe says whether that worked."
    if changes and step.undo is None and (not step.idempotent or step.touches):
        yield "undo", "Say how it is undone, or `none` and why."
    if step.human and step.touches and step.undo is None:
        yield "undo", "It touches services. Say how it is undone, or `none` and why."
    if changes and not step.idempotent and step.check is None and step.undo is not None and step.undo.action:
        yield "check", "If its worker is lost, a person must find out what happened. A probe could."
    if step.undo is not None and step.undo.human and not step.undo.instructions:
        yield "undo.instructions", "Nothing tells the person how to take it back."


def _of_evidence(step: Step, definition: Definition) -> Iterator[Hint]:
    """A probe that asks who acted: what they say of their own work is no evidence."""
    inputs = {spec.name: spec.default for spec in definition.inputs if spec.default is not None}
    undo = undo_step(f"undo:{step.id}", step) if step.undo is not None and step.undo.action else None
    known = [{"env": env, "inputs": inputs} for env in definition.environments.values() or [{}]]
    for field, acting in (("verify", step), ("undo.verify", undo)):
        echoes = [echo_of(acting, values) for values in known] if acting else []
        if echo := next(filter(None, echoes), ""):
            yield field, f"{echo} acts and is asked whether it worked: an echo, no evidence. Ask somebody else."


def _of_time(step: Step) -> Iterator[Hint]:
    if step.within_s is not None and step.within_s < step.timeout_s:
        yield "within", f"Shorter than one attempt may take ({step.timeout_s:g} s), and asked when that one ends."
    if step.until is not None and step.within_s is not None and step.until.most * step.until.every_s > step.within_s:
        waits_s = step.until.most * step.until.every_s
        yield "within", f"`until` alone may wait {waits_s:g} s; it would not come to all its rounds."
    if step.retry.attempts == 1 and (step.retry.delay_s or step.retry.backoff > 1 or step.retry.jitter):
        yield "retry", "There is one attempt, so nothing is waited for. Add `attempts`."


def _of_decision(step: Step, depth: int) -> Iterator[Hint]:
    if step.decide is None:
        return
    if depth > DEEPEST_DECISIONS:
        yield "decide", f"It is decision {depth} in a row. Few can follow that at night: take a nested runbook."
    if len(step.decide.cases) == 1 and not step.decide.cases[0].when:
        yield "decide.cases", "There is one case and it is always true, so nothing is decided."
    for value in step.decide.values:
        if value.source in MEASURED - ALWAYS_FRESH and not value.max_age_s:
            yield f"decide.values.{value.name}", "However old, it counts. Add `max_age`."


def _of_watch(watch: Watch) -> Iterator[Hint]:
    if not watch.for_s:
        yield "for", "One look is enough to act on. Let it hold for a while."
    if watch.auto and watch.verb == "skip":
        yield "mode", "Steps are left out and nobody is asked. Write `mode: propose` unless that is surely right."


def _decision_depths(definition: Definition) -> dict[str, int]:
    """How many decisions stand one after the other up to each decision, itself included."""
    if not any(step.decide for step in definition.steps):
        return {}
    depths: dict[str, int] = {}
    for step in definition.plan_order:
        before = max((depths[need] for need in step.needs), default=0)
        depths[step.id] = before + (step.decide is not None)
    return depths
