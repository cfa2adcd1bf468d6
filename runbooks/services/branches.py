"""Which steps of a run belong together: the branch of a step, the members of a group."""

from runbooks.engine.model import Definition
from runbooks.engine.work import Work


def group_around(definition: Definition, section: str) -> str:
    """Id of the group that steps of a section belong to: the nearest one with a strategy; "" for the whole run."""
    sections = {each.id: each for each in definition.sections}
    while section and sections[section].strategy is None:
        section = sections[section].inside
    return section


def members_of(definition: Definition, group: str) -> tuple[str, ...]:
    """All steps inside a group, at any depth, in the author's order."""
    inside = {each.id: each.inside for each in definition.sections}

    def is_in(section: str) -> bool:
        while section and section != group:
            section = inside[section]
        return section == group

    return tuple(step.id for step in definition.steps if is_in(step.section))


def branch_of(work: Work, step: str) -> tuple[str, ...]:
    """The steps of the group around `step` that are tied to it by needs inside the group, itself included."""
    definition = work.definition
    group = group_around(definition, definition.by_id[step].section)
    members = members_of(definition, group)
    inside, found, todo = set(members), {step}, [step]
    while todo:
        here = todo.pop()
        ties = {*definition.by_id[here].needs} | {other for other in inside if here in definition.by_id[other].needs}
        todo += sorted(ties & inside - found)
        found |= ties & inside
    return tuple(member for member in members if member in found)
