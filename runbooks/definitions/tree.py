"""Which section stands in which, and what stands in each: the outline of a plan. Pure."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from runbooks.engine.model import Definition, Model, Section

ROOT = ""  # the runbook itself, as the section around all others


class Tree:
    """The outline. Sections that stand in each other in a circle, or in one that doesn't exist, count as outermost."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.sections: Mapping[str, Section] = {section.id: section for section in definition.sections}
        self.parents: dict[str, str] = {id_: self._parent(id_) for id_ in self.sections}
        for step in definition.steps:
            self.parents[step.id] = step.section if step.section in self.sections else ROOT

    def _parent(self, id_: str) -> str:
        inside = self.sections[id_].inside
        return ROOT if inside not in self.sections or id_ in circle_of(inside, self.sections) else inside

    def around(self, name: str) -> tuple[str, ...]:
        """The sections around a step or section, from the nearest to the runbook itself."""
        found = []
        while name:
            name = self.parents[name]
            found.append(name)
        return tuple(found)

    def model_of(self, section: str) -> Model:
        """The section's own model, or that of the nearest around it that has one."""
        for id_ in (section, *self.around(section)):
            model = self.sections[id_].model if id_ in self.sections else self.definition.model
            if model is not None:
                return model
        return self.definition.model

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """Steps and sections that stand directly in each section, by their first step in the author's order."""
        found: dict[str, list[str]] = {ROOT: [], **{id_: [] for id_ in self.sections}}
        placed: set[str] = set()
        for step in self.definition.steps:
            for name, parent in zip((step.id, *self.around(step.id)), self.around(step.id), strict=False):
                if name not in placed:
                    placed.add(name)
                    found[parent].append(name)
        return found

    @cached_property
    def members(self) -> dict[str, list[str]]:
        """Ids of all steps in each section, those of inner sections too, in the author's order."""
        found: dict[str, list[str]] = {ROOT: [], **{id_: [] for id_ in self.sections}}
        for step in self.definition.steps:
            for section in self.around(step.id):
                found[section].append(step.id)
        return found

    def steps_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """Ids of the steps that are named, and of all in the sections that are named; each once."""
        found: dict[str, None] = {}
        for name in names:
            found |= dict.fromkeys(self.members[name] if name in self.sections else (name,))
        return tuple(found)


def circle_of(section: str, sections: Mapping[str, Section]) -> tuple[str, ...]:
    """The sections around this one, itself first, as far as they go without repeating."""
    way: dict[str, None] = {}
    while section in sections and section not in way:
        way[section] = None
        section = sections[section].inside
    return tuple(way)
