"""Erasure of one field of one entry: the value goes, the entry and its commitment stay, and the ledger says so."""

from audit import ledger
from audit.canonical import Json
from audit.errors import BadRedaction
from audit.ledger import Actor, Recorded
from audit.models import Disclosure, Erasure
from plumbing.database import atomic


def erase(stream_uid: str, seq: int, name: str, *, actor: Actor, reason: str) -> Recorded:
    """Erase a field for good. With its 128-bit salt gone nobody can guess the value from the commitment.

    Rendered copies (packs, mails, logs) are not reached from here. Raises BadRedaction when there is no such field."""
    with atomic():
        told: dict[str, Json] = {"seq": seq, "name": name, "reason": reason}
        recorded = ledger.record(stream_uid, "field.erased", actor, told)  # first: it locks the stream
        disclosure = Disclosure.objects.filter(entry__stream__uid=stream_uid, entry__seq=seq, name=name).first()
        if disclosure is None:
            raise BadRedaction([f"entry {seq}, field {name}"])
        Erasure.objects.create(entry_id=disclosure.entry_id, name=name, stream_seq=recorded.seq)
        disclosure.delete()
    return recorded
