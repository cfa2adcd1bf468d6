"""Pages of approvals: the inbox, the decision page, and its two dialogs (also pages of their own)."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from approvals import selectors, services
from approvals.forms import CoverForm, DecisionForm
from approvals.models import ApprovalRequest
from approvals.permissions import request_for
from approvals.policies.strictest import in_sentences
from approvals.states import Verdict
from audit.permissions import labels
from catalog.requests import SignedIn, after_post
from plumbing import clock

MOST = 50  # rows of one list
LISTS = {
    "waiting": ("Waiting for me", selectors.waiting_for),
    "cover": ("I can cover", selectors.i_can_cover),
    "asked": ("Asked by me", selectors.asked_by),
    "decided": ("Decided", selectors.decided_by),
}


@login_required
@require_safe
def inbox(request: SignedIn) -> HttpResponse:
    """Four lists, one shown: what waits for the reader comes first."""
    shown = request.GET.get("show", "waiting")
    if shown not in LISTS:
        shown = "waiting"
    tabs = [(key, label, found(request.user).count()) for key, (label, found) in LISTS.items()]
    rows = LISTS[shown][1](request.user)[:MOST]
    total = next(count for key, _, count in tabs if key == shown)
    return render(request, "approvals/inbox.html", {"tabs": tabs, "shown": shown, "rows": rows, "total": total})


@login_required
@require_safe
def page(request: SignedIn, uid: str) -> HttpResponse:
    """The question with everything that stands beside the buttons: effect, undo, proof, blast radius, what it binds."""
    found = request_for(request.user, uid)
    panels = selectors.panels_of(found, request.user)
    radius, hidden = ([], 0) if panels else selectors.radius_of(found.service, request.user)
    return render(
        request,
        "approvals/page.html",
        {
            **_card(request, found),
            "panels": panels,
            "radius": radius,
            "hidden": hidden,
            "bound": selectors.bound_facts(found),
            "differences": selectors.differences(found),
            "stream": labels([found.stream])[found.stream],
            "latest": selectors.latest_of(found.subject),
            "rules": in_sentences(found.demand) if found.demand else [],
        },
    )


def _card(request: SignedIn, found: ApprovalRequest) -> dict[str, Any]:
    return {
        "approval": found,
        "why_not": selectors.why_not(found, request.user) if found.is_pending else "",
        "may_cover_as": selectors.part_to_cover(found, request.user),
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: SignedIn, uid: str) -> HttpResponse:
    """GET ?verdict=: the dialog (a page without htmx). POST verdict, reason, seen, next: the decision."""
    found = request_for(request.user, uid)
    if request.method != "POST":
        verdict = Verdict.REJECT if request.GET.get("verdict") == Verdict.REJECT else Verdict.APPROVE
        initial = {"verdict": verdict, "seen": found.digest, "next": request.GET.get("next", "")}
        return _dialog(request, found, DecisionForm(verdict=verdict, initial=initial), verdict)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _dialog(request, found, form, request.POST.get("verdict", ""), status=422)
    said = form.cleaned_data
    now = clock.now()
    heard = services.Said(said["verdict"], said["reason"], said["seen"])
    services.decide(found.uid, user=request.user, said=heard, now=now)
    return after_post(request, reverse("approvals:page", args=[found.uid]), said["next"])


def _dialog(
    request: SignedIn, found: ApprovalRequest, form: DecisionForm, verdict: str, status: int = 200
) -> HttpResponse:
    template = "approvals/_decide.html" if request.htmx else "approvals/decide.html"
    context = {**_card(request, found), "form": form, "verdict": verdict, "bound": selectors.bound_facts(found)}
    return render(request, template, context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cover(request: SignedIn, uid: str) -> HttpResponse:
    """The owner or deputy takes on a request that was asked of somebody else."""
    found = request_for(request.user, uid)
    form = CoverForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        services.cover(found.uid, user=request.user, reason=form.cleaned_data["reason"], now=clock.now())
        return after_post(request, reverse("approvals:page", args=[found.uid]))
    template = "approvals/_cover.html" if request.htmx else "approvals/cover.html"
    status = 422 if form.is_bound else 200
    return render(request, template, {**_card(request, found), "form": form}, status=status)
