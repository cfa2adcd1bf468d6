"""My shift, the list of incidents, and declaring one."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from catalog.graph import blast_radius
from catalog.permissions import Right, services_where
from catalog.requests import SignedIn, rows_wanted, show_more_url
from catalog.states import UserKind
from incidents import services
from incidents.forms import DeclareForm, IncidentFilter
from incidents.models import IntakeRule
from incidents.permissions import check_may_declare
from incidents.room.asked import asked_of
from incidents.selectors.incidents import gravest_first, visible_to
from incidents.selectors.people import people_for
from incidents.selectors.shift import shift_of
from plumbing import clock
from runbooks.models import Runbook, VersionState
from runbooks.selectors import visible_to as runbooks_of


@login_required
@require_safe
def home(request: SignedIn) -> HttpResponse:
    """My shift: what waits for the reader, then what is open, then their services."""
    if request.user.kind == UserKind.AUDITOR:
        return redirect("audit:streams")
    template = "incidents/_shift.html" if request.htmx else "incidents/home.html"
    now = clock.now()
    shift, asked = shift_of(request.user, now), asked_of(request.user, now)
    return render(request, template, {"shift": shift, "asked": asked, "waits": shift.waits + len(asked)})


@login_required
@require_safe
def incident_list(request: SignedIn) -> HttpResponse:
    """All incidents that the reader sees: open ones on top by severity, closed ones below."""
    form = IncidentFilter(request.GET)
    found = gravest_first(visible_to(request.user)).prefetch_related("services", "role_holders__user")
    if form.is_valid():
        found = _filtered(found, form)
    total, shown = found.count(), rows_wanted(request)
    context = {
        "form": form,
        "rows": list(found[:shown]),
        "total": total,
        "is_filtered": any(request.GET.get(name) for name in ("q", "severity", "phase")),
        "next_url": show_more_url(request, shown) if total > shown else "",
        "may_declare": services_where(request.user, Right.COMMAND).exists(),
    }
    return render(request, "incidents/_list.html" if request.htmx else "incidents/list.html", context)


def _filtered(found: Any, form: IncidentFilter) -> Any:
    wanted = form.cleaned_data
    if words := wanted["q"].strip():
        number = words.upper().removeprefix("INC-")
        by_number = Q(number=int(number)) if number.isdecimal() and len(number) < 9 else Q(pk__in=[])
        found = found.filter(Q(title__icontains=words) | by_number)
    if wanted["severity"]:
        found = found.filter(severity=wanted["severity"])
    return found.filter(phase__in=form.phases()) if form.phases() else found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: SignedIn) -> HttpResponse:
    """Four fields. The preview beside them (htmx, GET) says who is hurt and which runbooks may help."""
    form = _declare_form(request)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        check_may_declare(request.user, [given["service"].team])
        incident = services.declare(
            title=given["title"],
            severity=given["severity"],
            services=[given["service"]],
            declarer=request.user,
            commander=given["commander"],
        )
        return redirect("incidents:room", incident.uid)
    if request.htmx:
        return render(request, "incidents/_preview.html", _preview(request))
    context = {"form": form, "may_declare": services_where(request.user, Right.COMMAND).exists(), **_preview(request)}
    return render(request, "incidents/declare.html", context, status=422 if request.method == "POST" else 200)


def _declare_form(request: SignedIn) -> DeclareForm:
    affected = services_where(request.user, Right.COMMAND)
    initial = {"commander": request.user.username, "service": request.GET.get("service", "")}
    data = request.POST if request.method == "POST" else None
    return DeclareForm(data, services=affected, people=people_for(request.user), initial=initial)


def _preview(request: SignedIn) -> dict[str, Any]:
    """Blast radius and runbooks for the service chosen so far; nothing until one is."""
    slug = (request.POST.get("service") or request.GET.get("service", "")).replace("\0", "")  # no form reads it
    service = services_where(request.user, Right.VIEW).filter(slug=slug).select_related("team").first()
    if service is None:
        return {"service": None}
    published = runbooks_of(request.user).filter(versions__state=VersionState.PUBLISHED).distinct()
    by_rule = IntakeRule.objects.filter(team=service.team).values("runbook")
    helpful: list[Runbook] = list(published.filter(Q(team=service.team) | Q(pk__in=by_rule)).distinct()[:3])
    return {"service": service, "radius": blast_radius(service), "runbooks": helpful}
