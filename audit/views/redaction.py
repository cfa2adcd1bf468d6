"""Pages of redaction: the sets, choosing by hand with what the reader would see beside it, and a second person."""

from typing import cast
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.forms.redaction import ChoiceForm, DraftForm, ReasonForm, VerdictForm
from audit.ledger import Actor
from audit.models import RedactionSet, RedactionState
from audit.naming import labels, people
from audit.permissions import redaction_for, redactions_seen, stream_for, visible_streams
from audit.redaction import sets
from audit.redaction.errors import Grew, ReasonMissing
from audit.redaction.preview import preview
from audit.redaction.profiles import profiles
from audit.redaction.withholding import Choice
from audit.views.four_eyes import asked_and_decided, first_error, stream_asked

PAGE = 50
MOST_SETS = 200


@login_required
@require_safe
def redactions(request: HttpRequest) -> HttpResponse:
    """The sets of all streams that the reader may redact, those that wait for them first; and the audiences."""
    found = list(redactions_seen(request.user)[:MOST_SETS])
    me = cast(Actor, request.user).actor_id
    known = people({row.author for row in found} | {row.decider for row in found if row.decider})
    named = labels(row.stream.uid for row in found)
    rows = [
        {
            "row": row,
            "title": named[row.stream.uid].title,
            "audience": sets.audience_of(row.audience).title,
            "by": known[row.author].name,
            "is_yours": row.state == RedactionState.ASKED and row.author != me,
        }
        for row in found
    ]
    rows.sort(key=lambda one: not one["is_yours"])
    context = {"rows": rows, "profiles": profiles(), "may": visible_streams(request.user, "redact").exists()}
    return render(request, "audit/redactions.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_redaction(request: HttpRequest) -> HttpResponse:
    """Begin a set for a stream and an audience. `?stream=` chooses one."""
    asked, streams = stream_asked(request)
    form = DraftForm(request.POST or None, streams=streams, initial={"stream": asked})
    if form.is_bound and form.is_valid():
        told = form.cleaned_data
        stream = stream_for(request.user, told["stream"], may="redact")
        row = sets.draft(stream, told["audience"], purpose=told["purpose"], actor=cast(Actor, request.user))
        return redirect("audit:redaction", uid=row.uid)
    context = {"form": form, "stream": asked, "title": labels([asked])[asked].title if asked else ""}
    return render(request, "audit/redaction_new.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
def redaction(request: HttpRequest, uid: str) -> HttpResponse:
    """One set: what the reader sees of each entry, and what may be chosen. `?as=reader` shows the result alone."""
    return _page(request, redaction_for(request.user, uid))


def _page(request: HttpRequest, row: RedactionSet, *, error: str = "", status: int = 200) -> HttpResponse:
    asked, as_reader = request.GET.get("after", ""), request.GET.get("as") == "reader"
    after = int(asked) if asked.isdecimal() and len(asked) < 16 else -1
    is_bound = row.state in (RedactionState.ASKED, RedactionState.APPROVED)
    seen = preview(row, after=after, limit=PAGE, values=not as_reader, size=row.size if is_bound else None)
    last = seen.entries[-1].seq if seen.entries else -1
    me = cast(Actor, request.user).actor_id
    profile = sets.audience_of(row.audience)
    known = people({one for one in (row.author, row.decider) if one})
    query = {"after": last, **({"as": "reader"} if as_reader else {})}
    context = {
        **asked_and_decided(row, known, me),
        "row": row,
        "profile": profile,
        "seen": seen,
        "title": labels([row.stream.uid])[row.stream.uid].title,
        "as_reader": as_reader,
        "grew": max(0, row.stream.size - row.size) if is_bound else 0,
        "may_choose": row.state != RedactionState.WITHDRAWN and not as_reader,
        "next_url": f"?{urlencode(query)}" if last + 1 < seen.size else "",
        "error": error,
    }
    return render(request, "audit/redaction.html", context, status=status)


@login_required
@require_POST
def choose(request: HttpRequest, uid: str) -> HttpResponse:
    """Choose by hand for one field, or leave it to the profile again."""
    row = redaction_for(request.user, uid)
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        return _page(request, row, error="The choice wasn't understood: choose again.", status=422)
    told = form.cleaned_data
    place, actor = (told["seq"], told["name"]), cast(Actor, request.user)
    try:
        if told["then"] == "profile":
            sets.choose(row, [], drop=[place], actor=actor)
        else:
            sets.choose(row, [Choice(*place, told["then"], told["reason"])], actor=actor)
    except ReasonMissing as error:
        return _page(request, row, error=f"Entry {place[0]}, {place[1]}: {error}", status=422)
    query = urlencode({"after": place[0] - 1 - (place[0] % PAGE)})
    return redirect(f"{request.path.removesuffix('choose')}?{query}#entry-{place[0]}")


@login_required
@require_POST
def ask(request: HttpRequest, uid: str) -> HttpResponse:
    """Ask for a second person."""
    row = redaction_for(request.user, uid)
    sets.ask(row, actor=cast(Actor, request.user))
    return redirect("audit:redaction", uid=uid)


@login_required
@require_POST
def decide(request: HttpRequest, uid: str) -> HttpResponse:
    """A second person approves exactly what they saw, or refuses it."""
    row = redaction_for(request.user, uid)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return _page(request, row, error=first_error(form), status=422)
    try:
        sets.decide(row, **form.said, actor=cast(Actor, request.user))
    except Grew as error:
        return _page(request, row, error=str(error), status=409)
    return redirect("audit:redaction", uid=uid)


@login_required
@require_POST
def withdraw(request: HttpRequest, uid: str) -> HttpResponse:
    """It isn't needed, or must not be used any more."""
    row = redaction_for(request.user, uid)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, row, error=first_error(form), status=422)
    sets.withdraw(row, reason=form.cleaned_data["reason"], actor=cast(Actor, request.user))
    return redirect("audit:redaction", uid=uid)
