"""Generated plans of all features of docs/engine.md."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from hypothesis import strategies as st

from runbooks.definitions.expanding import linearised
from runbooks.engine.facts import Snapshot, StepFacts
from runbooks.engine.model import (
    Approval,
    Case,
    Decision,
    Definition,
    Loop,
    OnFailure,
    Rest,
    Retry,
    Section,
    Step,
    Strategy,
    Undo,
    Until,
    Verify,
)
from runbooks.states import (
    RunState,
)

T = TypeVar("T")
NUMBERS = st.integers(0, 2**24 - 1)  # beyond that Hypothesis prefers small ones


class Dice:
    """Many small choices out of a few drawn numbers: draws are what costs. 0, the first side, is what shrinks last."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw, self._left, self._number = draw, 1, 0

    def throw(self, sides: int) -> int:
        """One of 0 to sides - 1, each about as likely."""
        if self._left < 64 * sides:
            self._left, self._number = 2**24, self._draw(NUMBERS)
        self._left //= sides
        self._number, side = divmod(self._number, sides)
        return side

    def of(self, sides: Sequence[T]) -> T:
        return sides[self.throw(len(sides))]

    def some(self, of: Sequence[str], most: int = 3) -> tuple[str, ...]:
        """At most so many of these, sorted."""
        return tuple(sorted({self.of(of) for _ in range(self.throw(most + 1))})) if of else ()

    def seldom(self, of: int = 5) -> bool:
        return self.throw(of + 1) == of

    def often(self) -> bool:
        return self.throw(2) == 1

    def shuffled(self, steps: list[Step]) -> tuple[Step, ...]:
        steps = list(steps)
        for last in range(len(steps) - 1, 0, -1):
            other = last - self.throw(last + 1)
            steps[last], steps[other] = steps[other], steps[last]
        return tuple(steps)


KINDS = (OnFailure.STOP, OnFailure.FAIL_FAST, OnFailure.CONTINUE, OnFailure.QUORUM)
UNDOS = (None, Undo(none="no way"), Undo("http"), Undo("http", approval=Approval("undo")))


def _strategy(dice: Dice) -> Strategy:
    kind, quorum, rest = dice.of(KINDS), 1 + dice.throw(3), dice.of(tuple(Rest))
    return Strategy(kind, quorum, rest, dice.of((OnFailure.CONTINUE, OnFailure.FAIL_FAST)))


@st.composite
def definitions(draw: st.DrawFn, max_steps: int = 10, *, plain: bool = False) -> Definition:
    """A plan whose steps need any of the earlier ones. plain: without sections, decisions, loops, undo."""
    dice, steps = Dice(draw), list[Step]()
    many, sections = 1 + dice.throw(max_steps), [] if plain else _sections(dice)
    for index in range(many):
        dice, ids = Dice(draw), [step.id for step in steps]
        step = _step(dice, f"s{index}", dice.some(ids))
        section = dice.of(["", *(each.id for each in sections)])
        steps.append(step if plain else replace(_more(dice, step), section=section))
    dice = Dice(draw)
    if not plain:
        steps = _with_decision(dice, steps)
    strategy = Strategy() if plain or dice.often() else _strategy(dice)
    definition = Definition(
        "generated", "Generated", dice.shuffled(steps), sections=_not_empty(sections, steps), strategy=strategy
    )
    return linearised(definition) if not plain and dice.seldom(8) else definition


def _not_empty(sections: list[Section], steps: list[Step]) -> tuple[Section, ...]:
    used = {step.section for step in steps}
    for section in reversed(sections):  # inner ones stand behind those around them
        used |= {section.inside} if section.id in used else set()
    return tuple(section for section in sections if section.id in used)


def _sections(dice: Dice) -> list[Section]:
    sections: list[Section] = []
    for index in range(dice.throw(4)):
        inside = dice.of(["", *(each.id for each in sections)])
        strategy = None if dice.seldom() else _strategy(dice)
        sections.append(Section(f"g{index}", f"Group {index}", inside=inside, strategy=strategy))
    return sections


def _step(dice: Dice, id_: str, needs: tuple[str, ...]) -> Step:
    human = dice.seldom(3)
    return Step(
        id=id_,
        title=f"Step {id_}",
        action="manual" if human else "http",
        human=human,
        needs=needs,
        idempotent=dice.often(),
        retry=Retry(1 + dice.throw(3), delay_s=1.0, backoff=2.0, jitter=0.5),
        verify=Verify({"tcp": "a:1"}) if dice.often() else None,
        approval=Approval("because") if dice.seldom(3) else None,
    )


def _more(dice: Dice, step: Step) -> Step:
    return replace(
        step,
        undo=dice.of(UNDOS),
        when="inputs.x" if dice.seldom() else "",
        loop=Loop("inputs.list", width=1 + dice.throw(3)) if dice.seldom() and not step.human else None,
        until=Until("output.ok", most=2) if dice.seldom() and not step.human else None,
        on_failure=OnFailure.PAUSE if dice.seldom() else OnFailure.STOP,
        check={"tcp": "a:1"} if dice.often() else None,
        not_before="22:00" if dice.seldom(8) else "",
        touches=("store",) if dice.seldom(3) else (),
        harmless=dice.seldom(6),
        may_override_retry=dice.seldom(),
    )


def _with_decision(dice: Dice, steps: list[Step]) -> list[Step]:
    """One of the steps becomes a decision: it opens some later ones, and may go back to one that it needs."""
    if len(steps) < 3 or not dice.often():
        return steps
    place = dice.throw(len(steps) - 1)
    later = [step.id for step in steps[place + 1 :]]
    ways = [dice.some(later) for _ in range(2)]
    cases = [Case(f"c{number}", "true", go=go) for number, go in enumerate(ways)]
    if steps[place].needs and dice.often():
        cases.append(Case("back", "true", back=steps[place].needs[0], most=dice.throw(3)))
    named = {target for go in ways for target in go}
    decision = replace(steps[place], action="decide", human=False, loop=None, until=None, verify=None, harmless=True)
    decision = replace(decision, decide=Decision(tuple(cases)), undo=None)
    rest = [
        replace(step, needs=(*step.needs, decision.id)) if step.id in named and decision.id not in step.needs else step
        for step in steps
    ]
    return [*rest[:place], decision, *rest[place + 1 :]]


def start(definition: Definition, **run: object) -> Snapshot:
    return Snapshot(RunState.RUNNING, {step.id: StepFacts() for step in definition.steps}, **run)  # type: ignore[arg-type]
