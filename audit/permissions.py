"""Who may see which stream. The ledger doesn't know: the room that owns a kind of stream registers its gate here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404

from audit.models import Stream

May = Literal["view", "export"]
Gate = Callable[[Any, May], Q]  # (user, right) -> which Stream rows; ~Q(pk__in=[]) is all, Q(pk__in=[]) none


@dataclass(frozen=True, slots=True)
class Label:
    """How a stream is shown to people."""

    title: str
    url: str = ""


Describe = Callable[[Iterable[str]], dict[str, Label]]

_gates: dict[str, Gate] = {}
_describers: dict[str, Describe] = {}

NOTHING, EVERYTHING = Q(pk__in=[]), ~Q(pk__in=[])


def register_gate(prefix: str, gate: Gate, describe: Describe | None = None) -> None:
    """Say who may see the streams whose uid starts with `prefix` (`inc_`, `rbk_`, `catalog`); from `apps.py: ready()`.

    gate: (user, "view" | "export") -> Q over audit.models.Stream, for example
        lambda user, may: Q(incident__in=Incident.objects.visible_to(user))
    describe: stream uids -> {uid: Label(title, url)}, for lists and reports."""
    _gates[prefix] = gate
    if describe is not None:
        _describers[prefix] = describe


def visible_streams(user: Any, may: May = "view") -> QuerySet[Stream]:
    """The streams on which `user` has the right; where no gate is registered, superusers only."""
    if not user.is_authenticated or not user.is_active:
        return Stream.objects.none()
    if user.is_superuser and may == "view":
        return Stream.objects.all()
    allowed, named = NOTHING, NOTHING
    for prefix, gate in _gates.items():
        of_prefix = Q(uid__startswith=prefix)
        named |= of_prefix
        allowed |= of_prefix & gate(user, may)
    return Stream.objects.filter(allowed | (~named if user.is_superuser else NOTHING))


def stream_for(user: Any, uid: str, *, may: May = "view") -> Stream:
    """The stream: a door's only way in. Raises Http404 unless `user` sees it, PermissionDenied without the right."""
    stream = visible_streams(user).filter(uid=uid).first()
    if stream is None:
        raise Http404(f"There is no stream {uid}.")
    if may != "view" and not visible_streams(user, may).filter(pk=stream.pk).exists():
        raise PermissionDenied(f"You may see {uid}, but not {may} it.")
    return stream


def labels(uids: Iterable[str]) -> dict[str, Label]:
    """What to call each stream on screen; its uid where no room knows better."""
    wanted = list(uids)
    found = {uid: Label(uid) for uid in wanted}
    for prefix, describe in _describers.items():
        found.update(describe([uid for uid in wanted if uid.startswith(prefix)]))
    return found
