"""/style: every component in every state, and the war room with invented facts. For those who build pages."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone

from config.style_forms import SampleForm
from config.style_room import room
from plumbing.templatetags.muster import STATE_WORDS

PEOPLE = ("Lena Vogt", "Rafa Ortiz", "Piotr Nowak", "Tom Saal", "Mina Tal", "Amara Diallo", "Jonas Weber", "Ana Li")
TOKENS = ("bg", "surface", "raised", "sunken", "line", "edge", "ink", "ink-2", "ink-3", "link", "focus")
TINTS = ("run", "ok", "appr", "fail", "warn", "undo", "wait")


def style(request: HttpRequest) -> HttpResponse:
    """The page of components. POST shows the sample form with its errors."""
    form = SampleForm(request.POST if request.method == "POST" else None)
    now = timezone.now()
    sample = room(now)
    context = {
        "states": list(STATE_WORDS),
        "people": PEOPLE,
        "tokens": TOKENS,
        "tints": TINTS,
        "room": sample,
        "bad_form": SampleForm({"what": "", "severity": "SEV9"}),
        "form": form,
        "facts": [("Effect", "Writes stop ~40 s; 12 services move"), ("Undo", "Fail back, rehearsed 3 Oct in 9 min")],
        "crumbs": [("Evidence", "/style/"), ("Streams", "/style/")],
        "digest_sample": sample.decision.digest if sample.decision else "",
        "now": now,
        "soon": now + timedelta(minutes=2),
        "later": now + timedelta(hours=3, minutes=16),
        "past": now - timedelta(minutes=2, seconds=10),
        "began": now - timedelta(minutes=20),
    }
    return render(request, "style/style.html", context, status=422 if form.is_bound and not form.is_valid() else 200)


def war_room(request: HttpRequest) -> HttpResponse:
    """The war room with invented facts; it is never live."""
    return render(request, "incidents/war_room.html", {"room": room(timezone.now())})


def dialog(request: HttpRequest) -> HttpResponse:
    """A decision dialog: a fragment for htmx, else a page."""
    is_fragment = request.headers.get("HX-Request") == "true"
    template = "style/_dialog.html" if is_fragment else "style/dialog.html"
    form = SampleForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        return HttpResponse(status=204)
    return render(request, template, {"form": form, "dialog_url": request.path}, status=422 if form.is_bound else 200)


urlpatterns = [
    path("", style, name="style"),
    path("room/", war_room, name="style-room"),
    path("dialog/", dialog, name="style-dialog"),
]
