"""Whether an erasure overtook a pack: while it was made, or since it was sealed.

An erasure takes values out of the ledger first, and then out of copies (titles, names, files) of which a pack is made
as well. So both are asked: what the ledger says was erased, and which requests were carried out meanwhile.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db.models import F, Q

from audit import ledger, selectors
from audit.entries import value_of
from audit.models import Disclosure, ErasureRequest, ErasureState, Pack, PackPart
from audit.packs import inside
from audit.packs.errors import ErasedMeanwhile

LOG = "portal"
APPROVED = "erasure.approved"


@dataclass(frozen=True, slots=True)
class Reading:
    """When the making of a pack began to read: how many entries `portal` had."""

    reached: int


def begin(streams: Collection[str]) -> Reading:
    """Before the first thing is read. Raises ErasedMeanwhile while an erasure in one of the streams is carried out."""
    reading = Reading(selectors.reached(LOG) + 1)  # before the requests: one that is approved from here on is found
    if _concerning(_under_way(), streams, lambda _: False):
        raise ErasedMeanwhile
    return reading


def check(reading: Reading, pack: Pack, people: Collection[str]) -> None:
    """In the transaction that records the pack. people: actor ids that it names.

    Locks `portal`: an erasure that is approved later finds the pack among those that it removes.
    Raises ErasedMeanwhile."""
    ledger.hold(LOG)
    told = Disclosure.objects.filter(
        entry__stream__uid=LOG, entry__seq__gte=reading.reached, entry__kind=APPROVED, name="request"
    )
    since = Q(uid__in=[value_of(bytes(payload)) for payload in told.values_list("payload", flat=True)])
    if erased_since(pack) or _concerning(_under_way() | since, streams_of(pack), people.__contains__):
        raise ErasedMeanwhile


def is_overtaken(pack: Pack) -> bool:
    """Whether a kept pack may hold what was erased, or is being erased."""

    def names(person: str) -> bool:
        return person in inside.people_in(pack.zip_sha256)

    return erased_since(pack) or _concerning(_under_way(), streams_of(pack), names)


def erased_since(pack: Pack) -> bool:
    """Whether the ledger erased a field of an entry that the pack holds, by an entry that it doesn't hold."""
    later = Q(stream__entries__seq__lt=F("size"), stream__entries__erasures__stream_seq__gte=F("size"))
    alone = Pack.objects.filter(later, pk=pack.pk)
    return alone.exists() or PackPart.objects.filter(later, pack=pack).exists()


def streams_of(pack: Pack) -> set[str]:
    """uids of the streams that a pack holds."""
    return {pack.stream.uid, *PackPart.objects.filter(pack=pack).values_list("stream__uid", flat=True)}


def _under_way() -> Q:
    return Q(state=ErasureState.APPROVED)


def _concerning(which: Q, streams: Collection[str], names: Callable[[str], bool]) -> bool:
    """Whether one of these requests covers something in the streams, or is about somebody whom the pack names."""
    found = ErasureRequest.objects.filter(which).values_list("covers", "subject")
    return any(not covers.keys().isdisjoint(streams) or (subject and names(subject)) for covers, subject in found)
