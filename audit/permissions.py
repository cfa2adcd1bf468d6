"""Who may see which stream. The ledger doesn't know: the room that owns a kind of stream registers its gate here."""

from collections.abc import Callable
from typing import Any, Literal

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404

from audit.models import Stream
from audit.naming import Describe, Label, labels, register_labels

May = Literal["view", "export"]
Gate = Callable[[Any, May], Q]  # (user, right) -> which Stream rows; ~Q(pk__in=[]) is all, Q(pk__in=[]) none


_gates: dict[str, Gate] = {}

__all__ = ["EVERYTHING", "NOTHING", "Gate", "Label", "May", "labels", "register_gate", "stream_for", "visible_streams"]

NOTHING, EVERYTHING = Q(pk__in=[]), ~Q(pk__in=[])


def register_gate(prefix: str, gate: Gate, describe: Describe | None = None) -> None:
    """Say who may see the streams whose uid starts with `prefix` (`inc_`, `rbk_`, `catalog`); from `apps.py: ready()`.

    gate: (user, "view" | "export") -> Q over audit.models.Stream, for example
        lambda user, may: Q(incident__in=Incident.objects.visible_to(user))
    describe: stream uids -> {uid: Label(title, url)}, for lists and reports."""
    _gates[prefix] = gate
    if describe is not None:
        register_labels(prefix, describe)


def visible_streams(user: Any, may: May = "view") -> QuerySet[Stream]:
    """The streams on which `user` has the right. Superusers see all; where no gate is registered, nobody else does."""
    if not user.is_authenticated or not user.is_active:
        return Stream.objects.none()
    if user.is_superuser:
        return Stream.objects.all()
    allowed = NOTHING
    for prefix, gate in _gates.items():
        allowed |= Q(uid__startswith=prefix) & gate(user, may)
    return Stream.objects.filter(pk__in=Stream.objects.filter(allowed).values("pk"))  # a gate may join: no row twice


def stream_for(user: Any, uid: str, *, may: May = "view") -> Stream:
    """The stream: a door's only way in. Raises Http404 unless `user` sees it, PermissionDenied without the right."""
    stream = visible_streams(user).filter(uid=uid).first()
    if stream is None:
        raise Http404(f"There is no stream {uid}.")
    if may != "view" and not visible_streams(user, may).filter(pk=stream.pk).exists():
        raise PermissionDenied(f"You may see {uid}, but not {may} it.")
    return stream
