"""Pages of keeping: which streams are on hold, how long each is kept, and what is past its time."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.forms.redaction import MOST_LISTED, HoldForm, KeepingForm, ReasonForm, VerdictForm, WithStream
from audit.ledger import Actor
from audit.models import HoldState, Stream
from audit.naming import labels, people
from audit.permissions import hold_for, holds_seen, stream_for, visible_streams
from audit.redaction import holds as services
from audit.redaction import keeping
from audit.redaction.errors import BadRequest, RedactionError
from audit.views.four_eyes import first_error, stream_asked
from plumbing import clock

MOST_HOLDS = 200
PAGE = 50


@login_required
@require_safe
def holds(request: HttpRequest) -> HttpResponse:
    """Holds, the classes, and the streams that the reader may redact with how long they are kept."""
    return _page(request)


def _page(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    mine = visible_streams(request.user, "redact")
    asked = request.GET.get("shown", "")
    shown = max(PAGE, min(int(asked), MOST_LISTED)) if asked.isdecimal() and len(asked) < 5 else PAGE
    streams = mine.filter(size__gt=0).order_by("time", "pk")
    total = streams.count()
    rows = keeping.kept(streams[:shown], clock.now())
    found = holds_seen(request.user)[:MOST_HOLDS]
    me = cast(Actor, request.user).actor_id
    known = people({one for hold in found for one in (hold.setter, hold.asker) if one})
    named = labels({*(row.stream.uid for row in rows), *(hold.stream.uid for hold in found)})
    context = {
        "holds": [
            {
                "row": hold,
                "title": named[hold.stream.uid].title,
                "setter": known[hold.setter].name,
                "asker": known[hold.asker].name if hold.asker else "",
                "is_own": hold.asker == me,
            }
            for hold in sorted(found, key=lambda one: one.state == HoldState.LIFTED)
        ],
        "rows": [(row, named[row.stream.uid].title) for row in rows],
        "total": total,
        "next_url": f"?shown={shown + PAGE}" if total > shown else "",
        "classes": keeping.rules().classes.values(),
        "past": sum(row.fields for row in rows if not row.holds),
        "may": total > 0,
        "reason": ReasonForm(auto_id="id_past_%s"),
        "error": error,
    }
    return render(request, "audit/holds.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def set_hold(request: HttpRequest) -> HttpResponse:
    """Put a stream on hold. `?stream=` chooses one."""

    def act(stream: Stream, told: dict[str, Any]) -> object:
        return services.set_hold(stream, matter=told["matter"], reason=told["reason"], actor=cast(Actor, request.user))

    about = {"title": "Put a stream on hold", "button": "Hold it"}
    return _stream_form(request, HoldForm, act, {**about, "lede": "From now on nothing of it is erased."})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choose_class(request: HttpRequest) -> HttpResponse:
    """Give a stream another retention class. `?stream=` chooses one."""

    def act(stream: Stream, told: dict[str, Any]) -> object:
        return keeping.choose(stream, told["retention"], reason=told["reason"], actor=cast(Actor, request.user))

    about = {"title": "How long a stream is kept", "button": "Keep it so long"}
    lede = "Nothing is erased by this. What is past its time is erased when somebody asks and another agrees."
    return _stream_form(request, KeepingForm, act, {**about, "lede": lede})


def _stream_form(
    request: HttpRequest,
    kind: type[WithStream],
    act: Callable[[Stream, dict[str, Any]], object],
    about: dict[str, str],
) -> HttpResponse:
    asked, streams = stream_asked(request)
    form = kind(request.POST or None, streams=streams, initial={"stream": asked})
    if form.is_bound and form.is_valid():
        told = form.cleaned_data
        try:
            act(stream_for(request.user, told["stream"], may="redact"), told)
        except BadRequest as error:
            form.add_error(None, str(error))
        else:
            return redirect("audit:holds")
    return render(request, "audit/hold_form.html", {"form": form, **about}, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def lift(request: HttpRequest, uid: str) -> HttpResponse:
    """Ask that a hold is lifted; it stands until a second person agrees."""
    row = hold_for(request.user, uid)
    form = ReasonForm(request.POST or None)
    if form.is_bound and form.is_valid():
        services.ask_to_lift(row, reason=form.cleaned_data["reason"], actor=cast(Actor, request.user))
        return redirect("audit:holds")
    lede = f"{services.sentence(row)} It stands until somebody else agrees to lift it."
    context = {"form": form, "title": f"Lift the hold for “{row.matter}”", "button": "Ask to lift it", "lede": lede}
    return render(request, "audit/hold_form.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def decide_lift(request: HttpRequest, uid: str) -> HttpResponse:
    """A second person lifts the hold, or lets it stand."""
    row = hold_for(request.user, uid)
    form = VerdictForm(request.POST or None, initial={"verdict": request.GET.get("verdict", "")})
    if form.is_bound and form.is_valid():
        told = form.cleaned_data
        services.decide_lift(
            row, lift=told["verdict"] == "approve", reason=told["reason"], actor=cast(Actor, request.user)
        )
        return redirect("audit:holds")
    form.fields["verdict"].choices = [("approve", "Lift it"), ("reject", "Let it stand")]  # type: ignore[attr-defined]
    lede = (
        f"{services.sentence(row)} Why it should be lifted: “{row.why_lift}”"
        if row.why_lift
        else services.sentence(row)
    )
    context = {"form": form, "title": f"The hold for “{row.matter}”", "button": "Decide", "lede": lede}
    return render(request, "audit/hold_form.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def erase_past(request: HttpRequest) -> HttpResponse:
    """Ask that everything past its time is erased, in the streams that the reader may redact."""
    mine = visible_streams(request.user, "redact").order_by("uid")
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, error=first_error(form), status=422)
    try:
        row = keeping.ask_for_what_is_past(
            mine, clock.now(), reason=form.cleaned_data["reason"], actor=cast(Actor, request.user)
        )
    except RedactionError as error:
        return _page(request, error=str(error), status=error.status)
    return redirect("audit:erasure", uid=row.uid)
