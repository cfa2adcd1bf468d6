"""Evidence pages: the streams, one stream's ledger, its verification, and its pack."""

from typing import cast
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from audit import services, shelf
from audit.access.looks import record_look
from audit.forms.streams import EntryFilter, StreamFilter
from audit.ledger import Actor
from audit.models import Stream
from audit.permissions import stream_for, visible_streams
from audit.verify import Verdict


@login_required
@require_safe
def streams(request: HttpRequest) -> HttpResponse:
    """The streams that the reader sees, the packs made of them, and what is needed to check a pack."""
    form = StreamFilter(request.GET)
    seen = visible_streams(request.user)
    kind = form.cleaned_data["kind"] if form.is_valid() else ""
    found = seen.filter(uid__startswith=kind, size__gt=0).order_by("-time", "-pk")
    shown = shelf.PAGE * _pages(request)
    return render(
        request,
        "audit/streams.html",
        {
            "form": form,
            "rows": shelf.stream_rows(found[:shown]),
            "total": (total := found.count()),
            "next_url": f"?{urlencode({'kind': kind, 'pages': _pages(request) + 1})}" if total > shown else "",
            "packs": shelf.pack_rows(seen),
            "log": shelf.log(),
        },
    )


def _pages(request: HttpRequest) -> int:
    asked = request.GET.get("pages", "1")
    return min(int(asked), 100) if asked.isdecimal() and asked != "0" else 1


@login_required
@require_safe
def stream(request: HttpRequest, uid: str) -> HttpResponse:
    """One stream: its ledger as a table, newest entries first, each with its place in the chain."""
    return _stream_page(request, stream_for(request.user, uid))


@login_required
@require_POST
def verify(request: HttpRequest, uid: str) -> HttpResponse:
    """Read the whole stream now. Answers the page with the result; htmx gets the result alone."""
    found = stream_for(request.user, uid)
    verdict = services.verify(uid, actor=cast(Actor, request.user))
    if getattr(request, "htmx", False):
        return render(request, "audit/_verdict.html", {"verdict": verdict})
    return _stream_page(request, found, verdict)


def _stream_page(request: HttpRequest, found: Stream, verdict: Verdict | None = None) -> HttpResponse:
    form = EntryFilter(request.GET.dict(), *shelf.filters_of(found))
    wanted = form.cleaned_data if form.is_valid() else {}
    matching = shelf.matching(
        found, kind=wanted.get("kind", ""), actor=wanted.get("actor", ""), text=wanted.get("text", "")
    )
    before = wanted.get("before")
    older = matching if before is None else matching.filter(seq__lt=before)
    lines = shelf.entry_lines(found, older.order_by("-seq").prefetch_related("disclosures")[: shelf.PAGE])
    more = bool(lines) and matching.filter(seq__lt=lines[-1].line.seq).exists()
    record_look(cast(Actor, request.user), found.uid, door="page", wanted=wanted, shown=len(lines))
    kept = {name: value for name, value in wanted.items() if value and name != "before"}
    return render(
        request,
        "audit/stream.html",
        {
            "row": shelf.stream_rows(Stream.objects.filter(pk=found.pk))[0],
            "form": form,
            "lines": lines,
            "total": matching.count(),
            "next_url": f"?{urlencode({**kept, 'before': lines[-1].line.seq})}" if more else "",
            "packs": shelf.pack_rows(Stream.objects.filter(pk=found.pk)),
            "verdict": verdict,
            "may_export": visible_streams(request.user, "export", among=[found.uid]).exists(),
            "may_redact": visible_streams(request.user, "redact", among=[found.uid]).exists(),
        },
        status=200 if form.is_valid() else 422,
    )
