"""Pages of approvals: the inbox, the decision page, and deciding. What else is done there: act_views.py."""

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
from audit.models import PackKind
from audit.permissions import labels, pack_link
from catalog.requests import SignedIn, after_post
from catalog.selectors import notices_about
from catalog.stepup import Factor, fresh_factor, has_factor, register_purpose, stepup_url
from plumbing import clock

MOST = 50  # rows of one list
LISTS = {
    "waiting": ("Waiting for me", selectors.waiting_for),
    "cover": ("I can cover", selectors.i_can_cover),
    "asked": ("Asked by me", selectors.asked_by),
    "decided": ("Decided", selectors.decided_by),
}
register_purpose("approvals:decide", "Decide on a step of high risk")


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
    context = {"tabs": tabs, "shown": shown, "rows": rows, "total": total}
    template = "approvals/_inbox.html" if request.htmx else "approvals/inbox.html"
    return render(request, template, context | {"reviews": selectors.reviews_for(request.user)})


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
            **card(request, found),
            "panels": panels,
            "radius": radius,
            "hidden": hidden,
            "bound": selectors.bound_facts(found),
            "differences": selectors.differences(found),
            "stream": labels([found.stream])[found.stream],
            "pack_url": pack_link(request.user, found.stream, kind=PackKind.APPROVAL, subject=found.uid),
            "latest": selectors.latest_of(found.subject),
            "rules": in_sentences(found.demand) if found.demand else [],
            "talk": found.messages.select_related("user"),
            "standings": selectors.standing_of(found),
            "notices": notices_about(found.uid),
            **selectors.people_of(found),
            **_may(request, found),
        },
    )


def card(request: SignedIn, found: ApprovalRequest) -> dict[str, Any]:
    """What every page about a request shows, and what the reader may do with it."""
    return {
        "approval": found,
        "why_not": selectors.why_not(found, request.user) if found.is_pending else "",
        "decided": found.decisions.filter(user=request.user).first(),
        "may_cover_as": selectors.part_to_cover(found, request.user),
    }


def _may(request: SignedIn, found: ApprovalRequest) -> dict[str, Any]:
    """What else the reader may do."""
    user, review = request.user, getattr(found, "review", None)
    return {
        "may_answer": found.is_pending and services.may_answer(found, user),
        "may_withdraw": found.is_live and not services.why_not_withdraw(found, user),
        "may_break": found.is_pending and not services.why_not_break(found, user),
        "may_stand": found.was_approved and not services.why_no_standing(found, user),
        "may_confirm": found.is_live and services.may_answer(found, user),
        "unconfirmed": selectors.unconfirmed(found) if found.state == "approved" else [],
        "review": review,
        "why_not_review": services.why_not_review(review, user) if review else "",
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: SignedIn, uid: str) -> HttpResponse:
    """GET ?verdict=: the dialog (a page without htmx). POST verdict, reason, seen, next …: the decision."""
    found = request_for(request.user, uid)
    others = selectors.alike(found, request.user)
    if request.method != "POST":
        verdict = Verdict.REJECT if request.GET.get("verdict") == Verdict.REJECT else Verdict.APPROVE
        initial = {"verdict": verdict, "seen": found.digest, "next": request.GET.get("next", "")}
        form = DecisionForm(request=found, verdict=verdict, alike=len(others), initial=initial)
        return _dialog(request, found, form, verdict)
    form = DecisionForm(request.POST, request=found, alike=len(others))
    if not form.is_valid():
        return _dialog(request, found, form, request.POST.get("verdict", ""), status=422)
    said, now = form.cleaned_data, clock.now()
    heard = services.Said(
        said["verdict"], said["reason"], said["seen"], said.get("typed", ""), factor_of(request, found), form.conditions
    )
    too = others if said.get("alike") else []
    services.decide_alike(found.uid, too, user=request.user, said=heard, now=now)
    return after_post(request, reverse("approvals:page", args=[found.uid]), said["next"])


def factor_of(request: SignedIn, found: ApprovalRequest, within_s: int | None = None) -> Factor | None:
    """The second factor that this session has proved, as fresh as the request demands; None when there is none."""
    wanted_s = within_s or found.demand.get("factor_s") or services.FRESH_S
    return fresh_factor(request, now=clock.now(), within_s=wanted_s)


def stepping_up(request: SignedIn, found: ApprovalRequest, within_s: int | None) -> dict[str, Any]:
    """What a dialog says where a second factor is demanded and none is fresh: where to give it, or to set one up."""
    if within_s is None or factor_of(request, found, within_s):
        return {"step_up": ""}
    return {
        "step_up": stepup_url(request.get_full_path()),
        "has_factor": has_factor(request.user),
        "within_s": within_s,
    }


def _dialog(
    request: SignedIn, found: ApprovalRequest, form: DecisionForm, verdict: str, status: int = 200
) -> HttpResponse:
    template = "approvals/_decide.html" if request.htmx else "approvals/decide.html"
    context = {**card(request, found), "form": form, "verdict": verdict, "bound": selectors.bound_facts(found)}
    context |= stepping_up(request, found, found.demand.get("factor_s"))
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
    return render(request, template, {**card(request, found), "form": form}, status=status)
