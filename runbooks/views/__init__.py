"""Pages of runbooks and runs, and what people do in them."""

from runbooks.views.foreseen import preview
from runbooks.views.moving import decide_move, move_run
from runbooks.views.output import output
from runbooks.views.pages import listing, page, run, step
from runbooks.views.rerun import rerun
from runbooks.views.run_acts import answer_proposal, assess, change_input, run_act
from runbooks.views.step_acts import step_act
from runbooks.views.undo import undo, undo_branch, undo_group
from runbooks.views.workers import drain, workers

__all__ = [
    "answer_proposal",
    "assess",
    "change_input",
    "decide_move",
    "drain",
    "listing",
    "move_run",
    "output",
    "page",
    "preview",
    "rerun",
    "run",
    "run_act",
    "step",
    "step_act",
    "undo",
    "undo_branch",
    "undo_group",
    "workers",
]
