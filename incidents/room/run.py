"""The run on show: graph and ribbon, its state in words, how its groups stand."""

from django.urls import reverse

from incidents.room.reader import Reader
from incidents.room.steps import fact, step_url, word_for
from incidents.run_view import Cell, Edge, Graph, Node, RunView, Section
from plumbing.templatetags.muster import iso
from runbooks.engine.model import OnFailure
from runbooks.models import RunMode
from runbooks.selectors import GroupOverview, RunOverview, StepOverview
from runbooks.states import PASSED_STEPS, GroupState, Role, RunState, StepState

S = StepState
RUN_STATES = {
    RunState.RUNNING: "running",
    RunState.PAUSED: "held",
    RunState.SUCCEEDED: "done",
    RunState.FAILED: "failed",
    RunState.UNDONE: "undone",
}
GROUP_STATES = {  # group's state -> state of the grammar, and what is said
    GroupState.ASSESSING: ("approval", "asks what failures mean"),
    GroupState.UNDOING: ("undoing", "being taken back"),
    GroupState.ACCEPTED: ("done", "accepted"),
    GroupState.FAILED: ("failed", "failed"),
    GroupState.UNDONE: ("undone", "taken back"),
}
COUNTED = (
    ("done", PASSED_STEPS),
    ("running", frozenset({S.RUNNING, S.VERIFYING})),
    ("failed", frozenset({S.FAILED, S.UNKNOWN, S.STUCK})),
    ("being taken back", frozenset({S.UNDOING})),
    ("taken back", frozenset({S.UNDONE})),
    ("to go", frozenset({S.WAITING, S.LOCKED, S.READY, S.APPROVAL})),
)


def run_view(reader: Reader) -> RunView | None:
    """The newest run as picture and ribbon; None while none was started."""
    overview = reader.run
    if overview is None:
        return None
    run = overview.run
    return RunView(
        uid=run.uid,
        title=f"{overview.definition.title} v{run.version.number}",
        url=reverse("runbooks:run", args=[run.uid]),
        state="undoing" if is_going_back(overview) else RUN_STATES.get(RunState(run.state), "cancelled"),
        word=_word(overview),
        sections=_sections(overview),
        graph=_graph(reader, overview),
        counts=counts(overview),
        forecast=forecast_of(reader),
        is_rehearsal=run.mode == RunMode.REHEARSAL,
    )


def forecast_of(reader: Reader) -> str:
    """When the run is likely to end, in a line; empty when it is over or nothing is known."""
    found = reader.forecast
    if found is None:
        return ""
    likely = f"likely ends {iso(found.p50_at)}, nine in ten by {iso(found.p90_at)}"
    return likely if found.runs else f"{likely}, by its author's times"


def is_going_back(overview: RunOverview) -> bool:
    """Whether something that the run did is being taken back now."""
    return overview.run.state == RunState.RUNNING and overview.count(S.UNDOING) > 0


def _word(overview: RunOverview) -> str:
    """The state of the run in words: "Live", "Taking back 2 of 5", "Paused"."""
    if is_going_back(overview):
        undos = [each for each in overview.extras if each.row.role == Role.UNDO]
        return f"Taking back, {sum(each.state in PASSED_STEPS for each in undos)} of {len(undos)}"
    return "Live" if overview.run.state == RunState.RUNNING else RunState(overview.run.state).label


def badge_of(group: GroupOverview) -> tuple[str, str]:
    """(state of the grammar, words): what a failure means in this group and how it stands."""
    rule = {
        OnFailure.FAIL_FAST: "all or nothing",
        OnFailure.CONTINUE: "goes on, then asks",
        OnFailure.QUORUM: f"{group.strategy.quorum} of {len(group.branches)} needed",
    }.get(group.strategy.on_failure, "")
    state, word = GROUP_STATES.get(group.state, ("", ""))
    if group.state is GroupState.PASSED and group.strategy.on_failure is OnFailure.QUORUM:
        state, word = "done", "quorum reached"
    elif group.state is GroupState.OPEN and group.strategy.on_failure is OnFailure.QUORUM:
        word = f"{group.passed} passed"
    return state, ", ".join(part for part in (rule, word) if part)


def counts(overview: RunOverview) -> str:
    """2 done · 1 running · 3 to go."""
    numbers = [(overview.count(*states), word) for word, states in COUNTED]
    return " · ".join(f"{number} {word}" for number, word in numbers if number)


def _sections(overview: RunOverview) -> tuple[Section, ...]:
    titles = {section.id: section.title for section in overview.definition.sections}
    found: dict[str, list[StepOverview]] = {}
    for each in overview.steps:
        found.setdefault(each.step.section, []).append(each)
    badges = {group.id: badge_of(group) for group in overview.groups}
    return tuple(
        Section(
            name=titles.get(section, section),
            badge=badges.get(section, ("", ""))[1],
            badge_state=badges.get(section, ("", ""))[0],
            cells=tuple(Cell(f"step:{each.step.id}", each.state.value) for each in steps),
            done=sum(each.state in PASSED_STEPS for each in steps),
        )
        for section, steps in found.items()
    )


def _graph(reader: Reader, overview: RunOverview) -> Graph:
    picture = overview.picture
    return Graph(
        width=picture.width,
        height=picture.height,
        nodes=tuple(_node(reader, overview, overview.by_id[step.id]) for step in overview.definition.plan_order),
        edges=tuple(_edge(overview, edge.a, edge.b, edge.path) for edge in picture.edges),
    )


def _node(reader: Reader, overview: RunOverview, each: StepOverview) -> Node:
    box = overview.picture.boxes[each.step.id]
    return Node(
        key=f"step:{each.step.id}",
        state=each.state.value,
        word=word_for(reader.user, each),
        title=each.step.title,
        fact=fact(reader.user, each),
        href=step_url(overview, each),
        x=box.x,
        y=box.y,
        w=box.w,
        h=box.h,
        after=", ".join(each.after),
        needs=tuple(f"step:{need}" for need in each.step.needs),
    )


def _edge(overview: RunOverview, a: str, b: str, path: str) -> Edge:
    is_past = overview.by_id[a].state in PASSED_STEPS
    is_critical = (a, b) in overview.critical
    return Edge(path, (*(("past",) if is_past else ()), *(("crit",) if is_critical else ())))
