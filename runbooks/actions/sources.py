"""Where an action acts and a probe looks, and what would be done: for people, and to tell evidence from an echo."""

from collections.abc import Mapping
from typing import Any

from plumbing.errors import MusterError
from plumbing.secrets import watched
from runbooks import actions
from runbooks.actions.base import Action, Context
from runbooks.engine.intent import as_known
from runbooks.engine.model import Step
from runbooks.errors import NoPreview, RunbookError, UnknownAction


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


def echo_of(step: Step, values: Mapping[str, Any]) -> str:
    """The source that a step's action and its probe share, so that the probe is an echo and no evidence; else empty.

    values: what is known by now. A source that still has a blank in it is not compared."""
    if step.verify is None:
        return ""
    actor = source_of(step.action, as_known(step.with_, values))
    probe = source_of("probe", as_known(step.verify.config, values))
    is_known = actor and "{{" not in actor and not actor.startswith(":")  # a URL whose host is still a blank
    return actor if is_known and actor == probe else ""


def offers_preview(kind: str) -> bool:
    """Whether the action has a preview of its own: one that says more than its configuration does."""
    try:
        action = actions.get(kind)
    except UnknownAction:
        return False
    own = getattr(type(action), "preview", None)
    return not action.human and own is not None and own is not Action.preview


def preview_of(kind: str, config: Mapping[str, Any], context: Context) -> str:
    """What the action would do, for people; it changes nothing and shows no secret.

    config: with references to secrets left as they are. May take as long as `context.deadline_s`, so a worker asks.
    Raises NoPreview, for instance when the toolbox doesn't have what is needed."""
    with watched() as watch:
        try:
            action = actions.get(kind)
            parsed = action.parse(config)
            shown = action.preview(parsed, context) if hasattr(action, "preview") else action.title
            return watch.redacted(shown)
        except MusterError as error:
            raise NoPreview(watch.redacted(str(error))) from None
        except Exception as error:  # another package's action may do anything
            raise NoPreview(f"{kind} broke: {type(error).__name__}: {watch.redacted(str(error))}") from None
