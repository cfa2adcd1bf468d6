"""Workers that are alive, draining one of them, and the actions that this installation has."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.requests import SignedIn
from runbooks import services
from runbooks.actions.plugins import inventory
from runbooks.forms import DrainForm
from runbooks.models import Worker
from runbooks.permissions import may_tend_workers
from runbooks.views.dialogs import answer, form_door


@login_required
@require_safe
def workers(request: SignedIn) -> HttpResponse:
    """Every worker that was heard of, and every action, for who tends them."""
    if not may_tend_workers(request.user):
        raise PermissionDenied("Only an administrator sees the workers.")
    return render(request, "runbooks/workers.html", {"workers": Worker.objects.all(), "actions": inventory()})


@login_required
@form_door
def drain(request: SignedIn, worker: int) -> HttpResponse:
    """Let a worker take nothing more, or take work again when it takes none now."""
    if not may_tend_workers(request.user):
        raise PermissionDenied("Only an administrator drains a worker.")
    found = Worker.objects.filter(pk=worker).first()
    if found is None:
        raise Http404("There is no such worker.")
    form = DrainForm(request.POST or None, initial={"next": request.GET.get("next", "")})
    drains = not found.is_draining

    def perform(**said: Any) -> object:
        return services.drain_worker(found.name, actor=request.user, drain=drains, **said)

    context = {
        "title": f"{'Drain' if drains else 'Open'} worker {found.name}",
        "button": "Drain worker" if drains else "Open worker",
        "explains": "It takes nothing more; what it holds comes to its end." if drains else "It takes work again.",
        "back": reverse("runbooks:workers"),
    }
    return answer(request, form, perform, context)
