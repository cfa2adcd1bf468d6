"""Who may see which stream. The ledger doesn't know: the room that owns a kind of stream registers its gate here."""

from collections.abc import Callable, Collection
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse

from audit.access.grants import granted
from audit.ledger import open_stream
from audit.models import ErasureRequest, Filing, Hold, PackJob, RedactionSet, Stream
from audit.naming import Describe, Label, labels, register_labels

May = Literal["view", "export", "redact", "file"]
Row = TypeVar("Row", Filing, Hold, RedactionSet)
Gate = Callable[[Any, May], Q]  # (user, right) -> which Stream rows; ~Q(pk__in=[]) is all, Q(pk__in=[]) none


_gates: dict[str, Gate] = {}

__all__ = [
    "EVERYTHING",
    "NOTHING",
    "READING",
    "Gate",
    "Label",
    "May",
    "labels",
    "register_gate",
    "stream_for",
    "visible_streams",
]

READING: frozenset[May] = frozenset({"view", "export"})
NOTHING, EVERYTHING = Q(pk__in=[]), ~Q(pk__in=[])


def register_gate(prefix: str, gate: Gate, describe: Describe | None = None) -> None:
    """Say who may see the streams whose uid starts with `prefix` (`inc_`, `rbk_`, `catalog`); from `apps.py: ready()`.

    gate: (user, right) -> Q over audit.models.Stream, for example
        lambda user, may: Q(incident__in=Incident.objects.visible_to(user))
    What each of the rights is called above: catalog.permissions.EVIDENCE.
    describe: stream uids -> {uid: Label(title, url)}, for lists and reports."""
    _gates[prefix] = gate
    if describe is not None:
        register_labels(prefix, describe)


def visible_streams(user: Any, may: May = "view", *, among: Collection[str] | None = None) -> QuerySet[Stream]:
    """The streams on which `user` has the right. Superusers read all; where no gate is registered, nobody else does.
    What they may redact or file, a team must have given them as to everybody: who runs the house erases no evidence.

    among: uids; of others it says nothing then, and asks none of their gates, which takes most of the time."""
    if not user.is_authenticated or not user.is_active:
        return Stream.objects.none()
    if user.is_superuser and may in READING:
        return Stream.objects.all() if among is None else Stream.objects.filter(uid__in=among)
    allowed = NOTHING
    for prefix, gate in _gates.items():
        if among is None or any(uid.startswith(prefix) for uid in among):
            allowed |= Q(uid__startswith=prefix) & gate(user, may)
    for more in granted(user, may):
        allowed |= more
    found = Stream.objects.filter(allowed) if among is None else Stream.objects.filter(allowed, uid__in=among)
    return Stream.objects.filter(pk__in=found.values("pk"))  # a gate may join: no row twice


def stream_for(user: Any, uid: str, *, may: May = "view") -> Stream:
    """The stream: a door's only way in. Raises Http404 unless `user` sees it, PermissionDenied without the right."""
    stream = visible_streams(user, among=[uid]).first() if uid.isprintable() else None  # a NUL breaks PostgreSQL
    if stream is None:
        raise Http404(f"There is no stream {uid}.")
    if may != "view" and not visible_streams(user, may, among=[uid]).exists():
        raise PermissionDenied(f"You may see {uid}, but not {may} it.")
    return stream


def _row(model: type[Row], user: Any, uid: str, *, may: May, what: str) -> Row:
    found = model.objects.select_related("stream").filter(uid=uid).first()
    if found is None:
        raise Http404(f"There is no such {what}.")
    stream_for(user, found.stream.uid, may=may)
    return found


def filing_for(user: Any, uid: str, *, may: May = "view") -> Filing:
    """The filing. Raises Http404 unless `user` sees its stream, PermissionDenied without the right."""
    return _row(Filing, user, uid, may=may, what="filing")


def redactable(user: Any) -> QuerySet[Stream]:
    """The streams that somebody may redact, erase from and hold, the last changed first. Raises PermissionDenied for
    none: a form about nothing helps nobody."""
    found = visible_streams(user, "redact").filter(size__gt=0).order_by("-time", "-pk")
    if not found.exists():
        raise PermissionDenied("It takes the right to redact some evidence.")
    return found


def redaction_for(user: Any, uid: str) -> RedactionSet:
    """The redaction set. Raises Http404 unless `user` sees its stream, PermissionDenied without the right to redact."""
    return _row(RedactionSet, user, uid, may="redact", what="redaction")


def redactions_seen(user: Any) -> QuerySet[RedactionSet]:
    """The redaction sets of the streams that `user` may redact, newest first."""
    return RedactionSet.objects.filter(stream__in=visible_streams(user, "redact")).select_related("stream")


def pack_for(user: Any, uid: str, *, may: May = "view") -> PackJob:
    """The pack that was asked for. Raises Http404 unless `user` sees all its streams, PermissionDenied without the
    right on each of them."""
    found = PackJob.objects.select_related("pack__stream").filter(uid=uid).first()
    if found is None:
        raise Http404("There is no such pack.")
    seen = visible_streams(user, among=found.streams).count()
    if seen < len(found.streams):
        raise Http404("There is no such pack.")
    if may != "view" and visible_streams(user, may, among=found.streams).count() < seen:
        raise PermissionDenied(f"You may see this pack, but not {may} all that is in it.")
    return found


def pack_link(user: Any, stream: str, *, kind: str = "", subject: str = "") -> str:
    """Where `user` asks for a pack of a stream, or of an approval in it; "" without the right to export."""
    if not visible_streams(user, "export", among=[stream]).exists():
        return ""
    about = {"kind": kind, "subject": subject} if subject else {"stream": stream}
    return f"{reverse('audit:new-pack')}?{urlencode(about)}"


def house_for(user: Any, uid: str, *, may: May = "view") -> Stream:
    """A stream of the house itself, such as `regulation`, made empty where nothing happened in it yet.

    Raises Http404 unless `user` sees it, PermissionDenied without the right."""
    if user.is_authenticated:
        open_stream(uid)
    return stream_for(user, uid, may=may)


def may_in_house(user: Any, uid: str, may: May) -> bool:
    """Whether `user` has the right on a stream of the house that is there."""
    return visible_streams(user, may, among=[uid]).exists()


def hold_for(user: Any, uid: str) -> Hold:
    """The hold. Raises Http404 unless `user` sees its stream, PermissionDenied without the right to redact."""
    return _row(Hold, user, uid, may="redact", what="hold")


def holds_seen(user: Any) -> QuerySet[Hold]:
    """The holds of the streams that `user` may redact, newest first."""
    return Hold.objects.filter(stream__in=visible_streams(user, "redact")).select_related("stream")


def erasure_for(user: Any, uid: str) -> ErasureRequest:
    """The request. Raises Http404 unless `user` sees every stream that it covers, PermissionDenied unless they may
    redact all of them."""
    found = ErasureRequest.objects.filter(uid=uid).first()
    if found is None:
        raise Http404("There is no such request.")
    for stream in scope_of(found):
        stream_for(user, stream, may="redact")
    return found


def erasures_seen(user: Any) -> list[ErasureRequest]:
    """The requests of which `user` may redact every stream, newest first."""
    mine = set(visible_streams(user, "redact").values_list("uid", flat=True))
    return [one for one in ErasureRequest.objects.all() if scope_of(one) <= mine]


def scope_of(request: ErasureRequest) -> set[str]:
    """The streams that somebody must be let redact who sees an erasure; an account belongs to `access`."""
    return {*request.covers, *(["access"] if request.subject or not request.covers else [])}
