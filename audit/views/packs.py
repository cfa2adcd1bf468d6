"""Pages of packs: those that were asked for, asking for one, how far it is, and taking it."""

from collections.abc import Collection
from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.downloads import pack_file
from audit.errors import LedgerError
from audit.forms.packs import PackForm
from audit.ledger import Actor
from audit.models import PackKind
from audit.naming import labels
from audit.packs import jobs, kinds, listing
from audit.packs.asking import ask, own_zone
from audit.packs.errors import PackError
from audit.permissions import pack_for, stream_for, visible_streams
from audit.redaction.errors import RedactionError


@login_required
@require_safe
def packs(request: HttpRequest) -> HttpResponse:
    """The packs of streams that the reader sees, newest first."""
    seen = list(visible_streams(request.user).values_list("uid", flat=True))
    lines = listing.lines_of(listing.jobs_seen(seen))
    may = visible_streams(request.user, "export").exists()
    return render(request, "audit/packs.html", {"lines": lines, "may": may})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_pack(request: HttpRequest) -> HttpResponse:
    """Ask for a pack. `?stream=` or `?kind=&subject=` fill in what it is about."""
    stream, kind = request.GET.get("stream", ""), request.GET.get("kind", "")
    if stream:  # before the form: who may not export it is told so, and a stranger that it isn't there
        stream_for(request.user, stream, may="export")
        kind = kinds.kind_of(stream)
    exportable = list(visible_streams(request.user, "export").values_list("uid", flat=True))
    subject = stream or request.GET.get("subject", "")[:64]
    form = PackForm(
        request.POST or None,
        streams=[stream] if stream else exportable,
        is_chosen=bool(subject) and kind in PackKind.values,
        initial={"kind": kind or PackKind.PERIOD, "subject": subject, "zone": own_zone(request.user)},
    )
    if form.is_bound and form.is_valid():
        try:
            job = ask(
                form.wanted,
                actor=cast(Actor, request.user),
                exportable=exportable,
                check=lambda uid: stream_for(request.user, uid, may="export"),
            )
        except (PackError, RedactionError) as error:
            form.add_error(None, str(error))
        else:
            return redirect("audit:pack-job", job.uid)
    title = labels([stream])[stream].title if stream else _title(kind, subject, exportable)
    context = {"form": form, "title": title, "stream": stream}
    return render(request, "audit/pack_new.html", context, status=422 if form.is_bound else 200)


def _title(kind: str, subject: str, exportable: Collection[str]) -> str:
    """What was chosen, for who may export it; "" for everybody else, and where nothing was chosen."""
    if not subject or kind not in PackKind.values or kind == PackKind.PERIOD:
        return ""
    try:
        found = kinds.find(kind, subject)
    except LedgerError:
        return ""
    return found.title if found.streams[0] in exportable else ""


@login_required
@require_safe
def pack_job(request: HttpRequest, uid: str) -> HttpResponse:
    """How far a pack is, and what is in it. htmx gets the state alone, and asks again while it is being made."""
    line = listing.lines_of([pack_for(request.user, uid)])[0]
    may = visible_streams(request.user, "export", among=line.job.streams).count() == len(line.job.streams)
    page = "audit/_pack_state.html" if getattr(request, "htmx", False) else "audit/pack.html"
    return render(request, page, {"line": line, "may": may})


@login_required
@require_safe
def download_pack(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Take the zip. That it was handed out is recorded first."""
    job = pack_for(request.user, uid, may="export")
    jobs.hand_out(job, actor=cast(Actor, request.user))
    return pack_file(job)


@login_required
@require_POST
def cancel_pack(request: HttpRequest, uid: str) -> HttpResponse:
    """Nobody wants it any more."""
    pack_for(request.user, uid, may="export")
    jobs.cancel(uid, actor=cast(Actor, request.user))
    return redirect("audit:pack-job", uid)
