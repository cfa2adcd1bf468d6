"""A live run follows another version: what would differ, and the plan that comes of it. Pure.

What happened is history: it stays as it ran, with the needs and the undo that it had, also when the new version
changed or dropped it. A dropped step is skipped, never removed. All else is as the new version says.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from runbooks.engine.model import Definition, Section, Step
from runbooks.states import GroupState, StepState

OPEN_TO_CHANGE = frozenset({StepState.WAITING, StepState.APPROVAL, StepState.LOCKED, StepState.READY, StepState.FAILED})
PLACE = frozenset({"needs", "section"})  # where a step stands, not what it does
UNSEEN = PLACE | {"id", "line"}


@dataclass(frozen=True)
class Changed:
    """A step that both versions have and that does something else. parts: fields that differ, as authors write them.

    stays: it happened already, so it stays as it ran; else it will do what the new version says."""

    step: str
    title: str
    parts: tuple[str, ...]
    stays: bool


@dataclass(frozen=True)
class Difference:
    """What a move to another version does to a run. Steps by id, in the order of the version that they stand in.

    added: new steps. late: those of them that something needs which happened already: they run now, after it.
    dropped: what the new version has no more and has not happened: skipped. kept: dropped too, but it happened.
    moved: same deed, another place. refused: why the run can't move, in sentences; empty when it can."""

    added: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    changed: tuple[Changed, ...] = ()
    moved: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.dropped or self.kept or self.changed or self.moved)

    def as_json(self) -> dict[str, Any]:
        """For a row, the ledger and the API."""
        told: dict[str, Any] = {spec.name: list(getattr(self, spec.name)) for spec in fields(self)}
        told["changed"] = [
            {"step": each.step, "title": each.title, "parts": list(each.parts), "stays": each.stays}
            for each in self.changed
        ]
        return told


def history_of(states: Mapping[str, StepState]) -> frozenset[str]:
    """Steps that stay as they ran, or as they were left out. states: by step."""
    return frozenset(step for step, state in states.items() if state not in OPEN_TO_CHANGE)


def difference(
    old: Definition, new: Definition, states: Mapping[str, StepState], groups: Mapping[str, GroupState]
) -> Difference:
    """What differs for a run of `old` with these states of its steps, and of its groups that have begun to end."""
    history = history_of(states)
    both = [(step, _parts(old.by_id[step.id], step)) for step in new.steps if step.id in old.by_id]
    gone = [step.id for step in old.steps if step.id not in new.by_id]
    added = [step.id for step in new.steps if step.id not in old.by_id]
    return Difference(
        added=tuple(added),
        late=tuple(step for step in added if _comes_late(new, step, history)),
        dropped=tuple(step for step in gone if step not in history),
        kept=tuple(step for step in gone if step in history),
        changed=tuple(
            Changed(step.id, step.title, tuple(sorted(parts - PLACE)), step.id in history)
            for step, parts in both
            if parts - PLACE
        ),
        moved=tuple(step.id for step, parts in both if parts and not parts - PLACE and step.id not in history),
        refused=tuple(_refusals(old, new, history, groups)),
    )


def migrated(old: Definition, new: Definition, history: Iterable[str]) -> Definition:
    """The new version with what stays of the old one. Raises ValueError when they need each other in a circle."""
    stays = frozenset(history)
    steps = [old.by_id[step.id] if step.id in stays and step.id in old.by_id else step for step in new.steps]
    for place, step in enumerate(old.steps):
        if step.id not in new.by_id:
            steps.insert(_after(steps, old.steps[:place]), step)
    found = replace(new, steps=tuple(steps), sections=(*new.sections, *_old_sections(old, new, steps)))
    found.plan_order  # noqa: B018  raises on a circle
    return found


def _after(steps: list[Step], before: tuple[Step, ...]) -> int:
    """Where a dropped step goes: behind the nearest of the steps that stood before it."""
    place = {step.id: index for index, step in enumerate(steps)}
    return next((place[step.id] + 1 for step in reversed(before) if step.id in place), 0)


def _old_sections(old: Definition, new: Definition, steps: list[Step]) -> Iterator[Section]:
    known = {section.id for section in new.sections}
    wanted = {step.section for step in steps} - known
    for section in reversed(old.sections):  # a section stands behind the one that it is in
        if section.id in wanted:
            wanted.add(section.inside)
    yield from (section for section in old.sections if section.id in wanted and section.id not in known)


def deed_of(step: Step) -> Step:
    """What a step does, wherever it stands: equal for two that do the same."""
    return replace(step, needs=(), section="", line=0)


def _parts(was: Step, now: Step) -> frozenset[str]:
    """The fields in which two texts of a step differ, as authors write them."""
    differing = {spec.name for spec in fields(Step) if getattr(was, spec.name) != getattr(now, spec.name)}
    return frozenset(name.rstrip("_").removesuffix("_s") for name in differing - (UNSEEN - PLACE))


def _comes_late(new: Definition, step: str, history: frozenset[str]) -> bool:
    """Whether something that needs the step, directly or through others, happened already."""
    todo, met = [step], {step}
    while todo:
        found = todo.pop()
        behind = {each.id for each in new.steps if found in each.needs} - met
        if behind & history:
            return True
        met |= behind
        todo += behind
    return False


def _refusals(
    old: Definition, new: Definition, history: frozenset[str], groups: Mapping[str, GroupState]
) -> Iterator[str]:
    inside = {section.id: section.inside for section in new.sections}
    titles = {section.id: section.title for section in new.sections}
    for step in new.steps:
        was = old.by_id.get(step.id)
        if step.id in history or (was is not None and was.section == step.section):
            continue
        section: str | None = step.section
        while section is not None:
            state = groups.get(section, GroupState.OPEN)
            if state != GroupState.OPEN:
                where = titles.get(section, new.title)
                yield f"“{step.title}” would stand in “{where}”, which is {state.label.lower()} already."
            section = inside.get(section, "") if section else None
    try:
        migrated(old, new, history)
    except ValueError:
        yield "What happened already and what the new version adds would need each other in a circle."
