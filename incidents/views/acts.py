"""What people do in a room: a GET shows the form (a dialog for htmx, else a page), a POST acts."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog.permissions import Right
from catalog.requests import SignedIn, after_post
from incidents import services
from incidents.errors import ReasonMissing, StillFailing
from incidents.forms import (
    CorrectForm,
    EarlierForm,
    InputsForm,
    MoveForm,
    RoleForm,
    SeverityForm,
    UpdateForm,
    WriteForm,
)
from incidents.models import Incident
from incidents.permissions import allowed, incident_for, right_to_move, right_to_take
from incidents.room.reader import Reader
from incidents.room.suggestions import candidates
from incidents.selectors.health import red_probes_of
from incidents.selectors.people import people_for
from incidents.states import Phase
from plumbing import clock
from plumbing.errors import MusterError
from runbooks.engine.reading import definition_of
from runbooks.selectors import current_version

UNPROCESSABLE = 422
form_door = require_http_methods(["GET", "HEAD", "POST"])


def room_url(incident: Incident) -> str:
    """The page of an incident."""
    return reverse("incidents:room", args=[incident.uid])


def done(request: SignedIn, incident: Incident) -> HttpResponse:
    """The answer after an act that worked: the room stays as it is, the bell brings what changed."""
    return after_post(request, request.path, room_url(incident))


def form_page(request: SignedIn, incident: Incident, form: Form, **context: Any) -> HttpResponse:
    """The form of an act, as a dialog or as a page; 422 when it comes back with errors."""
    template = "incidents/_act.html" if request.htmx else "incidents/act.html"
    status = UNPROCESSABLE if request.method == "POST" else 200
    context = {"form": form, "incident": incident, "back": room_url(incident), **context}
    return render(request, template, context, status=status)


def attempted(form: Form, act: Callable[[], object]) -> bool:
    """Whether the act was done. What the person can mend in the form stands in the form; all else is raised."""
    try:
        act()
    except MusterError as error:
        if error.status != UNPROCESSABLE and not isinstance(error, StillFailing):
            raise
        form.add_error("reason" if isinstance(error, ReasonMissing) and "reason" in form.fields else None, str(error))
        return False
    return True


@login_required
@form_door
def move(request: SignedIn, uid: str) -> HttpResponse:
    """Move to another phase. While a probe is red, resolving is refused, or forced with a reason by who may close."""
    incident = incident_for(request.user, uid)
    may_close = allowed(request.user, incident, Right.CLOSE)
    if not may_close and not allowed(request.user, incident, Right.COMMAND):
        raise PermissionDenied(f"In {incident.label} you don't have the right to move phases.")
    red = red_probes_of(incident)
    initial = {"seen_phase": incident.phase, "target": request.GET.get("target", "")}
    form = MoveForm(request.POST or None, incident=incident, may_force=bool(red) and may_close, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = {"force": False, **form.cleaned_data}
        incident_for(request.user, uid, may=right_to_move(given["target"], force=given["force"]))
        if attempted(form, lambda: services.move(incident, given.pop("target"), actor=request.user, **given)):
            return done(request, incident)
    title = f"Move {incident.label} from {Phase(incident.phase).label.lower()}"
    return form_page(request, incident, form, title=title, button="Move phase", red=red)


@login_required
@form_door
def severity(request: SignedIn, uid: str) -> HttpResponse:
    """Say how grave it is."""
    incident = incident_for(request.user, uid, may=Right.COMMAND)
    initial = {"severity": incident.severity, "seen_severity": incident.severity}
    form = SeverityForm(request.POST or None, initial=initial)
    if form.is_valid() and attempted(
        form, lambda: services.set_severity(incident, actor=request.user, **form.cleaned_data)
    ):
        return done(request, incident)
    return form_page(request, incident, form, title=f"Severity of {incident.label}", button="Set severity")


@login_required
@form_door
def update(request: SignedIn, uid: str) -> HttpResponse:
    """Post a status update, and say when the next one is due."""
    incident = incident_for(request.user, uid, may=Right.CONTRIBUTE)
    form = UpdateForm(request.POST or None)

    def post() -> object:
        due = form.due(clock.now())
        return services.post_update(incident, form.cleaned_data["text"], next_due=due, actor=request.user)

    if form.is_valid() and attempted(form, post):
        return done(request, incident)
    return form_page(request, incident, form, title=f"Status update of {incident.label}", button="Post update")


@login_required
@form_door
def earlier(request: SignedIn, uid: str) -> HttpResponse:
    """Write down what happened earlier: on paper, in a chat, in a call. Both times are kept, and it is marked."""
    incident = incident_for(request.user, uid, may=Right.CONTRIBUTE)
    form = EarlierForm(request.POST or None, user=request.user, now=clock.now())

    def add() -> object:
        told = form.cleaned_data
        return services.add_earlier(
            incident, told["text"], occurred_at=told["occurred_at"], source=told["source"],
            is_decision=told["kind"] == "decision", actor=request.user,
        )  # fmt: skip

    if form.is_valid() and attempted(form, add):
        return done(request, incident)
    return form_page(request, incident, form, title=f"Add what happened earlier in {incident.label}", button="Add it")


@login_required
@form_door
def correct(request: SignedIn, uid: str, seq: int) -> HttpResponse:
    """Say that an entry was wrong and what is right; both stay readable."""
    incident = incident_for(request.user, uid, may=Right.CONTRIBUTE)
    words = services.words_of(incident, seq)
    form = CorrectForm(request.POST or None)

    def say() -> object:
        return services.correct(incident, seq, form.cleaned_data["text"], actor=request.user)

    if form.is_valid() and attempted(form, say):
        return done(request, incident)
    return form_page(request, incident, form, title=f"Correct entry {seq}", button="Add the correction", wrong=words)


@login_required
@form_door
def give_role(request: SignedIn, uid: str) -> HttpResponse:
    """Give a role to somebody; a single role passes over from whoever holds it."""
    incident = incident_for(request.user, uid, may=Right.COMMAND)
    initial = {"role": request.GET.get("role", "")}
    form = RoleForm(request.POST or None, people=people_for(request.user), initial=initial)
    if form.is_valid() and attempted(
        form, lambda: services.give_role(incident, actor=request.user, **form.cleaned_data)
    ):
        return done(request, incident)
    return form_page(request, incident, form, title=f"Roles in {incident.label}", button="Give role")


@login_required
@require_POST
def take_role(request: SignedIn, uid: str) -> HttpResponse:
    """Take a role that nobody holds."""
    role = request.POST.get("role", "")
    incident = incident_for(request.user, uid, may=right_to_take(role))
    services.take_role(incident, role, actor=request.user)
    return done(request, incident)


@login_required
@require_POST
def leave_role(request: SignedIn, uid: str) -> HttpResponse:
    """Be it no more."""
    incident = incident_for(request.user, uid)
    services.leave_role(incident, request.POST.get("role", ""), actor=request.user)
    return done(request, incident)


@login_required
@require_POST
def write(request: SignedIn, uid: str) -> HttpResponse:
    """A note or a decision from the composer. Answers with the composer, empty again, or with what is wrong."""
    incident = incident_for(request.user, uid, may=Right.CONTRIBUTE)
    form = WriteForm(request.POST)
    error = "" if form.is_valid() else " ".join(str(said) for found in form.errors.values() for said in found)
    if not error:
        say = services.add_decision if form.cleaned_data["kind"] == "decision" else services.add_note
        say(incident, form.cleaned_data["text"], actor=request.user)
    if not request.htmx and not error:
        return redirect(room_url(incident))
    kept = {"text": request.POST.get("text", ""), "error": error} if error else {}
    context = {"note_url": reverse("incidents:write", args=[uid]), "kind": request.POST.get("kind"), **kept}
    template = "incidents/_composer.html" if request.htmx else "incidents/composer.html"
    return render(request, template, {**context, "incident": incident}, status=UNPROCESSABLE if error else 200)


@login_required
@form_door
def start_runbook(request: SignedIn, uid: str) -> HttpResponse:
    """Choose a runbook (?runbook=), give its inputs, start it."""
    incident = incident_for(request.user, uid, may=Right.EXECUTE)
    found = candidates(Reader(request.user, incident, clock.now()))
    chosen = next((runbook for runbook, _ in found if runbook.slug == request.GET.get("runbook")), None)
    version = current_version(chosen) if chosen else None
    if chosen is None or version is None:
        template = "incidents/_choose_runbook.html" if request.htmx else "incidents/choose_runbook.html"
        return render(request, template, {"incident": incident, "found": found, "back": room_url(incident)})
    posted = request.POST if request.method == "POST" else None
    form = InputsForm(posted, definition=definition_of(version), guesses=_guesses(incident))

    def start() -> object:
        inputs = form.cleaned_data["inputs"]
        return services.start_runbook(incident, chosen, actor=request.user, inputs=inputs)

    if form.is_valid() and attempted(form, start):
        return done(request, incident)
    return form_page(request, incident, form, title=f"Start “{chosen.title}”", button="Start runbook")


def _guesses(incident: Incident) -> dict[str, str]:
    service = incident.services.order_by("tier", "name").first()
    return {"service": service.slug} if service else {}
