"""Draws docs/img/engine-*.svg from end states that the planner itself came to: python -m scripts.engine_pictures

Ten branches, of which 3, 6 and 8 fail, under each strategy; and one small plan per model. A test keeps them fresh."""

from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from runbooks.engine.board import Board
from runbooks.engine.facts import GroupFacts, Kind, LastAttempt, QueueAttempt, Transition
from runbooks.engine.layout import layout
from runbooks.engine.model import Case, Decision, Definition, Effect, Model, OnFailure, Step, Strategy, Undo
from runbooks.engine.planner import plan
from runbooks.states import AttemptState, Choice, GroupState, StepState

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "img"
FAILING = ("b3", "b6", "b8")
MARGIN = 12.0
COLOURS = {  # fill, stroke
    **dict.fromkeys(("done", "succeeded"), ("#e3f4e8", "#1a7f37")),
    **dict.fromkeys(("failed", "stuck"), ("#fde8e7", "#b42318")),
    "undone": ("#ece7fb", "#6741d9"),
    **dict.fromkeys(("waiting", "bypassed", "skipped", "cancelled"), ("#f3f4f6", "#6b7280")),
}


@dataclass(frozen=True)
class Played:
    """A run at its end. log: every transition, in order."""

    board: Board
    log: tuple[Transition, ...]


def ten_branches(strategy: Strategy) -> Definition:
    undos = [Undo("http", title=f"Undo {number}") for number in range(1, 11)]
    steps = tuple(Step(f"b{place}", f"Shard {place}", "http", undo=undo) for place, undo in enumerate(undos, 1))
    return Definition("ten", "Ten shards", steps, strategy=strategy)


def played(
    definition: Definition, *, failing: tuple[str, ...] = (), answer: Choice = Choice.ACCEPT, case: Case | None = None
) -> Played:
    """Play a plan: workers take what is queued at once, and end it in that order; `failing` badly, with some effect.

    answer: what a person says when a group is assessed. case: what a decision takes."""
    board, log, queue = Board(definition), list[Transition](), list[str]()
    while True:
        found = plan(board)
        for transition in found:
            board.apply(transition)
            if isinstance(transition, QueueAttempt):
                queue.append(transition.step)
        for row in queue:
            leased = LastAttempt(Kind.ACT, AttemptState.LEASED)
            board.set(row, replace(board.steps[row], state=StepState.RUNNING, last=leased))
        log += found
        if queue:
            _end(board, queue.pop(0), failing, case)
        elif board.state_of("") is GroupState.ASSESSING:
            board.set_group("", GroupFacts(GroupState.ASSESSING, answer, "so decided"))
        else:
            return Played(board, tuple(log))


def _end(board: Board, row: str, failing: tuple[str, ...], case: Case | None) -> None:
    failed = row in failing
    state = AttemptState.FAILED if failed else AttemptState.SUCCEEDED
    last = LastAttempt(Kind.ACT, state, effect=Effect.MAYBE, error="answered 500" if failed else "")
    facts = replace(board.steps[row], last=last, effect=Effect.MAYBE)
    if case is not None and board.spec(row).decide is not None:
        facts = replace(facts, case=case.id, go=case.go)
    board.set(row, facts)


_LINEAR: dict[str, tuple[str, ...]] = {"a": (), "b": ("a",), "c": ("b",), "d": ("c",)}
_PARALLEL: dict[str, tuple[str, ...]] = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")}


def _steps(needs: dict[str, tuple[str, ...]]) -> tuple[Step, ...]:
    return tuple(Step(id_, id_.upper(), "http", needs=before) for id_, before in needs.items())


def scenes() -> dict[str, Played]:
    """By the name of the picture."""
    first, *rest = _steps(_PARALLEL)
    ways = (Case("left", go=("b",)), Case("right", go=("c",)))
    decision = replace(first, title="Decide", action="decide", decide=Decision(ways), harmless=True)
    fail_fast, go_on = Strategy(OnFailure.FAIL_FAST), Strategy(OnFailure.CONTINUE)
    return {
        "fail-fast": played(ten_branches(fail_fast), failing=FAILING),
        "continue": played(ten_branches(go_on), failing=FAILING, answer=Choice.UNDO_BRANCHES),
        "quorum": played(ten_branches(Strategy(OnFailure.QUORUM, quorum=7)), failing=FAILING),
        "linear": played(Definition("l", "Linear", _steps(_LINEAR), model=Model.LINEAR)),
        "parallel": played(Definition("p", "Parallel", (first, *rest))),
        "adaptive": played(Definition("a", "Adaptive", (decision, *rest), model=Model.ADAPTIVE), case=ways[0]),
    }


def drawn(scene: Played) -> str:
    """The picture: steps, their undos, how each ended, and the run."""
    board = scene.board
    nodes = list(board.steps)
    edges = [(need, step.id) for step in board.definition.steps for need in step.needs]
    edges += [(facts.of, row) for row, facts in board.steps.items() if facts.of]
    picture = layout(nodes, edges)
    width, height = picture.width + 2 * MARGIN, picture.height + 2 * MARGIN + 24
    lines = [f'<path d="{edge.path}" fill="none" stroke="#9ca3af" stroke-width="1.5"/>' for edge in picture.edges]
    boxes = [_box(board, row, box.x, box.y, box.w, box.h) for row, box in picture.boxes.items()]
    state = board.state_of("")
    group = "" if state is GroupState.OPEN else f", group {state.label.lower()}"
    title = f"{board.definition.title}: run {board.run_state.label.lower()}{group}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
            f' height="{height:g}" role="img" aria-label="{escape(title)}" font-family="system-ui, sans-serif">',
            f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>',
            f'<text x="{MARGIN:g}" y="22" font-size="13" font-weight="600" fill="#111827">{escape(title)}</text>',
            f'<g transform="translate({MARGIN:g} {MARGIN + 24:g})">',
            *lines,
            *boxes,
            "</g>",
            "</svg>",
            "",
        ]
    )


def _box(board: Board, row: str, x: float, y: float, w: float, h: float) -> str:
    state = board.steps[row].state
    fill, stroke = COLOURS.get(state.value, ("#fff7e0", "#92600a"))
    dash = ' stroke-dasharray="4 3"' if state in (StepState.BYPASSED, StepState.CANCELLED, StepState.WAITING) else ""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="6" fill="{fill}" stroke="{stroke}"{dash}/>'
        f'<text x="{x + 10:g}" y="{y + 18:g}" font-size="12" fill="#111827">{escape(board.spec(row).title)}</text>'
        f'<text x="{x + 10:g}" y="{y + 33:g}" font-size="11" fill="{stroke}">{escape(state.label)}</text>'
    )


def main() -> None:
    for name, scene in scenes().items():
        (FOLDER / f"engine-{name}.svg").write_text(drawn(scene))


if __name__ == "__main__":
    main()
