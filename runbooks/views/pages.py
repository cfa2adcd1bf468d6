"""What is read: the list of runbooks, a runbook with its versions and runs, a run, a step."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit.permissions import labels, pack_link
from audit.selectors import latest
from catalog.models import User
from catalog.permissions import Right
from catalog.requests import SignedIn
from runbooks.actions.sources import echo_of
from runbooks.definitions.lint import lint
from runbooks.engine.intent import as_known
from runbooks.engine.model import Step
from runbooks.engine.reading import definition_of, scope_of, values_of
from runbooks.engine.tail import tail_of
from runbooks.models import ProposalState, Run, Runbook, RunbookVersion
from runbooks.outlook.panels import impact_panel, preview_panel
from runbooks.outlook.twins import twins_for
from runbooks.permissions import allowed, may_tend_workers, run_for, runbook_for, visible_runs
from runbooks.selectors import RunOverview, StepOverview, current_version, figures, history_of, run_overview
from runbooks.services.attaching import is_attached
from runbooks.shelf import shelf_of
from runbooks.views import offers, picture
from runbooks.views.groups import asking

MOST_RUNS = 50
MOST_ENTRIES = 500  # of the ledger, in which a step's own are looked for
TABS = (("overview", "Overview"), ("versions", "Versions"), ("runs", "Runs"))


@login_required
@require_safe
def listing(request: SignedIn) -> HttpResponse:
    """All runbooks that the reader sees: model, owner, version, last run, last rehearsal."""
    words = request.GET.get("q", "").strip()[:80]
    context = {"runbooks": shelf_of(request.user, words), "words": words, "may_tend": may_tend_workers(request.user)}
    return render(request, "runbooks/list.html", context)


@login_required
@require_safe
def page(request: SignedIn, slug: str) -> HttpResponse:
    """A runbook. ?tab= overview (default), versions, runs; ?version= which text is shown."""
    runbook = runbook_for(request.user, slug)
    tab = request.GET.get("tab", "overview")
    tab = tab if tab in dict(TABS) else "overview"
    context: dict[str, Any] = {"runbook": runbook, "tab": tab, "tabs": TABS, "current": current_version(runbook)}
    context["pack_url"] = pack_link(request.user, runbook.stream)
    if tab == "runs":
        context["runs"] = visible_runs(request.user).filter(version__runbook=runbook)[:MOST_RUNS]
    else:
        context |= _version_shown(runbook, request.GET.get("version", ""))
    return render(request, f"runbooks/{tab}.html", context)


def _version_shown(runbook: Runbook, number: str) -> dict[str, Any]:
    versions = list(runbook.versions.select_related("author", "publisher"))
    shown = _pick(versions, number) if number else (current_version(runbook) or next(iter(versions), None))
    if shown is None:
        return {"versions": versions, "shown": None}
    definition = definition_of(shown)
    return {
        "versions": versions,
        "shown": shown,
        "definition": definition,
        "picture": picture.of_definition(definition),
        "advice": lint(definition),
        "lines": list(enumerate(shown.source.splitlines(), 1)),
    }


def _pick(versions: list[RunbookVersion], number: str) -> RunbookVersion:
    for version in versions:
        if str(version.number) == number:
            return version
    raise Http404(f"This runbook has no version {number[:10]!r}.")


@login_required
@require_safe
def run(request: SignedIn, uid: str) -> HttpResponse:
    """A run: the picture of its plan, its steps, its inputs."""
    found = run_for(request.user, uid)
    overview = run_overview(found)
    context = {
        **_frame(request, found),
        "overview": overview,
        "figures": figures(found),
        "picture": picture.of_run(overview),
        "rows": [(step, picture.fact(step)) for step in overview.steps],
        "may_change": offers.is_open(found) and allowed(request.user, found, Right.EXECUTE),
        "offers": _offered(request.user, found, offers.for_run(found)),
        "moves": found.migrations.filter(state=ProposalState.OPEN).select_related("to", "asker"),
        "groups": asking(found, may_assess=allowed(request.user, found, Right.COMMAND)),
    }
    return render(request, "runbooks/run.html", context)


@login_required
@require_safe
def step(request: SignedIn, uid: str, step: str) -> HttpResponse:
    """One step of a run: why it is in its state, what it does, every attempt, what may be done about it."""
    found = run_for(request.user, uid)
    overview = run_overview(found)
    shown = step_of(overview, step)
    values = {**values_of(found), **scope_of(shown.row)}
    context = {
        **_frame(request, found),
        "overview": overview,
        "shown": shown,
        "attempts": history_of(shown.row),
        "tail": tail_of(shown.row),
        "config": [(key, _text(value)) for key, value in as_known(shown.step.with_, values).items()],
        "touches": as_known(shown.step.touches, values),
        "output": [(key, _text(value)) for key, value in shown.row.output.items()],
        "verify": [(key, _text(value)) for key, value in as_known(_probe(shown.step), values).items()],
        "entries": [e for e in latest(found.stream, limit=MOST_ENTRIES) if _is_of(e.fields, found, step)],
        "offers": _offered(request.user, found, offers.for_step(found, shown, request.user)),
        **_outlook(request.user, found, shown, values),
    }
    return render(request, "runbooks/step.html", context)


def _outlook(user: User, found: Run, shown: StepOverview, values: dict[str, Any]) -> dict[str, Any]:
    """What is told about a step before it runs. What was foreseen of it stays."""
    shown.row.run = found
    preview = preview_panel(user, shown.row, back=reverse("runbooks:step", args=[found.uid, shown.row.step]))
    return {
        "twins": twins_for(user, shown.row),
        "may_attach": allowed(user, found, Right.EXECUTE),
        "is_attached": is_attached(shown.row) and shown.state in offers.NOT_BEGUN,
        "echo": echo_of(shown.step, values),
        "impact": impact_panel(user, shown.row) if shown.state in offers.NOT_BEGUN else None,
        "preview": preview if preview.is_offered or preview.latest else None,
    }


def _offered(user: User, found: Run, all_of_them: tuple[offers.Offer, ...]) -> list[offers.Offer]:
    """The offers that the reader has the right to."""
    may = {right: allowed(user, found, right) for right in {offer.right for offer in all_of_them}}
    return [offer for offer in all_of_them if may[offer.right]]


def step_of(overview: RunOverview, step: str) -> StepOverview:
    """The step of that id. Raises Http404."""
    found = overview.by_id.get(step)
    if found is None:
        raise Http404(f"This run has no step {step[:60]!r}.")
    return found


def _frame(request: SignedIn, found: Run) -> dict[str, Any]:
    return {"run": found, "runbook": found.version.runbook, "stream": labels([found.stream])[found.stream]}


def _is_of(fields: dict[str, Any], found: Run, step: str) -> bool:
    return fields.get("run") == found.uid and fields.get("step") == step


def _probe(step: Step) -> Mapping[str, Any]:
    return step.verify.config if step.verify else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
