"""The page of trust: what stands behind the ledger, and what it can't show."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.permissions import visible_streams
from audit.standing import standing


@login_required
@require_safe
def trust(request: HttpRequest) -> HttpResponse:
    """The last checkpoint, its age and what it doesn't cover; keys, copies outside, the nightly audit."""
    sees_all = visible_streams(request.user, among=["portal"]).exists()
    return render(request, "audit/trust.html", {"standing": standing(), "sees_all": sees_all})
