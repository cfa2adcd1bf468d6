"""What must hold before a runbook that runs others as steps may be published: they exist, fit, and never come back."""

from collections.abc import Mapping

from catalog.models import User
from runbooks.actions.run import RUN, NestedRun, RunConfig
from runbooks.definitions.problems import DefinitionError, Problem
from runbooks.engine.family import DEEPEST, patterns, published
from runbooks.engine.model import Definition, Step
from runbooks.engine.nested import version_of
from runbooks.engine.reading import definition_of
from runbooks.errors import BadConfig, NestedRefused
from runbooks.models import RunbookVersion
from runbooks.selectors import visible_to


def check_patterns(definition: Definition, filename: str, *, publisher: User) -> None:
    """Raises DefinitionError for every step with `action: run` that could not start, with its line and a remedy."""
    steps = [step for step in definition.steps if step.action == RUN]
    problems = [found for step in steps if (found := _problem(step, definition, filename, publisher))]
    if steps and not problems and (way := circle(definition)):
        route, step = " → ".join(way), next(step for step in steps if step.with_.get("runbook") == way[1])
        if way[-1] == definition.name:
            problems.append(
                _at(filename, step, f"It would run inside itself: {route}.", "Take one of these steps out.")
            )
        else:
            problems.append(_at(filename, step, f"{len(way)} runs inside each other ({route}); {DEEPEST} are allowed."))
    if problems:
        raise DefinitionError(problems)


def circle(definition: Definition) -> list[str]:
    """The way by which the runbook comes back to itself, or goes too deep; [] when it does neither.

    Each runbook stands for its published version."""
    todo, known = [[definition.name, name] for name in patterns(definition)], dict[str, tuple[str, ...]]()
    while todo:
        way = todo.pop(0)
        if way[-1] == definition.name or len(way) > DEEPEST:
            return way
        if way[-1] not in known:
            version = published(frozenset({way[-1]})).get(way[-1])
            known[way[-1]] = patterns(definition_of(version)) if version else ()
        todo += [[*way, name] for name in known[way[-1]]]
    return []


def _problem(step: Step, definition: Definition, filename: str, publisher: User) -> Problem | None:
    """What is wrong with one such step by itself."""
    named, number = step.with_.get("runbook"), step.with_.get("version", 0)
    if not isinstance(named, str) or "{{" in named or not isinstance(number, int):
        return _at(filename, step, "Which runbook it is must be known when it is published.", "Write its name.")
    if named == definition.name:
        return _at(filename, step, "A runbook that runs itself never ends.", "Use `until`, or a decision with `back`.")
    if not visible_to(publisher).filter(slug=named).exists():
        return _at(filename, step, f"You see no runbook `{named}`.", "Name one that your teams may see.")
    try:
        version = version_of(_config(named, number))
    except (NestedRefused, BadConfig) as error:
        return _at(filename, step, str(error))
    inputs = step.with_.get("inputs", {})
    return _misfit(filename, step, version, inputs if isinstance(inputs, Mapping) else {})


def _misfit(filename: str, step: Step, version: RunbookVersion, given: Mapping[str, object]) -> Problem | None:
    """Inputs that it doesn't have, or needs and doesn't get."""
    specs = {spec.name: spec for spec in definition_of(version).inputs}
    for name in given:
        if name not in specs:
            return _at(filename, step, f"{version} has no input `{name}`.", f"It has: {', '.join(specs) or 'none'}.")
    for spec in specs.values():
        if spec.required and spec.default is None and spec.name not in given:
            return _at(filename, step, f"{version} needs the input `{spec.name}`.", "Add it under `with.inputs`.")
    return None


def _config(named: str, number: int) -> RunConfig:
    return NestedRun().parse({"runbook": named, "version": number})


def _at(filename: str, step: Step, message: str, remedy: str = "") -> Problem:
    return Problem(filename, step.line, 1, f"steps.{step.id}.with.runbook", message, remedy)
