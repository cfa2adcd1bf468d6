"""What people say about a group: the assessment of its failures."""

from catalog.models import User
from plumbing.database import atomic
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.errors import RunbookError
from runbooks.models import GroupRun
from runbooks.services import guards
from runbooks.services.marking import LONGEST_WHY, mark_group
from runbooks.states import Choice, GroupState

ANSWERS = (Choice.RETRY, Choice.SKIP, Choice.UNDO_BRANCHES, Choice.UNDO_ALL, Choice.ACCEPT)


@atomic()
def assess_group(run_uid: str, group: str, *, actor: User, seen_at: int, choice: str, reason: str) -> GroupRun:
    """Answer what the failures in a group mean: retry them, skip them, undo their branches, undo all, or accept.

    group: id of its section, "" for the run as a whole. Raises StaleStep, ReasonNeeded, RunbookError."""
    work = lock(run_uid)
    row = guards.seen_group(work, group, seen_at)
    guards.explained(reason)
    guards.is_open(work)
    if choice not in ANSWERS:
        raise RunbookError(f"{choice!r} is no answer. Known: {', '.join(ANSWERS)}.")
    title = guards.group_title(work, group)
    if row.state != GroupState.ASSESSING or row.choice:
        raise RunbookError(f"“{title}” asks nobody: it is {GroupState(row.state).label.lower()}. {row.why}".rstrip())
    mark_group(row, choice=choice, choice_why=f"{actor}: {reason}"[:LONGEST_WHY])
    work.say("group.assessed", {"group": group, "title": title, "choice": choice, "reason": reason}, actor)
    if choice == Choice.RETRY:
        work.run.shapers.add(actor)  # they ask now, so they don't decide
    settle(work)
    work.close()
    return row
