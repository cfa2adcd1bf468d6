"""A second interpreter of docs/engine.md: slow, naive, without counters or cleverness. The planner must agree with it.

It looks at everything again after each single change, in this order: rows, opening, groups (inner ones first), end.
Reasons (`why`) are not its business: it gives the facts that result."""

from dataclasses import replace

from runbooks.engine.facts import GroupFacts, Snapshot, Verdict
from runbooks.engine.model import Definition, Effect, OnFailure, Rest
from runbooks.states import AttemptState as A
from runbooks.states import Choice, Goal, RunState
from runbooks.states import GroupState as G
from runbooks.states import StepState as S
from tests.runbooks.reference_rows import Rows


def interpret(definition: Definition, snapshot: Snapshot) -> Snapshot:
    """The snapshot after everything that is due has been done."""
    reference = Reference(definition, snapshot)
    while reference.run in (RunState.RUNNING, RunState.PAUSED) and reference.change():
        pass
    return replace(snapshot, run_state=reference.run, steps=reference.steps, groups=reference.groups)


class Reference(Rows):
    def change(self) -> bool:
        """Do the next thing that is due. False when there is none."""
        refused = [row for row, facts in self.steps.items() if facts.verdict is Verdict.REJECTED]
        if any(self.steps[row].state is S.APPROVAL and self.row(row) for row in refused):
            return True
        if any(self.row(row) for row in list(self.steps)):
            return True
        if self.run is RunState.PAUSED:
            return False
        return self.open() or any(self.judge(group) for group in self.inner_first()) or self.end()

    # Groups

    def judge(self, group: str) -> bool:
        state, strategy = self.group(group), self.strategy(group)
        if self.groups.get(group, GroupFacts()).choice is Choice.UNDO_ALL and state not in (G.UNDOING, G.UNDONE):
            self.settle_group(group)  # a person's word: it also holds in a run that stops
            return self.move_group(group, G.UNDOING)
        if not group and self.was.goal is Goal.UNDO and state not in (G.UNDOING, G.UNDONE):
            return self.move_group(group, G.UNDOING)
        if state is G.UNDOING:
            return self.undo_group(group)
        if any(self.closes(each) for each in self.parents(group)):
            return state is G.ASSESSING and self.move_group(group, G.FAILED)
        if self.stopping:
            return False
        if state is G.FAILED and (self.live(group) or not self.is_broken(group)):
            return self.move_group(group, G.OPEN)
        if state is G.ASSESSING:
            return self.assess(group)
        if state is G.PASSED and strategy.rest is Rest.UNDO and strategy.on_failure is OnFailure.QUORUM:
            return self.undo_rest(group)
        return state is G.OPEN and self.judge_open(group)

    def judge_open(self, group: str) -> bool:
        strategy, kind = self.strategy(group), self.strategy(group).on_failure
        quorum = kind is OnFailure.QUORUM
        undo_all = kind is OnFailure.FAIL_FAST or (quorum and strategy.otherwise is OnFailure.FAIL_FAST)
        branches = self.branches(group) if quorum else []
        if quorum and sum(self.all_passed(*branch) for branch in branches) >= strategy.quorum:
            self.move_group(group, G.PASSED)
            for branch in [each for each in branches if not self.all_passed(*each)]:
                self.cut(self.steps_of(branch)) if strategy.rest is not Rest.FINISH else None
            return True
        whole = sum(not self.is_branch_broken(branch) for branch in branches)
        broken = self.is_broken(group)
        if undo_all and broken and (not quorum or whole < strategy.quorum):
            return self.move_group(group, G.UNDOING)
        if quorum and undo_all and whole < strategy.quorum:
            return self.move_group(group, G.UNDOING)
        if self.all_passed(self.own_steps(group), self.own_groups(group)):
            return bool(group) and self.move_group(group, G.PASSED)
        if not broken or self.live(group) or any(group in self.around(step) for step in self.hopeful()):
            return False
        if undo_all:
            return self.move_group(group, G.UNDOING)
        if kind is not OnFailure.STOP:
            return self.move_group(group, G.ASSESSING)
        return bool(group) and self.move_group(group, G.FAILED)

    def is_branch_broken(self, branch: tuple[list[str], list[str]]) -> bool:
        steps, groups = branch
        return any(map(self.broken, steps)) or any(self.group(each) in (G.FAILED, G.UNDONE) for each in groups)

    def steps_of(self, branch: tuple[list[str], list[str]]) -> list[str]:
        return [step for step in self.order if step in branch[0] or set(self.around(step)) & set(branch[1])]

    def cut(self, steps: list[str]) -> None:
        for step in steps:
            for row in [step, *self.items(step)]:
                facts = self.steps[row]
                leased = facts.last is not None and facts.last.state is A.LEASED
                begun = facts.tries or facts.losses or facts.effect is not Effect.NONE
                queued = facts.state in (S.APPROVAL, S.LOCKED, S.READY) and not leased
                if queued or (facts.state is S.WAITING and not begun):
                    self.call_off(row)

    def undo_rest(self, group: str) -> bool:
        for branch in self.branches(group):
            steps = self.steps_of(branch)
            if not self.all_passed(*branch) and not any(map(self.active, steps)) and self.take_back(steps):
                return True
        return False

    def undo_group(self, group: str) -> bool:
        steps = self.inside(group)
        if any(map(self.active, steps)):
            return False
        return self.take_back(steps) or (not self.under_undo(group) and self.move_group(group, G.UNDONE))

    def under_undo(self, group: str) -> bool:
        inner = [each for each in self.sections if group in self.parents(each)]
        going = any(self.group(each) is G.UNDOING for each in inner)
        return going or any(self.steps[step].state in (S.UNDOING, S.STUCK) for step in self.inside(group))

    def assess(self, group: str) -> bool:
        choice = self.groups[group].choice
        if choice is Choice.UNDO_BRANCHES:
            broken = [branch for branch in self.branches(group) if self.is_branch_broken(branch)]
            begun = [self.take_back(self.steps_of(branch)) for branch in broken]
            if any(begun):
                return True
            if self.under_undo(group):
                return False
        if choice in (Choice.UNDO_BRANCHES, Choice.ACCEPT):
            self.settle_group(group)
            return self.move_group(group, G.ACCEPTED)
        if choice is not Choice.NONE:
            self.settle_group(group)
            self.mend(group, choice)
            return True
        going = any(map(self.active, self.inside(group)))
        return (going or not self.is_broken(group)) and self.move_group(group, G.OPEN)

    def mend(self, group: str, choice: Choice) -> None:
        for step in filter(self.broken, self.own_steps(group)):
            if choice is Choice.SKIP:
                self.move(step, S.SKIPPED)
            elif self.steps[step].state in (S.FAILED, S.CANCELLED):
                self.retry(step)
        for inner in self.broken_groups(group):
            if choice is Choice.SKIP:
                self.move_group(inner, G.ACCEPTED)
            elif self.group(inner) is G.FAILED:
                self.mend(inner, choice)

    # The end

    def end(self) -> bool:
        state = self.group("")
        if state is G.UNDONE:
            self.run = RunState.UNDONE
        elif self.stopping:
            if any(self.active(step) for step in self.order) or self.under_undo(""):
                return False
            self.run = RunState.STOPPED
        elif state in (G.UNDOING, G.ASSESSING) or self.live("") or self.hopeful():
            return False
        else:
            passed = state in (G.PASSED, G.ACCEPTED) or self.all_passed(self.own_steps(""), self.own_groups(""))
            self.run = RunState.SUCCEEDED if passed else RunState.FAILED
        return True
