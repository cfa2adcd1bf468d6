"""Everything that writes in this room, by what it is about: versions, runs, steps, groups, control, workers."""

from runbooks.services.attaching import attach_step
from runbooks.services.control import cancel_run, limit_speed, pause_run, resume_run
from runbooks.services.deciding import accept_proposal, decide_by_hand, decline_proposal
from runbooks.services.groups import assess_group
from runbooks.services.holding import hold_step, release_step
from runbooks.services.inputs import change_input
from runbooks.services.mending import give_up, replace_step, retry_step, skip_step
from runbooks.services.migrating import ask_migration, decide_migration, difference_of
from runbooks.services.people import assign, finish_step, hold_runs, reassign, start_step, take_over
from runbooks.services.previewing import ask_preview
from runbooks.services.rerunning import rerun_forecast, rerun_from
from runbooks.services.runs import start_run
from runbooks.services.undoing import (
    forecast_undo,
    retry_undo,
    undo_branch,
    undo_group,
    undo_run,
    undone_by_hand,
    who_is_asked,
)
from runbooks.services.unknown import ask_check, settle_unknown
from runbooks.services.versions import make_runbook, publish, save_version
from runbooks.services.waiting import override_lock
from runbooks.services.workers import drain_worker

__all__ = [
    "accept_proposal",
    "ask_check",
    "ask_migration",
    "ask_preview",
    "assess_group",
    "assign",
    "attach_step",
    "cancel_run",
    "change_input",
    "decide_by_hand",
    "decide_migration",
    "decline_proposal",
    "difference_of",
    "drain_worker",
    "finish_step",
    "forecast_undo",
    "give_up",
    "hold_runs",
    "hold_step",
    "limit_speed",
    "make_runbook",
    "override_lock",
    "pause_run",
    "publish",
    "reassign",
    "release_step",
    "replace_step",
    "rerun_forecast",
    "rerun_from",
    "resume_run",
    "retry_step",
    "retry_undo",
    "save_version",
    "settle_unknown",
    "skip_step",
    "start_run",
    "start_step",
    "take_over",
    "undo_branch",
    "undo_group",
    "undo_run",
    "undone_by_hand",
    "who_is_asked",
]
