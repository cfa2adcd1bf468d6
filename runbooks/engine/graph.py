"""The shape of a definition: who needs whom, to which group a step belongs, which branches a group has. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from runbooks.engine.facts import item_number
from runbooks.engine.model import Definition, Section, Step, Strategy, Undo
from runbooks.states import Role

ROOT = ""  # id of the outermost group: the run as a whole
WATCH_PREFIX = "watch:"

Place = tuple[int, int, int]  # where a row stands among all rows of a run
Way = tuple[str, tuple[str, ...]]  # a step that needs another, and the other's groups that it stands outside of


def graph_of(definition: Definition) -> "Graph":
    """The definition's graph, made once per definition."""
    known: Graph | None = definition.__dict__.get("_graph")
    if known is None:
        known = definition.__dict__["_graph"] = Graph(definition)
    return known


def spec_of(definition: Definition, row: str, role: Role = Role.STEP, of: str = "") -> Step:
    """What a row of a run's plan is about, whatever its role; `of` as in StepFacts. Raises KeyError for an unknown one.

    An item is its loop's step under the item's id, an undo a step made of `Undo`, a watch a step of action `watch`."""
    return graph_of(definition).spec(row, role, of)


@dataclass(frozen=True)
class Branch:
    """Members of a group that are tied to each other by needs inside the group, in the author's order."""

    steps: tuple[str, ...]
    groups: tuple[str, ...]


class Graph:
    """See `graph_of`. Groups are named by their section's id, the outermost one by ROOT."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.by_id = definition.by_id
        self.place = {step.id: index for index, step in enumerate(definition.plan_order)}
        self.sections: dict[str, Section] = {section.id: section for section in definition.sections}
        self.needs = {step.id: tuple(dict.fromkeys((*step.needs, *step.after))) for step in definition.steps}
        self._specs: dict[str, Step] = {}

    def spec(self, row: str, role: Role = Role.STEP, of: str = "") -> Step:
        if role is Role.STEP:
            return self.by_id[row]
        if row not in self._specs:
            self._specs[row] = self._made(row, role, of)
        return self._specs[row]

    def _made(self, row: str, role: Role, of: str) -> Step:
        if role is Role.ITEM:
            loop = self.by_id[of]
            title = f"{loop.title} ({item_number(row)})"
            return replace(loop, id=row, title=title, loop=None, when="", needs=(), not_before="")
        if role is Role.UNDO:
            of_item = of not in self.by_id
            return undo_step(row, self.spec(of, Role.ITEM, of.rpartition(".")[0]) if of_item else self.by_id[of])
        watch = next(each for each in self.definition.watches if WATCH_PREFIX + each.id == row)
        return Step(row, watch.title, "watch", line=watch.line, idempotent=True, harmless=True)

    def position(self, row: str, role: Role, of: str) -> Place:
        """The order in which the planner looks at rows: undos first, the last step's before the first one's."""
        if role is Role.STEP:
            return (0, self.place[row], 0)
        if role is Role.ITEM:
            return (0, self.place[of], item_number(row))
        if role is Role.UNDO:
            owner, number = (of, 0) if of in self.place else (of.rpartition(".")[0], item_number(of))
            return (-1, -self.place[owner], -number)
        return (1, 0, 0)

    @cached_property
    def group_of(self) -> dict[str, str]:
        """Innermost group of each step."""
        return {step.id: self._group_around(step.section) for step in self.definition.steps}

    def _group_around(self, section: str) -> str:
        while section and section in self.sections and self.sections[section].strategy is None:
            section = self.sections[section].inside
        return section if section in self.sections else ROOT

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """All groups, ROOT first, then in the author's order."""
        return (ROOT, *(section.id for section in self.definition.sections if section.strategy is not None))

    @cached_property
    def above(self) -> dict[str, tuple[str, ...]]:
        """A group, the group around it, and so on, to ROOT."""
        return {group: tuple(self._way_up(group)) for group in self.groups}

    def _way_up(self, group: str) -> Iterator[str]:
        while group != ROOT:
            yield group
            group = self._group_around(self.sections[group].inside)
        yield ROOT

    @cached_property
    def steps_in(self) -> dict[str, tuple[str, ...]]:
        """Steps that belong to a group and to none inside it."""
        found: dict[str, list[str]] = {group: [] for group in self.groups}
        for step in self.definition.steps:
            found[self.group_of[step.id]].append(step.id)
        return {group: tuple(steps) for group, steps in found.items()}

    @cached_property
    def groups_in(self) -> dict[str, tuple[str, ...]]:
        """Groups right inside a group."""
        inside: dict[str, list[str]] = {group: [] for group in self.groups}
        for group in self.groups[1:]:
            inside[self.above[group][1]].append(group)
        return {group: tuple(groups) for group, groups in inside.items()}

    def all_groups(self, group: str) -> Iterator[str]:
        """The group and every one inside it."""
        yield group
        for inner in self.groups_in[group]:
            yield from self.all_groups(inner)

    def all_steps(self, group: str) -> Iterator[str]:
        """The steps of a group and of every one inside it."""
        for each in self.all_groups(group):
            yield from self.steps_in[each]

    def strategy(self, group: str) -> Strategy:
        return self.definition.strategy if group == ROOT else self.sections[group].strategy or Strategy()

    def title(self, group: str) -> str:
        return self.definition.title if group == ROOT else self.sections[group].title

    @cached_property
    def dependents(self) -> dict[str, tuple[Way, ...]]:
        """Who needs a step, in plan order."""
        found: dict[str, list[Way]] = {step.id: [] for step in self.definition.steps}
        for step in self.definition.plan_order:
            for need in self.needs[step.id]:
                found[need].append((step.id, self.between(need, step.id)))
        return {step: tuple(ways) for step, ways in found.items()}

    def between(self, need: str, step: str) -> tuple[str, ...]:
        """Groups of `need` that `step` stands outside of, innermost first."""
        theirs, ours = self.group_of[need], self.group_of[step]
        if theirs in (ours, ROOT):
            return ()
        around = set(self.above[ours])
        return tuple(group for group in self.above[theirs] if group not in around)

    @cached_property
    def deciders(self) -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
        """Per step that decisions choose: what they name (the step, or a section around it), and which decisions do."""
        named: dict[str, list[str]] = {}
        for step in self.definition.steps:
            cases = step.decide.cases if step.decide else ()
            for target in dict.fromkeys(target for case in cases for target in case.go):
                named.setdefault(target, []).append(step.id)
        found = {}
        for step in self.definition.steps if named else ():
            levels = [each for each in (step.id, *self._sections_around(step.section)) if each in named]
            if levels:
                found[step.id] = tuple((level, tuple(named[level])) for level in levels)
        return found

    @cached_property
    def swayed(self) -> dict[str, tuple[str, ...]]:
        """Steps that may be bypassed, or no longer, when a step changes: who needs it, and whom it decides about."""
        found = {step: dict.fromkeys(after for after, _ in ways) for step, ways in self.dependents.items()}
        for step, levels in self.deciders.items():
            for _, decisions in levels:
                for decision in decisions:
                    found[decision][step] = None
        return {step: tuple(swayed) for step, swayed in found.items()}

    def _sections_around(self, section: str) -> Iterator[str]:
        while section in self.sections:
            yield section
            section = self.sections[section].inside

    def on_the_way(self, first: str, last: str) -> set[str]:
        """Both steps, all that lie between them, and every step of a group that `last` stands outside of."""
        after, before = self._reach(first, self._followers), self._reach(last, self.needs)
        found = (after & before) | {first, last}
        around = set(self.above[self.group_of[last]])
        for step in tuple(found):
            outside = [group for group in self.above[self.group_of[step]] if group not in around]
            found |= set(self.all_steps(outside[-1])) if outside else set()
        return found

    def _reach(self, step: str, ways: Mapping[str, tuple[str, ...]]) -> set[str]:
        found, todo = set[str](), [step]
        while todo:
            for other in ways[todo.pop()]:
                if other not in found:
                    found.add(other)
                    todo.append(other)
        return found

    @cached_property
    def _followers(self) -> dict[str, tuple[str, ...]]:
        return {step: tuple(after for after, _ in ways) for step, ways in self.dependents.items()}

    @cached_property
    def _branches(self) -> dict[str, tuple[Branch, ...]]:
        return {}

    def branches(self, group: str) -> tuple[Branch, ...]:
        """The group's branches, in the author's order of their first members."""
        if group not in self._branches:
            self._branches[group] = tuple(self._find_branches(group))
        return self._branches[group]

    def _find_branches(self, group: str) -> Iterator[Branch]:
        member_of = {step: step for step in self.steps_in[group]}
        for inner in self.groups_in[group]:
            member_of |= dict.fromkeys(self.all_steps(inner), inner)
        leader = {member: member for member in member_of.values()}

        def lead(member: str) -> str:
            while leader[member] != member:
                leader[member] = member = leader[leader[member]]
            return member

        for name, member in member_of.items():
            for need in self.by_id[name].needs:  # not `after`: a policy's chain ties nothing together
                if need in member_of:
                    leader[lead(member)] = lead(member_of[need])
        found: dict[str, dict[str, None]] = {}
        for step in self.definition.steps:
            own = member_of.get(step.id)
            if own is not None:
                found.setdefault(lead(own), {})[own] = None
        for members in found.values():
            groups = tuple(member for member in members if member in self.groups_in[group])
            yield Branch(tuple(member for member in members if member not in groups), groups)


def undo_step(row: str, step: Step) -> Step:
    """A step made of another's `undo`. Raises ValueError when that declares none."""
    undo: Undo | None = step.undo
    if undo is None or not undo.action:
        raise ValueError(f"step {step.id} has no undo")
    return Step(
        row,
        undo.title or f"Undo: {step.title}",
        undo.action,
        with_=undo.with_,
        human=undo.human,
        section=step.section,
        instructions=undo.instructions,
        timeout_s=undo.timeout_s,
        retry=undo.retry,
        idempotent=undo.idempotent,
        verify=undo.verify,
        approval=undo.approval,
        assign=undo.assign or step.assign,
        touches=step.touches,
        resources=step.resources,
        lock_wait_s=step.lock_wait_s,
        executor=step.executor,
        harmless=undo.harmless,
        line=step.line,
    )
