"""Where an action acts and a probe looks, and what would be done: for people, and to tell evidence from an echo."""

from collections.abc import Mapping
from typing import Any

from plumbing.secrets import watched
from runbooks import actions
from runbooks.actions.base import Context
from runbooks.errors import RunbookError


def source_of(kind: str, config: Mapping[str, Any]) -> str:
    """Which tool or host a step's action, or a probe, uses: `control.bank.example:443`, `sql orders`, `command df`.

    kind: of the action, `probe` for a verification. config: with everything filled in. Equal sources mean that who
    acted also says whether it worked. Empty when it can't be said; a person's word is `person`. Pure."""
    try:
        action = actions.get(kind)
        if action.human:
            return "person"
        return action.source(action.parse(config)) if hasattr(action, "source") else kind  # third parties may lack it
    except (RunbookError, ValueError, LookupError, TypeError):
        return ""


def preview_of(kind: str, config: Mapping[str, Any], context: Context) -> str:
    """What the action would do, for people; it changes nothing and shows no secret.

    config: with references to secrets left as they are. May take as long as `context.deadline_s`, so a worker asks.
    Raises MusterError, for instance when the toolbox doesn't have what is needed."""
    action = actions.get(kind)
    parsed = action.parse(config)
    with watched() as watch:
        shown = action.preview(parsed, context) if hasattr(action, "preview") else action.title
        return watch.redacted(shown)
