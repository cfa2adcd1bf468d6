"""What people do: a GET shows the form (a dialog for htmx, else a page), a POST acts, on the version that was seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from catalog.models import User
from catalog.permissions import Right
from catalog.requests import SignedIn, after_post
from runbooks import services
from runbooks.engine.reading import definition_of
from runbooks.errors import RunbookError
from runbooks.forms import CancelForm, FinishForm, InputForm, ReasonForm, SeenForm, SettleForm
from runbooks.models import Run
from runbooks.permissions import run_for
from runbooks.selectors import run_overview
from runbooks.views.pages import step_of

Said = dict[str, Any]
form_door = require_http_methods(["GET", "HEAD", "POST"])
UNPROCESSABLE = 422


@dataclass(frozen=True)
class Act:
    """One act on a step. verb + "step" heads the dialog; explains: what it means, before it is done."""

    verb: str
    explains: str
    form: type[SeenForm]
    perform: Callable[[Run, str, User, Said], object]


def _start(run: Run, step: str, actor: User, said: Said) -> object:
    return services.start_step(run.uid, step, actor=actor, seen_at=said["seen"])


def _finish(run: Run, step: str, actor: User, said: Said) -> object:
    worked = said["worked"] == "yes"
    outputs = said.get("outputs", {})
    return services.finish_step(
        run.uid, step, actor=actor, seen_at=said["seen"], worked=worked, note=said["note"], outputs=outputs
    )


def _retry(run: Run, step: str, actor: User, said: Said) -> object:
    return services.retry_step(run.uid, step, actor=actor, seen_at=said["seen"], reason=said["reason"])


def _skip(run: Run, step: str, actor: User, said: Said) -> object:
    return services.skip_step(run.uid, step, actor=actor, seen_at=said["seen"], reason=said["reason"])


def _take(run: Run, step: str, actor: User, said: Said) -> object:
    return services.take_over(run.uid, step, actor=actor, seen_at=said["seen"], reason=said["reason"])


def _settle(run: Run, step: str, actor: User, said: Said) -> object:
    happened = said["happened"] == "yes"
    return services.settle_unknown(
        run.uid, step, actor=actor, seen_at=said["seen"], happened=happened, evidence=said["evidence"]
    )


ACTS = {
    "start": Act("Start", "It becomes yours and the clock of the step runs.", SeenForm, _start),
    "finish": Act("Finish", "The plan goes on from what you say here.", FinishForm, _finish),
    "retry": Act("Try again", "Another try. Where the step needs approval, it is asked anew.", ReasonForm, _retry),
    "skip": Act("Skip", "The plan goes on as if the step were done. It is not done.", ReasonForm, _skip),
    "take": Act("Take over", "It becomes yours; who had it sees that in the timeline.", ReasonForm, _take),
    "settle": Act("Settle", "Its worker was lost: nobody knows whether it happened.", SettleForm, _settle),
}


@login_required
@form_door
def step_act(request: SignedIn, uid: str, step: str, act: str) -> HttpResponse:
    """One of ACTS on one step. A click on an old page raises StaleStep: 409, with who did what."""
    run, chosen = run_for(request.user, uid, Right.EXECUTE), ACTS[act]
    shown = step_of(run_overview(run), step)
    own_page = reverse("runbooks:step", args=[uid, step])
    initial = {"seen": shown.seen_at, "next": request.GET.get("next", "")}
    form = chosen.form(request.POST or None, step=shown.step, initial=initial)
    if form.is_valid() and _worked(form, lambda: chosen.perform(run, step, request.user, form.cleaned_data)):
        return after_post(request, own_page, form.cleaned_data["next"])
    context = {"title": f"{chosen.verb}: {shown.step.title}", "button": f"{chosen.verb} step", "shown": shown}
    return _form(request, form, {**context, "explains": chosen.explains, "back": own_page, "seen": shown.seen_at})


@login_required
@form_door
def change_input(request: SignedIn, uid: str) -> HttpResponse:
    """Give a running run another input. What was agreed or queued for the old one is void."""
    run = run_for(request.user, uid, Right.EXECUTE)
    own_page = reverse("runbooks:run", args=[uid])
    initial = {"name": request.GET.get("name", ""), "next": request.GET.get("next", "")}
    form = InputForm(request.POST or None, definition=definition_of(run.version), initial=initial)

    def perform() -> object:
        said = form.cleaned_data
        return services.change_input(uid, said["name"], said["value"], actor=request.user, reason=said["reason"])

    if form.is_valid() and _worked(form, perform):
        return after_post(request, own_page, form.cleaned_data["next"])
    explains = "Approvals and queued tries that were bound to the old value become void; approvals are asked anew."
    return _form(request, form, {"title": "Change an input", "button": "Change input", "explains": explains,
                                 "back": own_page})  # fmt: skip


@login_required
@form_door
def cancel(request: SignedIn, uid: str) -> HttpResponse:
    """Stop a run: nothing new starts."""
    run = run_for(request.user, uid, Right.EXECUTE)
    own_page = reverse("runbooks:run", args=[uid])
    form = CancelForm(request.POST or None, initial={"next": request.GET.get("next", "")})
    if form.is_valid() and _worked(
        form, lambda: services.cancel_run(uid, actor=request.user, reason=form.cleaned_data["reason"])
    ):
        return after_post(request, own_page, form.cleaned_data["next"])
    explains = "Nothing new starts. What a worker holds comes to its end. There is no undo; start a new run instead."
    return _form(request, form, {"title": f"Cancel {run.version.runbook.title}", "button": "Cancel run",
                                 "explains": explains, "back": own_page})  # fmt: skip


def _worked(form: Form, perform: Callable[[], object]) -> bool:
    """Whether the act was done. What the service finds wrong in the form's own words stands in the form."""
    try:
        perform()
    except RunbookError as error:
        if error.status != UNPROCESSABLE:
            raise
        form.add_error(None, str(error))
        return False
    return True


def _form(request: SignedIn, form: Form, context: dict[str, Any]) -> HttpResponse:
    template = "runbooks/_act.html" if request.htmx else "runbooks/act.html"
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, template, {**context, "form": form}, status=status)
