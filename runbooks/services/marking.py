"""Facts that people set on rows: written with a new `seen_at`, so that a click on the page of before is refused."""

from typing import Any

from runbooks.engine.work import Work
from runbooks.models import GroupRun, Run, StepRun

LONGEST_HELD = 300  # characters of who holds a step and why
LONGEST_WHY = 500


def mark(work: Work, row: StepRun, **facts: Any) -> StepRun:
    """Set facts of a step."""
    work.keep(row, **facts, seen_at=row.seen_at + 1)
    return row


def mark_run(work: Work, **facts: Any) -> None:
    """Set facts of the run as a whole."""
    _set(work.run, facts)


def mark_group(row: GroupRun, **facts: Any) -> GroupRun:
    """Set facts of a group."""
    _set(row, facts)
    return row


def _set(row: Run | GroupRun, facts: dict[str, Any]) -> None:
    row.seen_at += 1
    for name, value in facts.items():
        setattr(row, name, value)
    row.save(update_fields=[*facts, "seen_at"])
