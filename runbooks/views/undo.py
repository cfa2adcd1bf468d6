"""Taking back: the forecast before it starts, in order, with who is asked and what stays; then the act."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse

from catalog.permissions import Right
from catalog.requests import SignedIn
from runbooks import services
from runbooks.engine.reading import definition_of_run
from runbooks.forms import UndoForm
from runbooks.models import Run
from runbooks.permissions import run_for
from runbooks.selectors import run_overview
from runbooks.views.dialogs import answer, form_door, initial
from runbooks.views.groups import group_of, title_of
from runbooks.views.pages import step_of


@dataclass(frozen=True)
class Line:
    """One undo in the forecast. asks: whose consent or hand it needs. live: the step ends first."""

    title: str
    action: str
    asks: str
    live: bool


@login_required
@form_door
def undo(request: SignedIn, uid: str) -> HttpResponse:
    """Cancel the run and take back all that it did."""
    run = run_for(request.user, uid, Right.COMMAND)
    said = "Nothing new starts. Then everything that happened is taken back, the last first."
    context = {"title": f"Undo the run: {run.version.runbook}", "button": "Undo run", "explains": said}
    back = reverse("runbooks:run", args=[uid])
    return _answer(request, run, ("run", ""), run.seen_at, services.undo_run, {**context, "back": back})


@login_required
@form_door
def undo_group(request: SignedIn, uid: str, group: str) -> HttpResponse:
    """Take back all that a group did."""
    run = run_for(request.user, uid, Right.COMMAND)
    row, title = group_of(run, group), title_of(run, group_of(run, group).group)
    said = "Nothing new starts in it. Then everything that happened in it is taken back, the last first."
    context = {"title": f"Undo: {title}", "button": "Undo group", "explains": said}
    back = reverse("runbooks:run", args=[uid])

    def perform(uid: str, **more: Any) -> object:
        return services.undo_group(uid, row.group, **more)

    return _answer(request, run, ("group", row.group), row.seen_at, perform, {**context, "back": back})


@login_required
@form_door
def undo_branch(request: SignedIn, uid: str, step: str) -> HttpResponse:
    """Take back what the branch of a step did."""
    run = run_for(request.user, uid, Right.COMMAND)
    shown = step_of(run_overview(run), step)
    said = "Everything that happened in the branch of this step is taken back, the last first. The rest goes on."
    context = {"title": f"Undo the branch of: {shown.step.title}", "button": "Undo branch", "explains": said}
    back = reverse("runbooks:step", args=[uid, step])

    def perform(uid: str, **more: Any) -> object:
        return services.undo_branch(uid, step, **more)

    kind = ("branch", shown.row.of or step)
    return _answer(request, run, kind, shown.seen_at, perform, {**context, "back": back})


def _answer(
    request: SignedIn,
    run: Run,
    scope: tuple[str, str],
    seen: int,
    service: Callable[..., object],
    context: dict[str, Any],
) -> HttpResponse:
    forecast = services.forecast_undo(run, definition_of_run(run), *scope)
    asks = services.who_is_asked(run, forecast)
    lines = [Line(each.spec.title, each.spec.action, asks.get(each.step, ""), each.live) for each in forecast.order]

    def perform(**said: Any) -> object:
        return service(run.uid, actor=request.user, **said)

    form = UndoForm(request.POST or None, initial=initial(request, seen))
    return answer(request, form, perform, {**context, "lines": lines, "stays": forecast.stays}, "undo")
