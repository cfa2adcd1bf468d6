"""Where this room holds what people said or systems answered, beside the ledger.

For erasure: audit.redaction.copies.
"""

from audit.redaction.copies import Columns, register
from runbooks.models import (
    Attempt,
    GroupRun,
    OutputChunk,
    Preview,
    Proposal,
    Run,
    Runbook,
    RunbookVersion,
    RunMigration,
    StepRun,
    Timer,
)

ROOM = "Runbooks"
BOUND = "A digest binds it: publish a version without it, and retire this one."
DIFFERENCE = "A digest binds it: what somebody agreed to."
IN_STEP, IN_ATTEMPT = ("", "run__stream"), ("", "step_run__run__stream")
TABLES = (
    Columns(ROOM, "Title or description of the runbook", Runbook, ("title", "description"), ("rbk_", "uid")),
    Columns(ROOM, "Text of a version", RunbookVersion, ("source",), ("rbk_", "runbook__uid"), kept=BOUND),
    Columns(ROOM, "Inputs or reasons of a run", Run, ("why", "goal_why", "edits", "inputs", "context"), ("", "stream")),
    Columns(
        ROOM,
        "Output or reasons of a step",
        StepRun,
        ("why", "choice_why", "held", "output", "scope", "decision"),
        IN_STEP,
    ),
    Columns(ROOM, "Reasons of a section", GroupRun, ("why", "choice_why"), IN_STEP),
    Columns(ROOM, "Answer of a system", Attempt, ("memo", "output", "error", "baseline"), IN_ATTEMPT),
    Columns(ROOM, "What a step printed", OutputChunk, ("text",), ("", "attempt__step_run__run__stream")),
    Columns(ROOM, "What a step would do", Preview, ("text", "problem"), IN_ATTEMPT),
    Columns(ROOM, "What a watch proposed", Proposal, ("why", "seen", "reason"), IN_STEP),
    Columns(ROOM, "Why a run moved to another version", RunMigration, ("reason", "said"), IN_STEP),
    Columns(ROOM, "What a move to another version changes", RunMigration, ("difference",), IN_STEP, kept=DIFFERENCE),
    Columns(ROOM, "What a timer carries", Timer, ("data",), IN_STEP),
)


def connect() -> None:
    """Called once, when the app is ready."""
    for table in TABLES:
        register(table)
