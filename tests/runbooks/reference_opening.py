"""How the second interpreter (reference.py) writes, opens what waits, and takes back."""

from dataclasses import replace

from runbooks.engine.facts import GroupFacts, Kind, LastAttempt, StepFacts, Verdict, item_id, undo_id
from runbooks.engine.model import Effect, Step
from runbooks.states import AttemptState as A
from runbooks.states import Choice, LockState, Role
from runbooks.states import GroupState as G
from runbooks.states import StepState as S
from tests.runbooks.reference_facts import LIVE, Plan

ENDED = (S.DONE, S.FAILED, S.SKIPPED, S.BYPASSED, S.CANCELLED, S.UNDOING, S.UNDONE)
LOSSES = 5


class Opening(Plan):
    # What is written

    def put(self, row: str, **changes: object) -> bool:
        self.steps[row] = replace(self.steps[row], **changes)  # type: ignore[arg-type]
        return True

    def move(self, row: str, to: S) -> bool:
        facts = self.steps[row]
        if facts.state in (S.FAILED, S.UNKNOWN, S.CANCELLED) and to in (S.WAITING, S.APPROVAL, S.LOCKED, S.READY):
            self.put(row, group=facts.group + 1, losses=0, last=None, verdict=None, choice=Choice.NONE, choice_why="")
        effect = Effect.NONE if facts.state is S.UNDONE else self.steps[row].effect
        return self.put(row, state=to, effect=effect, locks=LockState.NONE if to in ENDED else facts.locks)

    def queue(self, row: str, kind: Kind, number: int, group: int, rounds: int | None = None) -> bool:
        facts = self.steps[row]
        same = facts.last is not None and facts.last.kind is kind and facts.tries == number
        last = LastAttempt(kind, A.QUEUED)
        rounds = facts.rounds if rounds is None else rounds
        return self.put(row, tries=number, group=group, last=last, losses=facts.losses if same else 0, rounds=rounds)

    def ask_again(self, row: str, kind: Kind) -> bool:
        facts = self.steps[row]
        return facts.losses < LOSSES and self.queue(row, kind, facts.tries, facts.group)

    def move_group(self, group: str, to: G) -> bool:
        self.groups[group] = replace(self.groups.get(group, GroupFacts()), state=to)
        return True

    def settle_group(self, group: str) -> None:
        self.groups[group] = replace(self.groups[group], choice=Choice.NONE, choice_why="")

    def renew(self, row: str, *, visits: int, was_done: bool) -> None:
        """Let a row begin anew: of what it did in an earlier visit only the effect stays known."""
        was = self.steps[row]
        did = was_done or was.state is S.DONE
        effect = Effect.MAYBE if did and was.effect is Effect.NONE else was.effect
        effect = Effect.NONE if was.state is S.UNDONE else effect
        fresh = StepFacts(role=was.role, of=was.of, group=was.group + 1, effect=effect)
        self.steps[row] = replace(fresh, visits=visits, held=was.held)

    # Opening

    def open(self) -> bool:
        """The next row that may leave `waiting`: an undo, else what is bypassed, else what is first, else in order."""
        undos = [row for row, facts in self.steps.items() if facts.role is Role.UNDO and self.may_undo(row)]
        undos.sort(key=lambda row: (-self.place_of(row), -int(row.rpartition(".")[2]) if "." in row else 0))
        if undos:
            return self.has_room() and self.begin(undos[0])
        if self.stopping:
            return False
        steps = [step for step in self.order if self.may_open(step)]
        for step in steps:
            if self.steps[step].state is S.WAITING and self.is_dead(step):
                return self.move(step, S.BYPASSED)
        steps.sort(key=lambda step: not self.steps[step].first)
        return bool(steps) and self.has_room() and self.open_step(steps[0])

    def has_room(self) -> bool:
        taken = [row for row, facts in self.steps.items() if facts.state in LIVE and not self.spec(row).loop]
        return self.was.width is None or len(taken) < self.was.width

    def may_undo(self, row: str) -> bool:
        facts = self.steps[row]
        after = all(self.steps[need].state in (S.DONE, S.SKIPPED) for need in facts.needs)
        return facts.state is S.WAITING and not facts.held and self.steps[facts.of].state is S.UNDOING and after

    def may_open(self, step: str) -> bool:
        facts = self.steps[step]
        if facts.held or any(map(self.frozen, self.around(step))):
            return False
        if facts.state is S.RUNNING and self.definition.by_id[step].loop:
            return self.next_item(step) is not None
        met = all(self.passes(need, step) for need in self._needs(step))
        return facts.state is S.WAITING and met and not self.is_asking(step) and facts.due is not False

    def next_item(self, step: str) -> str | None:
        loop, rows = self.definition.by_id[step].loop, self.items(step)
        states = [self.steps[row].state for row in rows]
        if any(state in (S.FAILED, S.UNKNOWN, S.CANCELLED) for state in states):
            return None
        if loop is None or sum(state in LIVE for state in states) >= loop.width:
            return None
        rows = rows[: self.steps[step].items]
        return next((row for row in rows if self.steps[row].state is S.WAITING and not self.steps[row].held), None)

    def is_dead(self, step: str) -> bool:
        """No decision that names it chose it; or all that it needs was bypassed."""
        naming = [each.id for each in self.definition.steps if each.decide and self.names(each, step)]
        if naming and not any(self.steps[each].state is S.DONE and step in self.steps[each].go for each in naming):
            return True
        needs = self.definition.by_id[step].needs
        return bool(needs) and all(self.steps[need].state is S.BYPASSED for need in needs)

    def names(self, decision: Step, step: str) -> bool:
        return decision.decide is not None and any(step in case.go for case in decision.decide.cases)

    def open_step(self, row: str) -> bool:
        facts, step = self.steps[row], self.spec(row)
        if facts.state is S.RUNNING:
            return self.begin(self.next_item(row) or "")
        if step.not_before and facts.due is None:
            return self.put(row, due=False)
        if step.when and not facts.condition:
            ask = facts.condition is None
            return self.queue(row, Kind.WHEN, facts.tries, facts.group) if ask else self.move(row, S.SKIPPED)
        if step.loop and facts.items is None:
            return self.queue(row, Kind.ITEMS, facts.tries, facts.group)
        if step.loop:
            self.move(row, S.RUNNING if facts.items else S.DONE)
            for number in range(1, (facts.items or 0) + 1):
                self.steps.setdefault(item_id(row, number), StepFacts(role=Role.ITEM, of=row))
            return True
        return self.begin(row)

    def begin(self, row: str) -> bool:
        if self.spec(row).approval and self.steps[row].verdict is not Verdict.APPROVED:
            self.move(row, S.APPROVAL)
            return self.put(row, verdict=Verdict.PENDING)
        return self.go_on(row)

    def go_on(self, row: str) -> bool:
        step, facts = self.spec(row), self.steps[row]
        if step.touches and not step.harmless and facts.locks is not LockState.HELD:
            self.move(row, S.LOCKED)
            return self.put(row, locks=LockState.QUEUED)
        self.move(row, S.READY)
        facts = self.steps[row]
        again = facts.last is not None and facts.last.kind is Kind.ACT
        return step.human or self.queue(row, Kind.ACT, facts.tries + 1, facts.group + again)

    def retry(self, row: str) -> bool:
        facts, step = self.steps[row], self.spec(row)
        if step.loop and facts.items is not None:
            self.move(row, S.RUNNING)
            rows = self.items(row)[: facts.items]
            return all(self.retry(each) for each in rows if self.steps[each].state in (S.FAILED, S.CANCELLED)) or True
        if facts.state is S.CANCELLED:
            return self.move(row, S.WAITING)
        if facts.last is not None and facts.last.kind in (Kind.WHEN, Kind.ITEMS):
            self.move(row, S.WAITING)
            return self.queue(row, facts.last.kind, facts.tries, self.steps[row].group)
        return self.begin(row)

    # Taking back

    def take_back(self, steps: list[str]) -> bool:
        """Start the undo of these steps, the last one first."""
        owing = [step for step in reversed(self.order) if step in steps and self.owes(step)]
        going = [step for step in steps if self.steps[step].state in (S.UNDOING, S.STUCK)]
        needs = {step: self.undos_after(step, {*owing, *going}) for step in owing}
        for step in owing:
            self.move(step, S.UNDOING)
            before = needs[step]
            items = [row for row in self.items(step) if self.happened(row)]
            for row in reversed(items) if self.definition.by_id[step].loop else [step]:
                self.move(row, S.UNDOING)
                undo = undo_id(row)
                if undo in self.steps:
                    self.renew(undo, visits=self.steps[undo].visits, was_done=False)
                else:
                    self.steps[undo] = StepFacts(role=Role.UNDO, of=row)
                self.put(undo, needs=tuple(before))
                before = [undo]
        return bool(owing)

    def undos_after(self, step: str, taken: set[str]) -> list[str]:
        """The undos of the next steps after this one that are taken back too."""
        found: list[str] = []
        for each in self.order:
            if step in self._needs(each):
                if each not in taken:
                    found += self.undos_after(each, taken)
                elif self.definition.by_id[each].loop:
                    rows = [row for row in self.items(each) if self.in_undo(row)]
                    found.append(undo_id(rows[0]))
                else:
                    found.append(undo_id(each))
        return sorted(set(found), key=lambda undo: self.place_of(undo))

    def in_undo(self, row: str) -> bool:
        return self.happened(row) or self.steps[row].state in (S.UNDOING, S.STUCK)

    def place_of(self, undo: str) -> int:
        of = undo.removeprefix("undo:")
        return self.order.index(of if of in self.order else of.rpartition(".")[0])
