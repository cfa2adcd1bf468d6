"""Pages of the catalog: services, one service, teams, import."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import services
from catalog.forms import ImportForm, ServiceFilter
from catalog.health import health_of, sparkline
from catalog.models import Service, Team
from catalog.permissions import Right, holds, probe_for, service_for, services_where, teams_where
from catalog.requests import SignedIn, rows_wanted, show_more_url
from catalog.selectors import channels_of, listed, members_of, surroundings, teams_with_members
from catalog.states import Health


@login_required
@require_safe
def service_list(request: SignedIn) -> HttpResponse:
    """All services that the reader sees, the most important first."""
    teams = teams_where(request.user, Right.VIEW)
    form = ServiceFilter(request.GET or None)
    form.fields["team"].queryset = teams  # type: ignore[attr-defined]
    wanted = form.cleaned_data if form.is_valid() else {}
    found = listed(services_where(request.user, Right.VIEW), **wanted)
    shown = rows_wanted(request)
    rows, total = list(found[:shown]), found.count()
    context = {
        "form": form,
        "rows": rows,
        "total": total,
        "is_filtered": any(wanted.values()),
        "next_url": show_more_url(request, shown) if total > len(rows) else "",
        "may_import": teams_where(request.user, Right.ADMINISTER).exists(),
    }
    return render(request, "catalog/services.html", context)


@login_required
@require_safe
def service(request: SignedIn, slug: str) -> HttpResponse:
    """One service: who answers for it, how it is, what surrounds it."""
    found = service_for(request.user, slug)
    return render(request, "catalog/service.html", _service_context(request, found))


def _service_context(request: SignedIn, found: Service) -> dict[str, Any]:
    overall = health_of([found])
    return {
        "service": found,
        "overall": overall,
        "probes": [(probe, sparkline(probe)) for probe in overall.probes],
        "around": surroundings(found, services_where(request.user, Right.VIEW)),
        "may_administer": holds(request.user, Right.ADMINISTER, [found.team]),
    }


@login_required
@require_POST
def switch_probe(request: SignedIn, slug: str, probe_id: int) -> HttpResponse:
    """Pause a probe, or ask it again: POST `to` = paused | asked. Asking for what already is changes nothing."""
    probe = probe_for(request.user, slug, probe_id, may=Right.ADMINISTER)
    is_paused = probe.health == Health.PAUSED
    if request.POST.get("to") == "paused" and not is_paused:
        services.pause(probe, request.user)
    elif request.POST.get("to") == "asked" and is_paused:
        services.resume(probe, request.user)
    return redirect("catalog:service", slug=slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_files(request: SignedIn) -> HttpResponse:
    """Upload catalog files; the answer is the report of what became of every statement."""
    mine = teams_where(request.user, Right.ADMINISTER)
    if not mine.exists() and not request.user.is_superuser:
        raise PermissionDenied("Catalog files are imported by the administrators of a team.")
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if not form.is_valid():
        return render(request, "catalog/import.html", {"form": form}, status=422 if form.is_bound else 200)
    files = [(str(each.name), each.read()) for each in form.cleaned_data["catalog_files"]]
    report = services.import_files(files, request.user, may=_among(mine))
    return render(request, "catalog/import.html", {"form": ImportForm(), "report": report})


def _among(teams: QuerySet[Team]) -> services.May:
    keys = set(teams.values_list("pk", flat=True))
    return lambda team: team.pk in keys


@login_required
@require_safe
def team_list(request: SignedIn) -> HttpResponse:
    """The teams that the reader sees, with who is what in them; and to administrators, who can be told something."""
    teams = list(teams_with_members(teams_where(request.user, Right.VIEW)))
    mine = set(teams_where(request.user, Right.ADMINISTER).values_list("pk", flat=True))
    people = {each.user for team in teams if team.pk in mine for each in team.memberships.all()}
    channels = channels_of(people)
    rows = [(team, members_of(team, channels if team.pk in mine else None)) for team in teams]
    return render(request, "catalog/teams.html", {"rows": rows})
