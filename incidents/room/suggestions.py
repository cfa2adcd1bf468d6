"""Runbooks that might help while none runs, each with the reason why it is offered."""

from django.urls import reverse

from catalog.permissions import Right
from incidents.models import IntakeRule
from incidents.room.reader import Reader
from incidents.room_view import Suggestion
from incidents.run_view import Action
from runbooks.models import Runbook, VersionState
from runbooks.selectors import visible_to

MOST = 3


def suggestions_for(reader: Reader) -> tuple[Suggestion, ...]:
    """Up to three published runbooks: those that rules name for these teams first, then the teams' own."""
    return tuple(_suggestion(reader, runbook, reason) for runbook, reason in candidates(reader)[:MOST])


def candidates(reader: Reader) -> list[tuple[Runbook, str]]:
    """Published runbooks that the reader sees, the closest to this incident first, with reasons."""
    teams = list(reader.incident.teams.all())
    published = visible_to(reader.user).filter(versions__state=VersionState.PUBLISHED).distinct()
    rules = IntakeRule.objects.filter(team__in=teams, runbook__in=published).select_related("runbook")
    found = {rule.runbook: f"Rule “{rule.name}” starts it for signals like these." for rule in rules if rule.runbook}
    for runbook in published.filter(team__in=teams).select_related("team"):
        found.setdefault(runbook, f"{runbook.team} keeps it, and owns an affected service.")
    return list(found.items())


def _suggestion(reader: Reader, runbook: Runbook, reason: str) -> Suggestion:
    start = None
    if reader.may(Right.EXECUTE):
        url = f"{reader.url('start-runbook')}?runbook={runbook.slug}"
        start = Action("Start it…", url, kind="dialog", is_main=True)
    return Suggestion(runbook.title, reverse("runbooks:page", args=[runbook.slug]), reason, start)
