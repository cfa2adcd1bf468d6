"""Pages under test: /style, and a small living room whose facts are in tests.ui.fake_room."""

import json
from dataclasses import replace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template import engines
from django.urls import include, path
from django.utils import timezone

from config.style_room import room
from incidents.room_view import RoomUrls, RoomView, Suggestion
from incidents.run_view import Action
from tests.ui.fake_room import FAKE

FRAGMENTS = ("header", "vitals", "run", "steps", "questions", "decision", "health", "timeline")


class Reader:
    """Who looks: enough of a user for the shell."""

    name, title, is_authenticated = "Lena Vogt", "Head of data platform", True

    def __str__(self) -> str:
        return self.name


def shell(request: HttpRequest) -> dict[str, Any]:
    """What base.html shows on every page."""
    return {"shell": {"demo": True, "open_incidents": 3, "my_approvals": 2}, "user": Reader()}


def living() -> RoomView:
    """The invented room, wired to the fake feed, at the fake's sequence."""
    view = room(timezone.now())
    urls = RoomUrls(
        page="/incidents/2417/",
        feed="/incidents/2417/feed",
        socket="/ws/incidents/2417",
        note="/incidents/2417/note",
        **{name: f"/incidents/2417/{name}" for name in FRAGMENTS},
    )
    changes: dict[str, Any] = {"urls": urls, "at": FAKE.at}
    if FAKE.decision == "none":
        changes["decision"] = None
    elif view.decision:
        door = "/incidents/2417/decide"
        changes["decision"] = replace(
            view.decision, uid=FAKE.decision, question=FAKE.question, approve_url=door, reject_url=door
        )
    return replace(view, **changes)


def quiet() -> RoomView:
    """The other shape of a room: a rehearsal, closed, without run, steps, probes or a decision of the reader's."""
    view = living()
    start = Action("Start run", "/incidents/2417/note", kind="post", is_main=True)
    header = replace(
        view.header, severity="SEV3", is_rehearsal=True, closed_note="Closed 20 Nov. Read only.", actions=()
    )
    theirs = view.decision and replace(view.decision, is_yours=False, waits_for="Piotr Nowak", due=None, more=2)
    return replace(
        view,
        header=header,
        run=None,
        step_groups=(),
        health=(),
        decision=theirs,
        may_write=False,
        suggestions=(
            Suggestion("Regional failover", "/runbooks/", "Touches orders-db, ran well twice", start),
            Suggestion("Restart a service", "/runbooks/", "Made for this alert"),
        ),
    )


def quiet_page(request: HttpRequest) -> HttpResponse:
    return render(request, "incidents/war_room.html", {"room": quiet()})


class SignInForm(forms.Form):
    """The two fields of Django's own form."""

    username = forms.CharField(label="User name")
    password = forms.CharField(widget=forms.PasswordInput)


def sign_in(request: HttpRequest) -> HttpResponse:
    """What the sign-in page looks like to a stranger of the demo."""
    form = SignInForm({"username": ""} if "bad" in request.GET else None)
    people = [{"name": "Lena Vogt", "title": "Head of data platform", "username": "lena"}]
    return render(request, "registration/login.html", {"form": form, "demo_people": people, "user": None})


def refused(request: HttpRequest) -> HttpResponse:
    context = {"error": Refusal("Piotr Nowak already approved it."), "back": "/"}
    return render(request, "errors/refused.html", context, status=409)


def bare(request: HttpRequest, code: str) -> HttpResponse:
    return render(request, f"{code}.html", {})


def page(request: HttpRequest) -> HttpResponse:
    return render(request, "incidents/war_room.html", {"room": living()})


def fragment(request: HttpRequest, name: str) -> HttpResponse:
    FAKE.fragments.append(name)
    return render(request, f"incidents/_{name}.html", {"room": living()})


def feed(request: HttpRequest) -> HttpResponse:
    """Ops after ?after=, made by the test; 302 when the reader was signed out."""
    if FAKE.signed_out:
        return redirect("/style/")
    if FAKE.feed_down:
        return HttpResponse("down", status=503)
    return JsonResponse(FAKE.answer(int(request.GET["after"])))


def note(request: HttpRequest) -> HttpResponse:
    """The composer's door: empty text is refused with 422, else the form comes back empty."""
    text = request.POST["text"].strip()
    context = {"note_url": "/incidents/2417/note"}
    if not text:
        return render(request, "incidents/_composer.html", {**context, "error": "Write what happened."}, status=422)
    FAKE.notes.append(text)
    if getattr(request, "htmx", False):
        return render(request, "incidents/_composer.html", context)
    return redirect("/incidents/2417/")


def decide(request: HttpRequest) -> HttpResponse:
    """A decision dialog whose POST is refused with 409 when the test says that somebody was faster."""
    if request.method == "POST" and FAKE.decided_by:
        words = f"{FAKE.decided_by} already approved it."
        return render(request, "errors/_refused.html", {"error": Refusal(words)}, status=409)
    if request.method == "POST":
        FAKE.decisions += 1
        return HttpResponse(status=204)
    template = "style/_dialog.html" if getattr(request, "htmx", False) else "style/dialog.html"
    return render(request, template, {"dialog_url": request.path})


class Refusal(Exception):
    """What a domain error looks like to errors/_refused.html."""

    status, code = 409, "already_decided"


def empty(request: HttpRequest) -> HttpResponse:
    """A page with nothing but the shell."""
    return render(request, "404.html", {})


def lobby(request: HttpRequest) -> HttpResponse:
    """A list page with one fragment that counts how often it was rendered."""
    FAKE.lobby += 1
    source = (
        '{% extends base %}{% block main %}<p id="count" data-times="{{ times }}" hx-get="/lobby/" hx-select="#count" '
        'hx-trigger="ledger-grew from:body" hx-swap="outerHTML">{{ times }}</p>{% endblock %}'
    )
    context = {"times": FAKE.lobby, "base": "components/list_page.html"}
    return HttpResponse(engines["django"].from_string(source).render(context, request))


def control(request: HttpRequest) -> HttpResponse:
    """The test moves the fake room: {"set": {...}, "grow": [...ops], "bell": bool, "close": code}."""
    FAKE.obey(json.loads(request.body))
    return JsonResponse(FAKE.facts())


control.csrf_exempt = True  # type: ignore[attr-defined]

urlpatterns = [
    path("style/", include("config.style_page")),
    path("", empty, name="home"),
    path("out/", empty, name="sign-out"),
    path("incidents/", include(([path("", empty, name="list")], "incidents"))),
    path("runbooks/", include(([path("", empty, name="list")], "runbooks"))),
    path("approvals/", include(([path("", empty, name="inbox")], "approvals"))),
    path("services/", include(([path("", empty, name="services")], "catalog"))),
    path("evidence/", include(([path("", empty, name="streams")], "audit"))),
    path("incidents/2417/", page),
    path("incidents/2417/feed", feed),
    path("incidents/2417/note", note),
    path("incidents/2417/decide", decide),
    path("incidents/2417/<str:name>", fragment),
    path("incidents/2418/", quiet_page),
    path("sign-in/", sign_in, name="sign-in"),
    path("refused/", refused),
    path("bare/<str:code>/", bare),
    path("lobby/", lobby),
    path("control", control),
]
