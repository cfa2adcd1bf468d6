"""Access to evidence: which auditors are let in, who looked at what, and where security events go."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from audit.access import delivery
from audit.access.looks import recent_looks
from audit.permissions import visible_streams
from catalog.auditing import accesses_seen
from catalog.auditor_forms import InviteForm
from catalog.errors import BadInvitation
from catalog.models import AuditorAccess, User
from catalog.requests import SignedIn, after_post
from catalog.services.auditors import end_access, invite
from catalog.states import UserKind
from plumbing import clock

MOST_ACCESSES = 200


def _demand(user: User, *, may_grant: bool = False) -> None:
    """Raises Http404 unless `user` reads the history of access, PermissionDenied unless they hand it out as well."""
    if user.kind == UserKind.AUDITOR or not visible_streams(user, among=["access"]).exists():
        raise Http404("There is no such page, or it isn't yours to see.")
    if may_grant and not visible_streams(user, "export", among=["access"]).exists():
        raise PermissionDenied("To let an auditor in you need the rights to audit and to export evidence.")


def _access_for(user: User, uid: str) -> AuditorAccess:
    _demand(user, may_grant=True)
    found = accesses_seen(user, "export").filter(uid=uid).first()
    if found is None:
        raise Http404("There is no such access.")
    return found


@login_required
@require_safe
def access(request: SignedIn) -> HttpResponse:
    """Who is let in, who looked, and what the security team is told."""
    _demand(request.user)
    now = clock.now()
    rows = [(each, each.holds(now)) for each in accesses_seen(request.user)[:MOST_ACCESSES]]
    context = {
        "accesses": rows,
        "looks": recent_looks(visible_streams(request.user)),
        "feed": delivery.outlook(),
        "may_grant": visible_streams(request.user, "export", among=["access"]).exists(),
    }
    return render(request, "catalog/auditors/list.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite_auditor(request: SignedIn) -> HttpResponse:
    """Let an auditor in. The answer to the POST is the one page that ever shows the password."""
    _demand(request.user, may_grant=True)
    form = InviteForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_bound and form.is_valid():
        try:
            invited = invite(**form.wanted(), actor=request.user, now=clock.now())
        except BadInvitation as error:
            form.add_error(error.field, error.message)
        else:
            return render(request, "catalog/auditors/invited.html", {"invited": invited})
    return render(request, "catalog/auditors/invite.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end_auditor(request: SignedIn, uid: str) -> HttpResponse:
    """End an auditor's access."""
    found = _access_for(request.user, uid)
    if request.method == "POST":
        end_access(found, actor=request.user, now=clock.now())
        return after_post(request, reverse("auditors"))
    return render(request, "catalog/auditors/end.html", {"access": found, "runs": found.holds(clock.now())})
