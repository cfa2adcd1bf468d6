"""What a step prints while it runs: the end of it, asked for again each second until it is over."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.requests import SignedIn
from runbooks.engine.tail import tail_of
from runbooks.permissions import run_for
from runbooks.selectors import run_overview
from runbooks.views.pages import step_of


@login_required
@require_safe
def output(request: SignedIn, uid: str, step: str) -> HttpResponse:
    """The panel alone. Once the step is over it asks no more."""
    found = run_for(request.user, uid)
    shown = step_of(run_overview(found), step)
    return render(request, "runbooks/_live_output.html", {"run": found, "shown": shown, "tail": tail_of(shown.row)})
