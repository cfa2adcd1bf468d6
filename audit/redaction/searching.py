"""Where the ledger itself holds what is to be erased: fields of entries, stream by stream."""

import re
from collections.abc import Iterable
from typing import Any

from audit.entries import value_of
from audit.models import Disclosure, Entry, Pack, PackPart, Stream
from audit.redaction.copies import SHORTEST_VALUE
from audit.redaction.detecting import texts_in

Places = dict[str, list[tuple[int, str]]]  # stream uid -> (seq, field), in order
HOUSEKEEPING = ("field.erased", "fields.erased")  # say what was erased; they hold no value, and outlive it


def fields_holding(streams: Iterable[Stream], pattern: re.Pattern[str]) -> Places:
    """The fields of these streams in which the pattern finds something. Reads every disclosure of theirs once."""
    found: Places = {}
    for stream in streams:
        told = _disclosures(stream).values_list("entry__seq", "name", "payload").order_by("entry__seq", "name")
        places = [
            (seq, name)
            for seq, name, payload in told.iterator(chunk_size=5000)
            if any(pattern.search(text) for text in texts_in(value_of(bytes(payload))))
        ]
        if places:
            found[stream.uid] = places
    return found


def all_fields(stream: Stream, entries: Any) -> list[tuple[int, str]]:
    """Every field of these entries (a queryset) of a stream that is still there."""
    told = _disclosures(stream).filter(entry__in=entries).order_by("entry__seq", "name")
    return list(told.values_list("entry__seq", "name"))


def count_fields(stream: Stream, entries: Any) -> int:
    """How many all_fields() gives."""
    return int(_disclosures(stream).filter(entry__in=entries).count())


def _disclosures(stream: Stream) -> Any:
    return Disclosure.objects.filter(entry__stream=stream).exclude(entry__kind__in=HOUSEKEEPING)


def texts_at(stream_uid: str, places: Iterable[tuple[int, str]], shortest: int) -> set[str]:
    """The texts of at least so many characters that these fields hold; ids of people are none."""
    wanted = set(places)
    told = Disclosure.objects.filter(entry__stream__uid=stream_uid, entry__seq__in={seq for seq, _ in wanted})
    return {
        text
        for seq, name, payload in told.values_list("entry__seq", "name", "payload")
        if (seq, name) in wanted
        for text in texts_in(value_of(bytes(payload)))
        if len(text) >= shortest and not text.startswith(("usr_", "sys_"))
    }


def values_at(stream_uid: str, places: Iterable[tuple[int, str]]) -> set[str]:
    """The texts that these fields hold, as far as they are long enough to be told apart from any word."""
    return texts_at(stream_uid, places, SHORTEST_VALUE)


def still_there(stream_uid: str, places: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Those of the places that weren't erased yet, in order."""
    wanted = set(places)
    told = Disclosure.objects.filter(entry__stream__uid=stream_uid, entry__seq__in={seq for seq, _ in wanted})
    return sorted(place for place in told.values_list("entry__seq", "name") if place in wanted)


def packs_holding(stream_uid: str, places: Iterable[tuple[int, str]]) -> list[Pack]:
    """Packs that were made of entries among which these are: they left the house, and nobody can reach them."""
    first = min((seq for seq, _ in places), default=None)
    if first is None:
        return []
    among = PackPart.objects.filter(stream__uid=stream_uid, size__gt=first).values("pack")
    alone = Pack.objects.filter(stream__uid=stream_uid, size__gt=first)
    return list((alone | Pack.objects.filter(pk__in=among)).order_by("pk"))


def last_substantial(stream: Stream) -> Entry | None:
    """The last entry that says more than that something was erased."""
    return Entry.objects.filter(stream=stream).exclude(kind__in=HOUSEKEEPING).order_by("-seq").first()
