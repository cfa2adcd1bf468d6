"""Erasure of fields: the values go, the entries and their commitments stay, and the ledger says so.

The lowest part: who may ask, who agrees, and the copies elsewhere are in audit.redaction.erasing.
"""

from collections.abc import Sequence

from audit import ledger
from audit.canonical import Json
from audit.errors import BadRedaction
from audit.ledger import Actor, Recorded
from audit.models import Disclosure, Erasure
from audit.redaction.holds import check_no_hold
from plumbing.database import atomic

AT_ONCE = 500  # fields that one entry names: it must stay below 64 KiB


def erase(stream_uid: str, seq: int, name: str, *, actor: Actor, reason: str) -> Recorded:
    """Erase a field for good. With its 128-bit salt gone nobody can guess the value from the commitment.

    Rendered copies (packs, mails, logs) are not reached from here. Raises BadRedaction when there is no such field,
    OnHold."""
    with atomic():
        told: dict[str, Json] = {"seq": seq, "name": name, "reason": reason}
        recorded = ledger.record(stream_uid, "field.erased", actor, told)  # first: it locks the stream
        check_no_hold(stream_uid)
        _erase(stream_uid, [(seq, name)], recorded.seq)
    return recorded


def erase_fields(
    stream_uid: str, places: Sequence[tuple[int, str]], *, actor: Actor, reason: str, request: str
) -> list[Recorded]:
    """Erase many fields of one stream, all or none, (seq, name) each. request: uid of what they were asked for under.

    One entry `fields.erased` names up to AT_ONCE of them by their seq. Raises BadRedaction, OnHold."""
    done = []
    with atomic():
        for start in range(0, len(places), AT_ONCE):
            part = places[start : start + AT_ONCE]
            by_seq: dict[str, Json] = {}
            for seq, name in part:
                named = by_seq.setdefault(str(seq), [])
                assert isinstance(named, list)
                named.append(name)
            told: dict[str, Json] = {"places": by_seq, "count": len(part), "reason": reason, "request": request}
            done.append(ledger.record(stream_uid, "fields.erased", actor, told))
            check_no_hold(stream_uid)
            _erase(stream_uid, part, done[-1].seq)
    return done


def _erase(stream_uid: str, places: Sequence[tuple[int, str]], by: int) -> None:
    seqs = {seq for seq, _ in places}
    found = Disclosure.objects.filter(entry__stream__uid=stream_uid, entry__seq__in=seqs)
    rows = {
        (seq, name): (pk, entry) for pk, entry, seq, name in found.values_list("pk", "entry_id", "entry__seq", "name")
    }
    if missing := [place for place in places if place not in rows]:
        raise BadRedaction([f"entry {seq}, field {name}" for seq, name in missing])
    Erasure.objects.bulk_create([Erasure(entry_id=rows[one][1], name=one[1], stream_seq=by) for one in places])
    Disclosure.objects.filter(pk__in=[rows[one][0] for one in places]).delete()
