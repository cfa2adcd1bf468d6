"""The step list, with what is the reader's first; and what a step says of itself anywhere in the room."""

from django.urls import reverse

from catalog.models import User
from catalog.permissions import Right
from incidents.room.reader import Reader
from incidents.run_view import (
    Action,
    Person,
    StepGroup,
    StepRow,
)
from plumbing.templatetags.muster import iso
from runbooks.outlook.twins import Twin
from runbooks.selectors import RunOverview, StepOverview
from runbooks.states import StepState

S = StepState
FITS = 8  # steps of a plan that is shown whole; a longer one is folded where nothing happens now
FACT = 20  # characters of a node's second line
GROUPS: tuple[tuple[str, frozenset[StepState], bool], ...] = (  # name, states, folded
    ("Waits for a decision", frozenset({S.APPROVAL}), False),
    ("Running", frozenset({S.RUNNING, S.VERIFYING, S.READY}), False),
    ("Failed", frozenset({S.FAILED, S.UNKNOWN, S.STUCK}), False),
    ("Being taken back", frozenset({S.UNDOING}), False),
    ("Waits for a lock", frozenset({S.LOCKED}), False),
    ("Waiting", frozenset({S.WAITING}), True),
    ("Done", frozenset({S.DONE, S.SKIPPED, S.BYPASSED, S.CANCELLED, S.UNDONE}), True),
)
MENDS = {S.FAILED: ("Try again…", "retry"), S.UNKNOWN: ("Say what happened…", "settle")}


def step_url(overview: RunOverview, each: StepOverview) -> str:
    """The page of a step."""
    return reverse("runbooks:step", args=[overview.run.uid, each.key])


def word_for(user: User, each: StepOverview) -> str:
    """The state in words for this reader: "Needs you", "Needs Lena", "Running"."""
    if each.row.held and each.state == S.WAITING:
        return "Held"
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
    if row.held:
        return "Held back"
    if each.step.loop is not None and row.items:
        return f"{row.items} items"
    if each.state == S.WAITING:
        return cut(f"After {each.after[0]}") if len(each.after) == 1 else f"After {len(each.after)} steps"
    if each.state in (S.DONE, S.FAILED) and row.ended_at:
        return f"{each.state.label} {iso(row.ended_at)}"
    if each.state in (S.RUNNING, S.VERIFYING) and row.started_at:
        return f"{word_for(user, each)}, {iso(row.started_at)}"
    if each.state == S.READY and each.step.human:
        return f"For {first_name(each.assignee)}" if each.assignee else "For anybody"
    return cut(word_for(user, each))


def cut(text: str) -> str:
    """As much of a text as a node holds, with a visible end where it was cut."""
    return text if len(text) <= FACT else f"{text[: FACT - 1].rstrip()}…"


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
    everything = (*overview.steps, *overview.extras)
    mine = [each for each in everything if is_yours(reader, each)]
    found = [StepGroup("For you", tuple(row_of(reader, overview, each) for each in mine))] if mine else []
    for name, states, is_folded in GROUPS:
        rows = [each for each in everything if each.state in states and each not in mine]
        if rows:
            is_long = len(everything) > FITS
            found.append(StepGroup(name, tuple(row_of(reader, overview, each) for each in rows), is_folded and is_long))
    return tuple(found)


def row_of(reader: Reader, overview: RunOverview, each: StepOverview) -> StepRow:
    """One step in the list."""
    yours = is_yours(reader, each)
    owner = _owner(each)
    is_on = each.state in (S.RUNNING, S.VERIFYING)
    return StepRow(
        key=f"step:{each.key}",
        state="held" if each.row.held and each.state == S.WAITING else each.state.value,
        word=word_for(reader.user, each),
        title=each.step.title,
        url=step_url(overview, each),
        kind_icon=_icon(each),
        hint=twin_hint(reader.twins.get(each.key)) or hint(each),
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
    if each.row.held:
        return each.row.held[:120]
    if each.state == S.WAITING:
        return each.waits_for or (f"After {', '.join(each.after)}" if each.after else "")
    return each.why[:120]


def twin_hint(twins: list[Twin] | None) -> str:
    """The remark where somebody does the same already."""
    return f"The same runs since {iso(twins[0].since)}" if twins else ""


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
    at = [overview.run.uid, each.key]
    if yours and each.state == S.READY:
        fields = (("seen", str(each.seen_at)), ("next", reader.url("room")))
        return Action("Start step", reverse("runbooks:step-start", args=at), kind="post", fields=fields, key="s")
    if each.state == S.FAILED and overview.goes_back(each.key):
        return None  # its group is taken back: a retry would come too late
    label, act = MENDS.get(each.state, ("Finish step…", "finish"))
    if each.key in reader.twins:
        label, act = "Use that result…", "attach"
    elif not yours and not (each.state in MENDS and reader.may(Right.EXECUTE)):
        return None
    url = f"{reverse(f'runbooks:step-{act}', args=at)}?next={reader.url('room')}"
    return Action(label, url, kind="dialog", key="s" if yours else "")
