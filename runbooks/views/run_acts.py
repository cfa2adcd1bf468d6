"""What people do with a run as a whole: pause, resume, a speed limit, cancel, other inputs; and with its groups."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.urls import reverse

from catalog.permissions import Right
from catalog.requests import SignedIn
from runbooks import services
from runbooks.engine.reading import definition_of_run
from runbooks.forms import AssessForm, InputForm, ProposalForm, ReasonForm, SeenForm, SpeedForm
from runbooks.permissions import run_for
from runbooks.views.dialogs import answer, form_door, initial
from runbooks.views.groups import group_of, title_of


@dataclass(frozen=True)
class Act:
    """One act on a run. right: what it takes. button: verb + object; title heads the dialog."""

    title: str
    button: str
    explains: str
    form: type[SeenForm]
    perform: Callable[..., object]
    right: Right = Right.EXECUTE


ACTS = {
    "pause": Act(
        "Pause the run",
        "Pause run",
        "Nothing new starts. What is live comes to its end and is verified.",
        ReasonForm,
        services.pause_run,
    ),
    "resume": Act(
        "Resume the run",
        "Resume run",
        "The plan goes on where it stands.",
        ReasonForm,
        services.resume_run,
    ),
    "speed": Act(
        "Set a speed limit",
        "Set limit",
        "At most so many steps are live at a time. What is live already comes to its end.",
        SpeedForm,
        services.limit_speed,
    ),
    "cancel": Act(
        "Cancel the run",
        "Cancel run",
        "Nothing new starts, and what a worker holds comes to its end. Nothing that was done is taken back.",
        ReasonForm,
        services.cancel_run,
    ),
}


@login_required
@form_door
def run_act(request: SignedIn, uid: str, act: str) -> HttpResponse:
    """One of ACTS on a run. A click on an old page raises StaleRun: 409, with who did what."""
    chosen = ACTS[act]
    run = run_for(request.user, uid, chosen.right)
    start = initial(request, run.seen_at) | ({"width": run.width} if act == "speed" else {})

    def perform(**said: Any) -> object:
        return chosen.perform(uid, actor=request.user, **said)

    context = {"title": f"{chosen.title}: {run.version.runbook}", "button": chosen.button, "explains": chosen.explains}
    form = chosen.form(request.POST or None, initial=start)
    return answer(request, form, perform, {**context, "back": reverse("runbooks:run", args=[uid])})


@login_required
@form_door
def change_input(request: SignedIn, uid: str) -> HttpResponse:
    """Give a live run another input. What was agreed or queued for the old one is void."""
    run = run_for(request.user, uid, Right.EXECUTE)
    start = {"name": request.GET.get("name", ""), "next": request.GET.get("next", "")}
    form = InputForm(request.POST or None, definition=definition_of_run(run), initial=start)

    def perform(**said: Any) -> object:
        return services.change_input(uid, actor=request.user, **said)

    explains = "Approvals and queued tries that were bound to the old value become void; approvals are asked anew."
    context = {"title": "Change an input", "button": "Change input", "explains": explains}
    return answer(request, form, perform, {**context, "back": reverse("runbooks:run", args=[uid])})


@login_required
@form_door
def assess(request: SignedIn, uid: str, group: str) -> HttpResponse:
    """Say what the failures in a group mean. Takes the right to command: it is one question to the commander."""
    run = run_for(request.user, uid, Right.COMMAND)
    row = group_of(run, group)
    form = AssessForm(request.POST or None, initial=initial(request, row.seen_at))

    def perform(**said: Any) -> object:
        return services.assess_group(uid, row.group, actor=request.user, **said)

    context = {"title": f"Assess: {title_of(run, row.group)}", "button": "Assess group", "explains": row.why}
    return answer(request, form, perform, {**context, "back": reverse("runbooks:run", args=[uid])})


@login_required
@form_door
def answer_proposal(request: SignedIn, uid: str, proposal: int, accept: bool) -> HttpResponse:
    """The commander lets a watch do what it proposes, or leaves the plan as it is."""
    run = run_for(request.user, uid, Right.COMMAND)
    found = run.proposals.filter(pk=proposal).first()
    if found is None:
        raise Http404("This run has no such proposal.")
    service = services.accept_proposal if accept else services.decline_proposal

    def perform(**said: Any) -> object:
        return service(proposal, actor=request.user, **said)

    form = ProposalForm(request.POST or None, initial={"next": request.GET.get("next", "")})
    verb = "Accept" if accept else "Decline"
    context = {"title": f"{verb} a proposal", "button": f"{verb} proposal", "explains": found.why}
    return answer(request, form, perform, {**context, "back": reverse("runbooks:run", args=[uid])})
