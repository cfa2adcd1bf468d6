"""Pages about standing in: who covers for whom, giving one's decisions to another, and being away."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals import services
from approvals.delegation_forms import AbsenceForm, DelegationForm, EndForm
from approvals.errors import BadDelegation
from approvals.permissions import absence_for, delegation_for
from approvals.selectors.covering import cover_of
from catalog.errors import BadAbsence
from catalog.requests import SignedIn, after_post
from catalog.services import come_back, go_away
from plumbing import clock


@login_required
@require_safe
def delegation_list(request: SignedIn) -> HttpResponse:
    """Who covers for whom, for what, until when; and who is away."""
    now = clock.now()
    return render(request, "approvals/delegations/list.html", {"cover": cover_of(request.user, now), "now": now})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delegate(request: SignedIn) -> HttpResponse:
    """Let somebody decide in one's place, in a scope, for a time."""
    now = clock.now()
    form = DelegationForm(request.POST if request.method == "POST" else None, user=request.user, now=now)
    if form.is_bound and form.is_valid():
        try:
            services.delegate(giver=request.user, actor=request.user, now=now, **form.cleaned_data)
        except BadDelegation as error:
            form.add_error(error.field, error.message)
        else:
            return redirect("approvals:delegations")
    context = {"form": form, "title": "Have somebody stand in", "button": "Let them decide"}
    return render(request, "approvals/delegations/act.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end_delegation(request: SignedIn, uid: str) -> HttpResponse:
    """The giver takes it back, or the taker declines."""
    found = delegation_for(request.user, uid)
    form = EndForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        services.end_delegation(found, actor=request.user, now=clock.now(), **form.cleaned_data)
        return after_post(request, reverse("approvals:delegations"))
    template = "approvals/delegations/_end.html" if request.htmx else "approvals/delegations/end.html"
    context = {"delegation": found, "form": form, "is_own": request.user in (found.giver, found.taker)}
    return render(request, template, context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def away(request: SignedIn) -> HttpResponse:
    """Say that one is away."""
    now = clock.now()
    form = AbsenceForm(request.POST if request.method == "POST" else None, user=request.user, now=now)
    if form.is_bound and form.is_valid():
        try:
            go_away(request.user, now=now, **form.cleaned_data)
        except BadAbsence as error:
            form.add_error(error.field, error.message)
        else:
            return redirect("approvals:delegations")
    context = {"form": form, "title": "I am away", "button": "I am away then"}
    return render(request, "approvals/delegations/act.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def back(request: SignedIn, absence_id: int) -> HttpResponse:
    """End one's absence, or call it off."""
    come_back(absence_for(request.user, absence_id), now=clock.now())
    return redirect("approvals:delegations")
