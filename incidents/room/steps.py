"""The run on show: graph, ribbon, and the step list with what is the reader's first."""

from django.urls import reverse

from catalog.models import User
from catalog.permissions import Right
from incidents.room.reader import Reader
from incidents.run_view import (
    Action,
    Cell,
    Edge,
    Graph,
    Node,
    Person,
    RunView,
    Section,
    StepGroup,
    StepRow,
)
from plumbing.templatetags.muster import iso
from runbooks.models import RunMode
from runbooks.selectors import RunOverview, StepOverview
from runbooks.states import RunState, StepState

S = StepState
FITS = 8  # steps of a plan that is shown whole; a longer one is folded where nothing happens now
FACT = 22  # characters of a node's second line
RUN_STATES = {RunState.RUNNING: "running", RunState.SUCCEEDED: "done", RunState.FAILED: "failed"}
GROUPS: tuple[tuple[str, frozenset[StepState], bool], ...] = (  # name, states, folded
    ("Waits for a decision", frozenset({S.APPROVAL}), False),
    ("Running", frozenset({S.RUNNING, S.VERIFYING, S.READY}), False),
    ("Failed", frozenset({S.FAILED, S.UNKNOWN}), False),
    ("Waiting", frozenset({S.WAITING}), True),
    ("Done", frozenset({S.DONE, S.SKIPPED, S.CANCELLED}), True),
)
MENDS = {S.FAILED: ("Try again…", "retry"), S.UNKNOWN: ("Say what happened…", "settle")}
COUNTED = (
    ("done", frozenset({S.DONE, S.SKIPPED})),
    ("running", frozenset({S.RUNNING, S.VERIFYING})),
    ("failed", frozenset({S.FAILED, S.UNKNOWN})),
    ("to go", frozenset({S.WAITING, S.READY, S.APPROVAL})),
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
        state=RUN_STATES.get(RunState(run.state), "cancelled"),
        word="Live" if run.state == RunState.RUNNING else RunState(run.state).label,
        sections=_sections(overview),
        graph=_graph(reader, overview),
        counts=counts(overview),
        is_rehearsal=run.mode == RunMode.REHEARSAL,
    )


def counts(overview: RunOverview) -> str:
    """2 done · 1 running · 3 to go."""
    numbers = [(overview.count(*states), word) for word, states in COUNTED]
    return " · ".join(f"{number} {word}" for number, word in numbers if number)


def _sections(overview: RunOverview) -> tuple[Section, ...]:
    titles = {section.id: section.title for section in overview.definition.sections}
    found: dict[str, list[StepOverview]] = {}
    for each in overview.steps:
        found.setdefault(each.step.section, []).append(each)
    return tuple(
        Section(
            name=titles.get(section, section),
            cells=tuple(Cell(f"step:{each.step.id}", each.state.value) for each in steps),
            done=sum(each.state in (S.DONE, S.SKIPPED) for each in steps),
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
    is_past = overview.by_id[a].state in (S.DONE, S.SKIPPED)
    is_critical = (a, b) in overview.critical
    return Edge(path, (*(("past",) if is_past else ()), *(("crit",) if is_critical else ())))


def step_url(overview: RunOverview, each: StepOverview) -> str:
    """The page of a step."""
    return reverse("runbooks:step", args=[overview.run.uid, each.step.id])


def word_for(user: User, each: StepOverview) -> str:
    """The state in words for this reader: "Needs you", "Needs Lena", "Running"."""
    if each.state != S.APPROVAL or each.request is None:
        return each.state.label
    asked = [row.user for row in each.request.asked.all()]
    if user in asked:
        return "Needs you"
    return f"Needs {first_name(asked[0])}" if asked else "Needs an owner"


def first_name(user: User) -> str:
    """Lena for Lena Vogt."""
    return str(user).split(" ")[0]


def fact(user: User, each: StepOverview) -> str:
    """The one thing that matters about a step now, short enough for a node."""
    row = each.row
    if each.state == S.WAITING:
        return f"After {each.after[0]}"[:FACT] if len(each.after) == 1 else f"After {len(each.after)} steps"
    if each.state in (S.DONE, S.FAILED) and row.ended_at:
        return f"{each.state.label} {iso(row.ended_at)}"
    if each.state in (S.RUNNING, S.VERIFYING) and row.started_at:
        return f"{word_for(user, each)}, {iso(row.started_at)}"
    if each.state == S.READY and each.step.human:
        return f"For {first_name(each.assignee)}" if each.assignee else "For anybody"
    return word_for(user, each)[:FACT]


def is_yours(reader: Reader, each: StepOverview) -> bool:
    """Whether the step waits for the reader: a decision asked of them, or a human step of theirs or of nobody."""
    if each.state == S.APPROVAL and each.request is not None:
        return any(row.user_id == reader.user.pk for row in each.request.asked.all())
    if not each.step.human or each.state not in (S.READY, S.RUNNING):
        return False
    return each.assignee == reader.user or (each.assignee is None and reader.may(Right.EXECUTE))


def step_groups(reader: Reader) -> tuple[StepGroup, ...]:
    """The step list under its headings, the reader's own first."""
    overview = reader.run
    if overview is None:
        return ()
    mine = [each for each in overview.steps if is_yours(reader, each)]
    found = [StepGroup("For you", tuple(row_of(reader, overview, each) for each in mine))] if mine else []
    for name, states, is_folded in GROUPS:
        rows = [each for each in overview.steps if each.state in states and each not in mine]
        if rows:
            is_long = len(overview.steps) > FITS
            found.append(StepGroup(name, tuple(row_of(reader, overview, each) for each in rows), is_folded and is_long))
    return tuple(found)


def row_of(reader: Reader, overview: RunOverview, each: StepOverview) -> StepRow:
    """One step in the list."""
    yours = is_yours(reader, each)
    owner = _owner(each)
    is_on = each.state in (S.RUNNING, S.VERIFYING)
    return StepRow(
        key=f"step:{each.step.id}",
        state=each.state.value,
        word=word_for(reader.user, each),
        title=each.step.title,
        url=step_url(overview, each),
        kind_icon=_icon(each),
        hint=hint(each),
        owner=Person(str(owner), is_you=owner == reader.user) if owner else None,
        owner_word=_owner_word(reader, each, owner),
        is_yours=yours,
        time_text=time_text(each),
        since=each.row.started_at if is_on else None,
        due=each.request.due_at if each.request else None,
        action=_action(reader, overview, each, yours=yours),
    )


def hint(each: StepOverview) -> str:
    """The remark behind the title: why it is as it is."""
    if each.state == S.WAITING:
        return f"After {', '.join(each.after)}" if each.after else ""
    return each.row.why[:120]


def time_text(each: StepOverview) -> str:
    """When it ended, for a step that is over."""
    return iso(each.row.ended_at) if each.is_over and each.row.ended_at else ""


def _icon(each: StepOverview) -> str:
    if each.state == S.APPROVAL:
        return "shield"
    if each.step.human:
        return "hand"
    return {"probe": "probe", "wait": "clock"}.get(each.step.action, "bolt")


def _owner(each: StepOverview) -> User | None:
    if each.state == S.APPROVAL and each.request is not None:
        return next((row.user for row in each.request.asked.all()), None)
    return each.assignee


def _owner_word(reader: Reader, each: StepOverview, owner: User | None) -> str:
    if owner is not None:
        return "You" if owner == reader.user else first_name(owner)
    return "Anybody" if each.step.human else "Worker"


def _action(reader: Reader, overview: RunOverview, each: StepOverview, *, yours: bool) -> Action | None:
    if each.state == S.APPROVAL:
        return Action("Review", "#decision") if yours else None
    at = [overview.run.uid, each.step.id]
    if yours and each.state == S.READY:
        fields = (("seen", str(each.seen_at)), ("next", reader.url("room")))
        return Action("Start step", reverse("runbooks:step-start", args=at), kind="post", fields=fields, key="s")
    label, act = MENDS.get(each.state, ("Finish step…", "finish"))
    if not yours and not (each.state in MENDS and reader.may(Right.EXECUTE)):
        return None
    url = f"{reverse(f'runbooks:step-{act}', args=at)}?next={reader.url('room')}"
    return Action(label, url, kind="dialog", key="s" if yours else "")
