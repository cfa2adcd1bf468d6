"""Pages of deadlines and of what authorities must be told about one stream: worksheets, decisions, clocks."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from audit.forms.regimes import DeadlineFilter, DecisionForm, EventForm, ReasonForm, WorksheetForm, refuse
from audit.ledger import Actor
from audit.models import Clock, Stream
from audit.naming import labels, people
from audit.permissions import stream_for, visible_streams
from audit.regimes import keeping, rules, sheets, showing, stating
from audit.regimes.entities import entities
from audit.regimes.providers import is_reportable
from audit.regimes.sheets import Sheet, Verdict
from audit.regimes.stating import Statement
from plumbing import clock as the_clock
from plumbing.errors import BadField

FORM = ["GET", "HEAD", "POST"]


def zone_of(request: HttpRequest) -> str:
    """The reader's time zone."""
    return str(getattr(request.user, "time_zone", "") or "UTC")


def actor_of(request: HttpRequest) -> Actor:
    """Who acts."""
    return cast(Actor, request.user)


@login_required
@require_safe
def deadlines(request: HttpRequest) -> HttpResponse:
    """The clocks over everything that the reader sees, what is due soonest first."""
    form = DeadlineFilter(request.GET, showing.choices())
    said = form.cleaned_data if form.is_valid() else {"state": "", "regime": "", "entity": ""}
    found = showing.deadlines(
        visible_streams(request.user), regime=said["regime"], entity=said["entity"], state=said["state"] or "open"
    )
    total = found.count()
    context = {"form": form, "rows": showing.clock_rows(found[: showing.MOST]), "total": total, "most": showing.MOST}
    return render(request, "audit/deadlines.html", context)


@login_required
@require_safe
def about(request: HttpRequest, uid: str) -> HttpResponse:
    """What authorities must be told about one stream: for each entity its questions and its clocks."""
    stream = _reportable(request, uid)
    return _about(request, stream, _event_form(request, None))


def _reportable(request: HttpRequest, uid: str, *, may: Any = "view") -> Stream:
    found = stream_for(request.user, uid, may=may)
    if not is_reportable(uid):
        raise Http404("Nobody is told about streams of this kind.")
    return found


def _about(request: HttpRequest, stream: Stream, form: EventForm, status: int = 200) -> HttpResponse:
    context = {
        "stream": stream.uid, "label": labels([stream.uid])[stream.uid], "form": form,
        "view": showing.overview(stream.uid, the_clock.now().date()), "may_file": _may_file(request, stream),
    }  # fmt: skip
    return render(request, "audit/regime_about.html", context, status=status)


def _may_file(request: HttpRequest, stream: Stream) -> bool:
    return visible_streams(request.user, "file", among=[stream.uid]).exists()


def _event_form(request: HttpRequest, data: Any) -> EventForm:
    return EventForm(
        data, zone=zone_of(request), regimes=rules.regimes().values(), entities=showing.choices()["entities"]
    )


@login_required
@require_http_methods(["POST"])
def state(request: HttpRequest, uid: str) -> HttpResponse:
    """State when something happened: awareness, recovery, a report sent elsewhere."""
    stream = _reportable(request, uid, may="file")
    form = _event_form(request, request.POST)
    if form.is_valid():
        try:
            stating.state(uid, Statement(**form.cleaned_data), actor=actor_of(request), now=the_clock.now())
        except BadField as error:
            refuse(form, error)
        else:
            messages.success(request, "It is on record, and the clocks follow it.")
            return redirect("regulation:about", uid)
    return _about(request, stream, form, status=422)


def _sheet(stream: Stream, entity: str, name: str) -> Sheet:
    worksheet = rules.worksheets().get(name)
    found = entities().filter(uid=entity).first()
    if worksheet is None or found is None:
        raise Http404("There is no such entity, or no such worksheet.")
    return sheets.sheet_of(stream.uid, found, worksheet)


@login_required
@require_http_methods(FORM)
def classify(request: HttpRequest, uid: str, entity: str, name: str) -> HttpResponse:
    """The worksheet of one entity: facts, and what the rule says of them, line by line."""
    stream = _reportable(request, uid, may="file" if request.method == "POST" else "view")
    sheet = _sheet(stream, entity, name)
    form = WorksheetForm(request.POST or None, sheet.worksheet, sheet.facts, sheet.seen)
    if form.is_bound and form.is_valid():
        try:
            sheets.state_facts(
                uid, sheet.entity, sheet.worksheet, form.said, seen=form.cleaned_data["seen"], actor=actor_of(request)
            )
        except BadField as error:
            refuse(form, BadField(f"{error.field}__entries", error.message))
        else:
            return redirect("regulation:classify", uid, entity, name)
    context = {**_of_sheet(request, stream, sheet), "form": form, "groups": _grouped(form, sheet)}
    return render(request, "audit/classification.html", context, status=422 if form.is_bound else 200)


def _of_sheet(request: HttpRequest, stream: Stream, sheet: Sheet) -> dict[str, Any]:
    named = people(one.actor for one in sheet.decisions)
    return {
        "stream": stream.uid, "label": labels([stream.uid])[stream.uid], "sheet": sheet, "worksheet": sheet.worksheet,
        "entity": sheet.entity, "may_file": _may_file(request, stream),
        "decisions": [(one, named[one.actor].name) for one in reversed(sheet.decisions)],
        "missing": [sheet.worksheet.operands[name].label for name in sheet.evaluation.missing_that_matter],
    }  # fmt: skip


def _grouped(form: WorksheetForm, sheet: Sheet) -> list[tuple[str, list[dict[str, Any]]]]:
    """(heading, questions) with the fields and the known fact of each."""
    found = []
    for group in sheet.worksheet.groups:
        operands = [one for one in sheet.worksheet.operands.values() if one.group == group]
        rows = [
            {
                "operand": one, "field": form[one.name], "fact": sheet.facts.get(one.name),
                "estimate": form[f"{one.name}__estimate"] if one.estimate_allowed else None,
                "words": form[f"{one.name}__words"], "entries": form[f"{one.name}__entries"],
                "matters": one.name in sheet.evaluation.missing_that_matter,
            }
            for one in operands
        ]  # fmt: skip
        found.append((group, rows))
    return found


@login_required
@require_http_methods(FORM)
def decide(request: HttpRequest, uid: str, entity: str, name: str) -> HttpResponse:
    """A person decides on a worksheet; the clocks that follow begin."""
    stream = _reportable(request, uid, may="file")
    sheet = _sheet(stream, entity, name)
    was_yes = sheet.decision is not None and sheet.decision.verdict
    form = DecisionForm(request.POST or None, sheet.worksheet, seen=sheet.seen, zone=zone_of(request), was_yes=was_yes)
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        verdict = Verdict(said["verdict"] == "yes", said["reason"], said["at"], bool(said.get("never")))
        try:
            about_it = (uid, sheet.entity, sheet.worksheet, verdict)
            sheets.decide(*about_it, seen=said["seen"], actor=actor_of(request), now=the_clock.now())
        except BadField as error:
            refuse(form, error)
        else:
            messages.success(request, "Your decision is on record, and the clocks follow it.")
            return redirect("regulation:about", uid)
    context = {**_of_sheet(request, stream, sheet), "form": form}
    return render(request, "audit/regime_decide.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(FORM)
def not_needed(request: HttpRequest, uid: str, clock: str) -> HttpResponse:
    """A person says that a report isn't needed, and why."""
    stream = _reportable(request, uid, may="file")
    found = Clock.objects.filter(uid=clock, stream=stream).select_related("stream", "entity").first()
    if found is None:
        raise Http404("There is no such clock.")
    form = ReasonForm(request.POST or None)
    if form.is_bound and form.is_valid():
        keeping.not_needed(clock, stream=uid, reason=form.cleaned_data["reason"].strip(), actor=actor_of(request))
        return redirect("regulation:about", uid)
    context = {"form": form, "row": showing.clock_rows([found])[0], "stream": uid, "label": labels([uid])[uid]}
    return render(request, "audit/regime_not_needed.html", context, status=422 if form.is_bound else 200)
