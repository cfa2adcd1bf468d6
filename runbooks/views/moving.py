"""A live run to another version: the difference, shown before it is proposed, and decided by somebody else."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import reverse

from catalog.permissions import Right
from catalog.requests import SignedIn
from runbooks import services
from runbooks.engine.reading import definition_of, definition_of_run
from runbooks.forms import MoveForm, VerdictForm
from runbooks.models import Run, RunbookVersion, RunMigration, VersionState
from runbooks.permissions import allowed, run_for
from runbooks.views.dialogs import answer, form_door, initial

LISTS = (
    ("added", "New steps"),
    ("late", "Of them, run late: something that needs them happened already"),
    ("dropped", "Dropped: they are skipped"),
    ("kept", "Dropped, but they happened: they stay as they ran"),
    ("moved", "In another place"),
)


@login_required
@form_door
def move_run(request: SignedIn, uid: str) -> HttpResponse:
    """Propose another version. ?version= shows its difference first."""
    run = run_for(request.user, uid, Right.EXECUTE)
    versions = list(_newer(run))
    by_number = {version.number: version for version in versions}
    asked = request.POST.get("version") or request.GET.get("version") or ""
    shown = by_number.get(int(asked)) if asked.isdecimal() else next(iter(versions), None)
    start = initial(request, run.seen_at) | ({"version": shown.number} if shown else {})
    form = MoveForm(request.POST or None, versions=[(each.number, str(each)) for each in versions], initial=start)

    def perform(version: int, **said: Any) -> object:
        return services.ask_migration(uid, version=by_number[version], actor=request.user, **said)

    difference = services.difference_of(run, shown).as_json() if shown else None
    context = {
        "title": f"Move the run to another version: {run.version.runbook}",
        "button": "Propose move",
        "explains": "Somebody else who may approve agrees to exactly this difference. What happened stays as it ran.",
        "back": reverse("runbooks:run", args=[uid]),
        "shown": shown,
        "versions": versions,
        "move_url": request.path,
        **words_of(run, shown, difference),
    }
    return answer(request, form, perform, context, "move")


def _newer(run: Run) -> Any:
    found = run.version.runbook.versions.filter(state=VersionState.PUBLISHED, number__gt=run.version.number)
    return found.select_related("runbook")


def words_of(run: Run, to: RunbookVersion | None, difference: dict[str, Any] | None) -> dict[str, Any]:
    """The difference in titles: lists [(heading, titles)], changed [(title, parts, stays)], refused."""
    if to is None or difference is None:
        return {"lists": [], "changed": [], "refused": []}
    titles = {step.id: step.title for step in (*definition_of_run(run).steps, *definition_of(to).steps)}
    lists = [(heading, [titles[step] for step in difference[name]]) for name, heading in LISTS if difference[name]]
    changed = [(each["title"], ", ".join(each["parts"]), each["stays"]) for each in difference["changed"]]
    return {"lists": lists, "changed": changed, "refused": difference["refused"]}


@login_required
@form_door
def decide_move(request: SignedIn, uid: str, move: str) -> HttpResponse:
    """A proposed move: whoever sees the run reads it, somebody else than its proposer who may approve decides it."""
    run = run_for(request.user, uid)
    asked = move_of(run, move)
    if request.method == "POST" and not allowed(request.user, run, Right.APPROVE):
        raise PermissionDenied("In this run you don't have the right to approve.")
    form = VerdictForm(request.POST or None, initial={"digest": asked.digest, "next": request.GET.get("next", "")})

    def perform(**said: Any) -> object:
        return services.decide_migration(move, actor=request.user, **said)

    context = {
        "title": f"Move the run from version {asked.was.number} to {asked.to.number}",
        "button": "Decide",
        "explains": f"{asked.asker} proposes it: {asked.reason}",
        "back": reverse("runbooks:run", args=[uid]),
        "asked": asked,
        "may_decide": asked.state == "open"
        and asked.asker != request.user
        and allowed(request.user, run, Right.APPROVE),
        **words_of(run, asked.to, asked.difference),
    }
    return answer(request, form, perform, context, "move")


def move_of(run: Run, move: str) -> RunMigration:
    """The proposed move of this run. Raises Http404."""
    found = run.migrations.select_related("to__runbook", "was", "asker", "by").filter(uid=move).first()
    if found is None:
        raise Http404("This run has no such move.")
    return found
