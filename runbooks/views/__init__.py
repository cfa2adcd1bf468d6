"""Pages of runbooks and runs, and what people do in them."""

from runbooks.views.acts import cancel, change_input, step_act
from runbooks.views.pages import listing, page, run, step

__all__ = ["cancel", "change_input", "listing", "page", "run", "step", "step_act"]
