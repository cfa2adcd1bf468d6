"""Pages of filings: the list, one report with what is to settle, its sections as forms, its way to the authority."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.filings import editing, moving, opening, selectors, showing
from audit.filings.errors import BadValue, ChangedMeanwhile, FilingError, NotReady
from audit.filings.exports.report import THOUSANDS
from audit.forms.filings import (
    AcknowledgeForm,
    FilesForm,
    NewFilingForm,
    ReasonForm,
    SectionForm,
    SeenForm,
    SubmitForm,
)
from audit.ledger import Actor
from audit.models import Filing, FilingState
from audit.naming import labels
from audit.permissions import filing_for, stream_for, visible_streams
from plumbing import clock

FORM_DOORS = ["GET", "HEAD", "POST"]
SENT_WORDS = ("Record that it was sent", "It was sent")  # title and button
ANSWERED_WORDS = ("Record the acknowledgement", "It was acknowledged")


@login_required
@require_safe
def filings(request: HttpRequest) -> HttpResponse:
    """The reports about all that the reader sees, those that wait first. `?state=` chooses."""
    state = request.GET.get("state", "")
    rows = showing.rows(visible_streams(request.user), state if state in FilingState.values else "")
    may = visible_streams(request.user, "file").exists()
    context = {"rows": rows, "states": FilingState.choices, "state": state, "may_file": may}
    return render(request, "audit/filings.html", context)


@login_required
@require_http_methods(FORM_DOORS)
def new_filing(request: HttpRequest) -> HttpResponse:
    """Begin a report. `?stream=`, `?report=` and `?entity=` choose, as links from clocks do."""
    asked = request.POST.get("stream") or request.GET.get("stream", "")
    streams = visible_streams(request.user, "file").order_by("-time", "-pk")[: showing.MOST_STREAMS]
    if asked:  # before the form: who may not file about it is told so, and a stranger that it isn't there
        streams = [stream_for(request.user, asked, may="file")]  # type: ignore[assignment]
    choices = showing.choices(streams)
    initial = {name: request.GET.get(name, "") for name in ("stream", "report", "entity")}
    form = NewFilingForm(request.POST or None, initial=initial, **choices)
    if form.is_bound and form.is_valid():
        told = form.cleaned_data
        stream = stream_for(request.user, told["stream"], may="file")
        regime, _, stage = told["report"].partition("/")
        made = opening.open_filing(
            stream, regime, stage, entity=told["entity"], entity_name=dict(choices["entities"])[told["entity"]],
            actor=cast(Actor, request.user), now=clock.now(),
        )  # fmt: skip
        return redirect("regulation:filing", uid=made.uid)
    context = {"form": form, "title": labels([asked])[asked].title if asked else "", "has": choices}
    return render(request, "audit/filing_new.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
def filing(request: HttpRequest, uid: str) -> HttpResponse:
    """One report: where it stands, what is to settle, its sections, what changed since the one before."""
    found = filing_for(request.user, uid)
    showing.looked(found, cast(Actor, request.user), door="page")
    return _overview(request, found)


def _overview(request: HttpRequest, found: Filing, *, error: FilingError | None = None) -> HttpResponse:
    may = visible_streams(request.user, "file", among=[found.stream.uid]).exists()
    seen = showing.overview(found)
    form = FilesForm(
        schemas=seen.one.form.schemas, initial={"seen": found.version, "scale": found.scale, "schema": found.schema}
    )
    context = {
        "seen": seen,
        "filing": found,
        "may_file": may,
        "files_form": form,
        "error": error,
        "reason": ReasonForm(),
    }
    return render(request, "audit/filing.html", context, status=error.status if error else 200)


@login_required
@require_http_methods(FORM_DOORS)
def section(request: HttpRequest, uid: str, name: str) -> HttpResponse:
    """One section as a form. 409 with who changed what where somebody else was faster: what was typed stays."""
    found = filing_for(request.user, uid, may="file")
    one = selectors.opened(found)
    if name not in one.form.sections:
        raise Http404("The report has no such section.")
    fields = [each for each in one.fields if each.section == name]
    facts = showing.facts_of(one, fields)
    values = one.values
    form = SectionForm(
        request.POST or None, form=one.form, fields=fields, facts=facts, values=values, initial={"seen": found.version}
    )
    error: FilingError | None = None
    if form.is_bound and form.is_valid():
        try:
            told = form.cleaned_data
            editing.change(
                uid, form.said, seen=told["seen"], reason=told["reason"], supports=told["supports"],
                actor=cast(Actor, request.user), now=clock.now(),
            )  # fmt: skip
            return redirect(_after(one, name))
        except FilingError as refused:
            error = refused
            if refused.code == "reason_needed":
                form.add_error("reason", str(refused))
            elif not isinstance(refused, ChangedMeanwhile):
                form.add_error(None, str(refused))
    seen = showing.overview(found)
    context = {
        "filing": found, "seen": seen, "form": form, "error": error, "name": name, "title": one.form.sections[name],
        "lines": showing.form_lines(form, seen, fields, facts),
    }  # fmt: skip
    status = error.status if error else 422 if form.is_bound else 200
    return render(request, "audit/filing_section.html", context, status=status)


def _after(one: selectors.Opened, name: str) -> Any:
    """Where to go on: the next section, or the check of all answers after the last."""
    sections = [each for each in one.form.sections if any(field.section == each for field in one.fields)]
    place = sections.index(name) + 1
    if place < len(sections):
        return redirect("regulation:filing-section", uid=one.filing.uid, name=sections[place]).url
    return redirect("regulation:filing-check", uid=one.filing.uid).url


@login_required
@require_safe
def check(request: HttpRequest, uid: str) -> HttpResponse:
    """All answers on one page, to be read before anything goes to review."""
    found = filing_for(request.user, uid, may="file")
    showing.looked(found, cast(Actor, request.user), door="page")
    return _check(request, found)


def _check(request: HttpRequest, found: Filing, *, error: FilingError | None = None) -> HttpResponse:
    context = {
        "filing": found,
        "seen": showing.overview(found),
        "form": SeenForm(initial={"seen": found.version}),
        "error": error,
    }
    return render(request, "audit/filing_check.html", context, status=error.status if error else 200)


@login_required
@require_POST
def review(request: HttpRequest, uid: str) -> HttpResponse:
    """Send exactly these answers to review."""
    found = filing_for(request.user, uid, may="file")
    form = SeenForm(request.POST)
    seen = form.cleaned_data["seen"] if form.is_valid() else -1
    try:
        moving.send_to_review(uid, seen=seen, actor=cast(Actor, request.user), now=clock.now())
    except (NotReady, ChangedMeanwhile) as refused:
        return _check(request, found, error=refused)
    messages.success(request, "It was sent to review. Whoever answers for the services is asked.")
    return redirect("regulation:filing", uid=uid)


@login_required
@require_POST
def refill(request: HttpRequest, uid: str) -> HttpResponse:
    """Read the record again."""
    filing_for(request.user, uid, may="file")
    changed = opening.refill(uid, actor=cast(Actor, request.user), now=clock.now())
    what = (
        f"{len(changed)} value{'' if len(changed) == 1 else 's'} followed the record" if changed else "Nothing changed"
    )
    messages.success(request, f"{what}. What people entered stays.")
    return redirect("regulation:filing", uid=uid)


@login_required
@require_POST
def set_files(request: HttpRequest, uid: str) -> HttpResponse:
    """Say how the files are written."""
    found = filing_for(request.user, uid, may="file")
    form = FilesForm(request.POST, schemas=selectors.opened(found).form.schemas)
    if not form.is_valid():
        return _overview(request, found, error=FilingError("Choose one of the scales and versions."))
    told = form.cleaned_data
    editing.set_files(
        uid, scale=told["scale"] or THOUSANDS, schema=told["schema"], seen=told["seen"],
        actor=cast(Actor, request.user), now=clock.now(),
    )  # fmt: skip
    return redirect("regulation:filing", uid=uid)


@login_required
@require_http_methods(FORM_DOORS)
def submit(request: HttpRequest, uid: str) -> HttpResponse:
    """Put on record that it was sent: when, where, which file."""
    found = filing_for(request.user, uid, may="file")
    form = SubmitForm(request.POST or None, files=sorted(found.digests))
    if form.is_bound and form.is_valid():
        try:
            moving.submit(uid, sent=moving.Sent(**form.cleaned_data), actor=cast(Actor, request.user), now=clock.now())
            return redirect("regulation:filing", uid=uid)
        except FilingError as refused:
            return _answer(request, found, form, SENT_WORDS, refused)
    return _answer(request, found, form, SENT_WORDS)


@login_required
@require_http_methods(FORM_DOORS)
def acknowledge(request: HttpRequest, uid: str) -> HttpResponse:
    """Put on record that the authority has it."""
    found = filing_for(request.user, uid, may="file")
    form = AcknowledgeForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            moving.acknowledge(uid, **form.cleaned_data, actor=cast(Actor, request.user), now=clock.now())
            return redirect("regulation:filing", uid=uid)
        except FilingError as refused:
            return _answer(request, found, form, ANSWERED_WORDS, refused)
    return _answer(request, found, form, ANSWERED_WORDS)


def _answer(
    request: HttpRequest, found: Filing, form: Any, words: tuple[str, str], refused: FilingError | None = None
) -> HttpResponse:
    if refused is not None:
        field = refused.field if isinstance(refused, BadValue) and refused.field in form.fields else None
        form.add_error({"submitted_at": "at"}.get(getattr(refused, "field", ""), field), str(refused))
    title, button = words
    context = {"filing": found, "seen": showing.overview(found), "form": form, "title": title, "button": button}
    status = refused.status if refused else 422 if form.is_bound else 200
    return render(request, "audit/filing_answer.html", context, status=status)


@login_required
@require_POST
def move(request: HttpRequest, uid: str, act: str) -> HttpResponse:
    """Return it to draft, note that the authority rejected it, or withdraw it: with a reason."""
    found = filing_for(request.user, uid, may="file")
    if act not in moving.WITH_REASON:
        raise Http404("There is no such act.")
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        moving.WITH_REASON[act](uid, reason=reason, actor=cast(Actor, request.user), now=clock.now())
    except FilingError as refused:
        return _overview(request, found, error=refused)
    return redirect("regulation:filing", uid=uid)


@login_required
@require_safe
def download(request: HttpRequest, uid: str, form: str) -> HttpResponse:
    """A file of the report: the kept bytes once it was sent to review, a draft before."""
    found = filing_for(request.user, uid, may="file")
    answer = showing.attachment(found, form)
    showing.looked(found, cast(Actor, request.user), door="page", file=form)
    return answer
