"""What a definition and its facts say, looked up the long way: the eyes of the second interpreter (reference.py)."""

from dataclasses import replace

from runbooks.engine.facts import GroupFacts, Snapshot
from runbooks.engine.model import Definition, Effect, OnFailure, Rest, Step, Strategy
from runbooks.states import Choice, Goal, Role
from runbooks.states import GroupState as G
from runbooks.states import StepState as S

PASSED = (S.DONE, S.SKIPPED, S.BYPASSED)
LIVE = (S.APPROVAL, S.LOCKED, S.READY, S.RUNNING, S.VERIFYING)


class Plan:
    """What the definition says, looked up the long way."""

    def __init__(self, definition: Definition, snapshot: Snapshot) -> None:
        self.definition, self.was = definition, snapshot
        self.steps, self.groups = dict(snapshot.steps), dict(snapshot.groups)
        self.run = snapshot.run_state
        self.order = [step.id for step in definition.plan_order]
        self.sections = {section.id: section for section in definition.sections}

    def spec(self, row: str) -> Step:
        """The step's own fields, whatever the row; an undo's are those of its `undo`."""
        facts = self.steps[row]
        if facts.role is Role.STEP:
            return self.definition.by_id[row]
        if facts.role is Role.ITEM:
            return replace(self.definition.by_id[facts.of], loop=None, when="", not_before="", needs=())
        of = self.spec(facts.of)
        undo = of.undo
        assert undo is not None
        return Step(row, row, undo.action, human=undo.human, retry=undo.retry, idempotent=undo.idempotent,
                    verify=undo.verify, approval=undo.approval, touches=of.touches)  # fmt: skip

    def owner(self, row: str) -> str:
        while self.steps[row].role is not Role.STEP:
            row = self.steps[row].of
        return row

    def outward(self, section: str) -> list[str]:
        """Groups around a section's inside, innermost first; "" is the run."""
        found = []
        while section:
            if self.sections[section].strategy is not None:
                found.append(section)
            section = self.sections[section].inside
        return [*found, ""]

    def around(self, step: str) -> list[str]:
        return self.outward(self.definition.by_id[step].section)

    def parents(self, group: str) -> list[str]:
        return self.outward(self.sections[group].inside) if group else []

    def strategy(self, group: str) -> Strategy:
        return self.definition.strategy if not group else self.sections[group].strategy or Strategy()

    def inside(self, group: str) -> list[str]:
        """All steps of a group, however deep."""
        return [step for step in self.order if group in self.around(step)]

    def own_steps(self, group: str) -> list[str]:
        return [step for step in self.order if self.around(step)[0] == group]

    def own_groups(self, group: str) -> list[str]:
        return [each for each in self.sections if self.sections[each].strategy and self.parents(each)[0] == group]

    def inner_first(self) -> list[str]:
        groups = [each for each in self.sections if self.sections[each].strategy]
        return [*sorted(groups, key=lambda group: -len(self.parents(group))), ""]

    def group(self, group: str) -> G:
        return self.groups.get(group, GroupFacts()).state

    def items(self, step: str) -> list[str]:
        rows = [row for row, facts in self.steps.items() if facts.role is Role.ITEM and facts.of == step]
        return sorted(rows, key=lambda row: int(row.rpartition(".")[2]))

    def branches(self, group: str) -> list[tuple[list[str], list[str]]]:
        """Steps and groups of each branch: members tied by needs inside the group."""
        members = {step: {step} for step in self.own_steps(group)}
        members |= {inner: set(self.inside(inner)) for inner in self.own_groups(group)}
        left, found = dict(members), []
        while left:
            branch = {next(iter(left))}
            while True:
                steps = set().union(*(members[each] for each in branch))
                tied = {each for each in left if each not in branch and self.tied(steps, members[each])}
                if not tied:
                    break
                branch |= tied
            left = {each: steps for each, steps in left.items() if each not in branch}
            steps = [each for each in self.order if each in branch]
            found.append((steps, [each for each in self.sections if each in branch]))
        return found

    def tied(self, some: set[str], others: set[str]) -> bool:
        needs = {step.id: set(step.needs) for step in self.definition.steps}
        return any(needs[step] & others for step in some) or any(needs[step] & some for step in others)

    # How things stand

    def closes(self, group: str) -> bool:
        strategy = self.strategy(group)
        cut = strategy.on_failure is OnFailure.QUORUM and strategy.rest is not Rest.FINISH
        return self.frozen(group) or (self.group(group) is G.PASSED and cut)

    def frozen(self, group: str) -> bool:
        return self.group(group) in (G.UNDOING, G.UNDONE, G.ACCEPTED)

    def passes(self, need: str, step: str) -> bool:
        outside = [group for group in self.around(need) if group not in self.around(step)]
        return self.steps[need].state in PASSED or any(self.group(each) in (G.PASSED, G.ACCEPTED) for each in outside)

    def asks(self, row: str) -> bool:
        facts, step = self.steps[row], self.spec(row)
        open_question = (
            step.on_failure is OnFailure.PAUSE and facts.choice is not Choice.GIVE_UP and facts.items is None
        )
        return facts.state is S.FAILED and open_question and not any(map(self.closes, self.around(self.owner(row))))

    def is_asking(self, row: str) -> bool:
        last = self.steps[row].last
        return last is not None and last.open

    def active(self, step: str) -> bool:
        state = self.steps[step].state
        return state in LIVE or (state in (S.WAITING, S.UNKNOWN) and self.is_asking(step))

    def broken(self, step: str) -> bool:
        return self.steps[step].state in (S.FAILED, S.CANCELLED, S.UNDONE) and not self.asks(step)

    def pending(self, step: str) -> bool:
        """Goes on, or waits for a person."""
        return self.active(step) or self.steps[step].state in (S.UNKNOWN, S.UNDOING, S.STUCK) or self.asks(step)

    def broken_groups(self, group: str) -> list[str]:
        return [each for each in self.own_groups(group) if self.group(each) in (G.FAILED, G.UNDONE)]

    def is_broken(self, group: str) -> bool:
        return any(map(self.broken, self.own_steps(group))) or bool(self.broken_groups(group))

    def all_passed(self, steps: list[str], groups: list[str]) -> bool:
        good = all(self.group(each) in (G.PASSED, G.ACCEPTED) for each in groups)
        return good and all(self.steps[each].state in PASSED for each in steps)

    def live(self, group: str) -> bool:
        inner = [each for each in self.sections if self.sections[each].strategy and group in self.parents(each)]
        going = any(self.group(each) in (G.ASSESSING, G.UNDOING) for each in inner)
        return going or any(map(self.pending, self.inside(group)))

    def happened(self, row: str) -> bool:
        facts = self.steps[row]
        if facts.state in (S.UNDOING, S.UNDONE, S.STUCK):
            return False
        return facts.state in (S.DONE, S.UNKNOWN) or facts.effect is not Effect.NONE

    def owes(self, step: str) -> bool:
        """Whether there is something to take back, and a way to."""
        spec = self.definition.by_id[step]
        if spec.undo is None or not spec.undo.action or self.steps[step].state in (S.UNDOING, S.UNDONE, S.STUCK):
            return False
        return any(map(self.happened, self.items(step))) if spec.loop else self.happened(step)

    @property
    def stopping(self) -> bool:
        if self.group("") in (G.UNDOING, G.UNDONE):
            return False
        refused = any(self.steps[step].state is S.CANCELLED for step in self.own_steps(""))
        return self.was.goal is Goal.STOP or (refused and self.strategy("").on_failure is OnFailure.STOP)

    def may_begin(self, row: str) -> bool:
        if self.steps[row].role is Role.UNDO:
            return True
        return not self.stopping and not any(map(self.frozen, self.around(self.owner(row))))

    def hopeful(self) -> set[str]:
        """Waiting steps that may still begin although nobody changes their mind."""
        found: set[str] = set()
        while True:
            more = {step for step in self.order if step not in found and self._has_hope(step, found)}
            if not more:
                return found
            found |= more

    def _has_hope(self, step: str, found: set[str]) -> bool:
        waits = self.steps[step].state is S.WAITING and not self.is_asking(step)
        frozen = any(map(self.frozen, self.around(step)))
        return waits and not frozen and all(self._may_pass(need, step, found) for need in self._needs(step))

    def _needs(self, step: str) -> tuple[str, ...]:
        """Everything that must pass before, a policy's chain included."""
        return (*self.definition.by_id[step].needs, *self.definition.by_id[step].after)

    def _may_pass(self, need: str, step: str, found: set[str]) -> bool:
        if self.passes(need, step):
            return True
        outside = [group for group in self.around(need) if group not in self.around(step)]
        if outside:
            group = outside[-1]
            if self.group(group) in (G.UNDOING, G.UNDONE, G.FAILED):
                return False
            asks = self.group(group) is G.ASSESSING
            if asks or self.live(group) or any(group in self.around(each) for each in found):
                return True
        unsettled = self.active(need) or self.steps[need].state is S.UNKNOWN or self.asks(need)
        return unsettled or need in found
