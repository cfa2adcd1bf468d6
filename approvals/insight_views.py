"""Pages that explain and count: the dry run of routing, and the measures."""

import datetime as dt

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from approvals.insight_forms import PERIODS, ExplainForm, days_of
from approvals.permissions import rules_for
from approvals.pictures import pictures_of
from approvals.selectors.explaining import explain
from approvals.selectors.measuring import MOST, measures_for
from audit.naming import people
from catalog.requests import SignedIn
from plumbing import clock


@login_required
@require_safe
def explained(request: SignedIn) -> HttpResponse:
    """Who would be asked for an act at a moment, and why. Without a query: the form."""
    rules_for(request.user)
    form = ExplainForm(request.GET or None, user=request.user, now=clock.now())
    found = explain(form.question()) if form.is_valid() else None
    status = 422 if form.is_bound and found is None else 200
    return render(request, "approvals/explain.html", {"form": form, "found": found}, status=status)


@login_required
@require_safe
def measures(request: SignedIn) -> HttpResponse:
    """How approvals go, from the ledger: as far as the reader sees its streams."""
    days = days_of(request.GET.get("days", ""))
    found = measures_for(request.user, clock.now() - dt.timedelta(days=days))
    names = {actor_id: person.name for actor_id, person in people(one.key for one in found.by_owner if one.key).items()}
    context = {
        "days": days,
        "periods": PERIODS,
        "found": found,
        "pictures": pictures_of(found, names),
        "most": MOST,
    }
    return render(request, "approvals/measures.html", context)
