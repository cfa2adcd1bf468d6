"""Everything that writes in this room, by what it is about: versions, runs, steps."""

from runbooks.services.runs import cancel_run, change_input, start_run
from runbooks.services.steps import assign, finish_step, retry_step, settle_unknown, skip_step, start_step, take_over
from runbooks.services.versions import make_runbook, publish, save_version

__all__ = [
    "assign",
    "cancel_run",
    "change_input",
    "finish_step",
    "make_runbook",
    "publish",
    "retry_step",
    "save_version",
    "settle_unknown",
    "skip_step",
    "start_run",
    "start_step",
    "take_over",
]
