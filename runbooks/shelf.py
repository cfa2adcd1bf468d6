"""The list of runbooks as its page and the API show it: each with its current version and when it last ran."""

from django.db.models import OuterRef, QuerySet, Subquery

from catalog.models import User
from runbooks.models import Run, Runbook, RunbookVersion, RunMode, VersionState
from runbooks.selectors import visible_to


def shelf_of(user: User, words: str = "") -> QuerySet[Runbook]:
    """Runbooks that `user` sees, by title. One query.

    Each has `current` (number of the published version or None), `current_model`, `newest` (number of the newest
    version or None), `last_run` and `last_rehearsal` (moments or None). words: only titles with this text."""
    versions = RunbookVersion.objects.filter(runbook=OuterRef("pk")).order_by("-number")
    published = versions.filter(state=VersionState.PUBLISHED)
    runs = Run.objects.filter(version__runbook=OuterRef("pk")).order_by("-started_at")
    found = visible_to(user).select_related("team")
    if words:
        found = found.filter(title__icontains=words)
    return found.annotate(
        current=Subquery(published.values("number")[:1]),
        current_model=Subquery(published.values("model")[:1]),
        newest=Subquery(versions.values("number")[:1]),
        last_run=Subquery(runs.filter(mode=RunMode.LIVE).values("started_at")[:1]),
        last_rehearsal=Subquery(runs.filter(mode=RunMode.REHEARSAL).values("started_at")[:1]),
    )
