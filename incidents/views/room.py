"""The war room: the page, each of its fragments, the feed, and older entries of its timeline."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.requests import SignedIn
from incidents.feed import feed_for
from incidents.permissions import incident_for
from incidents.room import room_for
from incidents.room.assemble import FRAGMENTS
from plumbing import clock


@login_required
@require_safe
def room(request: SignedIn, uid: str) -> HttpResponse:
    """Everything about one incident, live."""
    view = room_for(request.user, incident_for(request.user, uid), clock.now())
    return render(request, "incidents/war_room.html", {"room": view})


@login_required
@require_safe
def fragment(request: SignedIn, uid: str, name: str) -> HttpResponse:
    """One part of the room anew: the same partial that the page includes."""
    if name not in FRAGMENTS:
        raise Http404(f"The room has no part {name!r}.")
    view = room_for(request.user, incident_for(request.user, uid), clock.now())
    return render(request, f"incidents/_{name}.html", {"room": view})


@login_required
@require_safe
def feed(request: SignedIn, uid: str) -> HttpResponse:
    """What changed after a sequence, made for this reader: {"at", "now", "more", "ops"}."""
    incident = incident_for(request.user, uid)
    return JsonResponse(feed_for(request.user, incident, _number(request, "after", -1), clock.now()))


@login_required
@require_safe
def history(request: SignedIn, uid: str) -> HttpResponse:
    """Older entries of the timeline, a page at a time."""
    incident = incident_for(request.user, uid)
    before = _number(request, "before", 0)
    view = room_for(request.user, incident, clock.now(), before=before or None)
    return render(request, "incidents/history.html", {"room": view, "incident": incident})


def _number(request: SignedIn, name: str, otherwise: int) -> int:
    raw = request.GET.get(name, "")
    return int(raw) if raw.isdecimal() and len(raw) < 16 else otherwise
