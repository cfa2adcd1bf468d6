"""Pages of erasure on request: the requests, a new one, what it covers, and a second person."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.forms.redaction import MOST_LISTED, ErasureForm, ReasonForm, VerdictForm
from audit.ledger import Actor
from audit.models import ErasureRequest, ErasureState
from audit.naming import labels, people
from audit.permissions import erasure_for, erasures_seen, redactable, stream_for, visible_streams
from audit.redaction import subjects
from audit.redaction.asking import ask_for
from audit.redaction.erasing import decide as decide_erasure
from audit.redaction.erasing import sought_by
from audit.redaction.erasing import withdraw as withdraw_erasure
from audit.redaction.errors import RedactionError
from audit.redaction.searching import packs_holding
from audit.views.four_eyes import asked_and_decided, first_error

MOST_REQUESTS = 200
MOST_PLACES = 200


@login_required
@require_safe
def erasures(request: HttpRequest) -> HttpResponse:
    """The requests of which the reader may redact every stream, those that wait for them first."""
    me = cast(Actor, request.user).actor_id
    found = erasures_seen(request.user)[:MOST_REQUESTS]
    known = people({row.author for row in found})
    rows = [
        {
            "row": row,
            "by": known[row.author].name,
            "fields": sum(map(len, row.covers.values())),
            "streams": len(row.covers),
            "is_yours": row.state == ErasureState.ASKED and row.author != me,
        }
        for row in found
    ]
    rows.sort(key=lambda one: not one["is_yours"])
    may = visible_streams(request.user, "redact").exists()
    return render(request, "audit/erasures.html", {"rows": rows, "may": may})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_erasure(request: HttpRequest) -> HttpResponse:
    """Ask for an erasure. The answer is the page that shows what it covers; nothing is erased yet."""
    asked = request.POST.get("stream") or request.GET.get("stream", "")
    named = [stream_for(request.user, asked, may="redact")] if asked else []  # first: a stranger learns nothing of it
    mine = redactable(request.user)
    listed = [*named, *mine.exclude(uid=asked)[:MOST_LISTED]]
    form = ErasureForm(request.POST or None, streams=listed, initial={"stream": asked})
    if form.is_bound and form.is_valid():
        try:
            row = ask_for(mine, form.cleaned_data, actor=cast(Actor, request.user))
        except RedactionError as error:
            if error.status not in (409, 422):
                raise
            form.add_error(None, str(error))
        else:
            return redirect("audit:erasure", uid=row.uid)
    return render(request, "audit/erasure_new.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
@require_safe
def erasure(request: HttpRequest, uid: str) -> HttpResponse:
    """One request: what it covers, what it can't reach, what became of it."""
    return _page(request, erasure_for(request.user, uid))


def _page(request: HttpRequest, row: ErasureRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    me = cast(Actor, request.user).actor_id
    known = people({one for one in (row.author, row.decider, row.subject) if one})
    named = labels(row.covers)
    subject = subjects.subject(row.subject) if row.subject and row.state == ErasureState.ASKED else None
    streams = [
        {
            "uid": uid,
            "title": named[uid].title,
            "count": len(places),
            "places": [{"seq": seq, "name": name} for seq, name in places[:MOST_PLACES]],
            "packs": packs_holding(uid, [(seq, name) for seq, name in places]),
        }
        for uid, places in row.covers.items()
    ]
    context = {
        **asked_and_decided(row, known, me),
        "row": row,
        "subject": subject.name if subject else known[row.subject].name if row.subject else "",
        "streams": streams,
        "fields": sum(len(places) for places in row.covers.values()),
        "packs": sum(len(one["packs"]) for one in streams),
        "sought": sought_by(row),
        "copies": [one for one in row.copies if not one["kept"]],
        "kept": row.outcome.get("kept") or [one for one in row.copies if one["kept"]],
        "held": row.outcome.get("held", {}).values(),
        "error": error,
    }
    return render(request, "audit/erasure.html", context, status=status)


@login_required
@require_POST
def decide(request: HttpRequest, uid: str) -> HttpResponse:
    """A second person agrees, and it is carried out; or refuses."""
    row = erasure_for(request.user, uid)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return _page(request, row, error=first_error(form), status=422)
    try:
        decide_erasure(row, **form.said, actor=cast(Actor, request.user))
    except RedactionError as error:
        if error.status != 409:
            raise
        return _page(request, erasure_for(request.user, uid), error=str(error), status=409)
    return redirect("audit:erasure", uid=uid)


@login_required
@require_POST
def withdraw(request: HttpRequest, uid: str) -> HttpResponse:
    """It isn't wanted any more."""
    row = erasure_for(request.user, uid)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, row, error=first_error(form), status=422)
    withdraw_erasure(row, reason=form.cleaned_data["reason"], actor=cast(Actor, request.user))
    return redirect("audit:erasure", uid=uid)
