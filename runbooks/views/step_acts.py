"""What people do with one step: a GET shows the form, a POST acts, on the version that was seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse

from catalog.permissions import Right
from catalog.requests import SignedIn
from runbooks import services
from runbooks.forms import (
    AttachForm,
    CaseForm,
    EvidenceForm,
    FinishForm,
    HoldForm,
    ReasonForm,
    ReassignForm,
    SeenForm,
    SettleForm,
)
from runbooks.models import Run
from runbooks.outlook.twins import nothing_for, twins_for
from runbooks.permissions import may_do_steps, run_for
from runbooks.selectors import StepOverview, run_overview
from runbooks.views.dialogs import answer, form_door, initial
from runbooks.views.pages import step_of


@dataclass(frozen=True)
class Act:
    """One act on a step. verb: heads the dialog. explains: what it means, before it is done.

    button: what is pressed; verb + "step" if left out."""

    verb: str
    explains: str
    form: type[SeenForm]
    perform: Callable[..., object]
    right: Right = Right.EXECUTE
    button: str = ""


ACTS = {
    "start": Act("Start", "It becomes yours and the clock of the step runs.", SeenForm, services.start_step),
    "finish": Act("Finish", "The plan goes on from what you say here.", FinishForm, services.finish_step),
    "retry": Act(
        "Try again",
        "Another try. Where the step needs approval, it is asked anew.",
        ReasonForm,
        services.retry_step,
    ),
    "skip": Act("Skip", "The plan goes on as if the step were done. It is not done.", ReasonForm, services.skip_step),
    "replace": Act(
        "Replace",
        "Say that what it was for has been done in another way. It counts as done, with your evidence.",
        EvidenceForm,
        services.replace_step,
    ),
    "give-up": Act(
        "Give up",
        "The failure stands. What it means for the rest of the plan is for its group to say.",
        ReasonForm,
        services.give_up,
    ),
    "hold": Act(
        "Hold", "It does not begin before somebody releases it. What has begun goes on.", HoldForm, services.hold_step
    ),
    "release": Act("Release", "It may begin as soon as the plan lets it.", HoldForm, services.release_step),
    "take": Act("Take over", "It becomes yours; who had it sees that in the timeline.", ReasonForm, services.take_over),
    "reassign": Act(
        "Reassign", "Somebody else does it; both see that in the timeline.", ReassignForm, services.reassign
    ),
    "settle": Act(
        "Settle",
        "Nobody knows whether it happened, so it is not tried again by itself. Look, and say what you found.",
        SettleForm,
        services.settle_unknown,
    ),
    "undo-retry": Act(
        "Retry the undo of",
        "The undo failed. Another try of it; where it needs approval, that is asked anew.",
        ReasonForm,
        services.retry_undo,
    ),
    "undone": Act(
        "Undone by hand:",
        "Say that it was taken back by hand. It counts as undone, with your evidence, and the way back goes on.",
        EvidenceForm,
        services.undone_by_hand,
    ),
    "decide": Act(
        "Decide",
        "The runbook could not say which way the plan goes; you do.",
        CaseForm,
        services.decide_by_hand,
    ),
    "override": Act(
        "Override the lock of",
        "It acts although others work on the same or a neighbouring service. On the record of all of them.",
        ReasonForm,
        services.override_lock,
        Right.COMMAND,
    ),
    "attach": Act(
        "Use another’s result",
        "The same is asked just now. The step uses that result, and asks for itself only if the other is lost.",
        AttachForm,
        services.attach_step,
        button="Use this result",
    ),
    "check": Act(
        "Check", "A worker asks the check that the runbook declares for this step.", SeenForm, services.ask_check
    ),
}


@login_required
@form_door
def step_act(request: SignedIn, uid: str, step: str, act: str) -> HttpResponse:
    """One of ACTS on one step. A click on an old page raises StaleStep: 409, with who did what."""
    chosen = ACTS[act]
    run = run_for(request.user, uid, chosen.right)
    shown = step_of(run_overview(run), step)
    more = _more(chosen, request, run, shown)
    form = chosen.form(request.POST or None, step=shown.step, initial=initial(request, shown.seen_at), **more)

    def perform(**said: Any) -> object:
        return chosen.perform(uid, step, actor=request.user, **said)

    context = {
        "title": f"{chosen.verb}: {shown.step.title}",
        "button": chosen.button or f"{chosen.verb} step",
        "explains": chosen.explains,
        "back": reverse("runbooks:step", args=[uid, step]),
        "shown": shown,
    }
    return answer(request, form, perform, context)


def _more(chosen: Act, request: SignedIn, run: Run, shown: StepOverview) -> dict[str, Any]:
    """What a form needs beside the step. Raises NothingToAttach."""
    if chosen.form is ReassignForm:
        return {"people": may_do_steps(run)}
    if chosen.form is AttachForm:
        shown.row.run = run
        found = twins_for(request.user, shown.row)
        if not found:
            raise nothing_for(shown.row)
        return {"found": [(twin.attempt.pk, str(twin)) for twin in found]}
    return {}
