"""What the plan asks of people beside approvals: what failures mean, what became of a step, which way to go."""

from django.urls import reverse

from audit.permissions import labels
from catalog.permissions import Right
from incidents.room.reader import Reader
from incidents.run_view import Action, Question
from runbooks.engine.locks import title_of, waits_behind
from runbooks.engine.model import OnFailure
from runbooks.models import Proposal
from runbooks.permissions import visible_runs
from runbooks.proposals import open_proposals
from runbooks.selectors import GroupOverview, RunOverview, StepOverview
from runbooks.states import GroupState, RunState, StepState

S = StepState
ASKED = frozenset({RunState.RUNNING, RunState.PAUSED})
WHOLE = "~"  # how an address names the outermost group
VERBS = {"skip": "leave out", "hold": "hold back", "first": "put first"}


def questions_of(reader: Reader) -> tuple[Question, ...]:
    """All of them, those about whole groups first. () when nothing is asked."""
    overview = reader.run
    if overview is None or overview.run.state not in ASKED:
        return ()
    groups = [_group(reader, overview, group) for group in overview.groups if group.state is GroupState.ASSESSING]
    steps = [found for each in (*overview.steps, *overview.extras) if (found := _step(reader, overview, each))]
    proposals = [_proposal(reader, overview, proposal) for proposal in open_proposals(overview.run)]
    return (*groups, *steps, *proposals)


def _group(reader: Reader, overview: RunOverview, group: GroupOverview) -> Question:
    is_yours = reader.may(Right.COMMAND)
    failed = [", ".join(branch.titles) for branch in group.branches if branch.broken]
    act = _dialog(reader, "Say what they mean…", "assess", overview.run.uid, group.id or WHOLE)
    return Question(
        key=f"group:{group.id}",
        state=S.APPROVAL.value,
        title=f"{group.title}: {group.broken} of {len(group.branches)} branches did not make it",
        text="Try again, skip, take back, or accept as it is?",
        facts=(("Passed", str(group.passed)), ("Failed", "; ".join(failed)[:300])),
        waits_for="" if is_yours else "the commander",
        actions=act if is_yours else (),
    )


def _step(reader: Reader, overview: RunOverview, each: StepOverview) -> Question | None:
    """What a step asks of people, if it does."""
    found = _asked(each)
    if found is None:
        return None
    title, text, acts = found
    may = reader.may(Right.COMMAND if acts is OVERRIDE else Right.EXECUTE)
    actions = [_dialog(reader, label, f"step-{act}", overview.run.uid, each.key) for act, label in acts] if may else []
    return Question(
        key=f"ask:{each.key}",
        state=each.state.value,
        title=title,
        text=text,
        facts=(("Why", each.row.why), ("Held by", _holders(reader, each) if acts is OVERRIDE else "")),
        waits_for="" if may else "the commander" if acts is OVERRIDE else "a responder",
        actions=tuple(action for found in actions for action in found),
    )


Acts = tuple[tuple[str, str], ...]  # (act, label)


def _holders(reader: Reader, each: StepOverview) -> str:
    """The steps that hold what this one wants, where the reader may see their runs."""
    rows = waits_behind(each.row)
    seen = set(visible_runs(reader.user).filter(pk__in=[row.run_id for row in rows]).values_list("pk", flat=True))
    streams = [row.run.stream for row in rows if row.run_id in seen]
    told = labels(streams)
    return "; ".join(f"“{title_of(row)}”, {told[row.run.stream].title}" for row in rows if row.run_id in seen)


MEND: Acts = (
    ("retry", "Try again…"),
    ("replace", "Done in another way…"),
    ("skip", "Skip…"),
    ("give-up", "Give up…"),
)
MEND_UNDO: Acts = (("undo-retry", "Try the undo again…"), ("undone", "Undone by hand…"))
OVERRIDE: Acts = (("override", "Override the lock…"),)
SETTLE: Acts = (("settle", "Say what happened…"),)
CHECK: Acts = (("check", "Ask its check…"),)


def _asked(each: StepOverview) -> tuple[str, str, Acts] | None:
    """(question, what it is about, acts) when a step waits for somebody to say something."""
    title, is_failed = each.step.title, each.state is S.FAILED and not each.row.choice
    if each.state is S.UNKNOWN:
        about = "Nobody knows; it is never tried again by itself."
        return f"Did “{title}” happen?", about, (*SETTLE, *(CHECK if each.step.check else ()))
    if each.state is S.STUCK:
        return f"“{title}” could not be taken back", "What it did is still there.", MEND_UNDO
    if each.step.on_failure is OnFailure.PAUSE and is_failed:
        return f"“{title}” failed", "The rest of the plan goes on beside it.", MEND
    if each.state is S.LOCKED and each.row.overdue:
        return f"“{title}” has waited too long for its locks", "", OVERRIDE
    if each.state is S.READY and each.row.decision.get("ask"):
        return title, "No case could be taken by itself: which way?", (("decide", "Say which way…"),)
    return None


def _proposal(reader: Reader, overview: RunOverview, proposal: Proposal) -> Question:
    titles = [each.step.title for step in proposal.steps if (each := overview.by_id.get(step))]
    is_yours = reader.may(Right.COMMAND)
    uid, verb = overview.run.uid, VERBS.get(proposal.verb, proposal.verb)
    acts = [
        *_dialog(reader, "Do it…", "accept-proposal", uid, proposal.pk),
        *_dialog(reader, "Leave the plan…", "decline-proposal", uid, proposal.pk),
    ]
    return Question(
        key=f"proposal:{proposal.pk}",
        state=S.APPROVAL.value,
        title=f"{verb.capitalize()} {', '.join(f'“{title}”' for title in titles)}?",
        text=proposal.why,
        facts=tuple((name, _seen(value)) for name, value in proposal.seen.items())[:4],
        waits_for="" if is_yours else "the commander",
        actions=tuple(acts) if is_yours else (),
    )


def _seen(value: object) -> str:
    """A value as a watch saw it: what a probe said, a number, a word; and how old it was."""
    if not isinstance(value, dict):
        return str(value)
    found, age = value.get("value"), value.get("age_s")
    said = str(found.get("detail") or found.get("value")) if isinstance(found, dict) else str(found)
    return f"{said}, {age:.0f} s old" if isinstance(age, int | float) else said


def _dialog(reader: Reader, label: str, name: str, *at: object) -> tuple[Action, ...]:
    """A dialog of the runbooks room."""
    url = reverse(f"runbooks:{name}", args=at)
    return (Action(label, f"{url}?next={reader.url('room')}", kind="dialog"),)
