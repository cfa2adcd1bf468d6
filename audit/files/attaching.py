"""Attaching a file to a stream: the file is kept by its digest, and the entry `file.attached` says what it is.

Name and type are the reader's to judge: nothing here opens a file, runs it, or lets a browser show it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from audit import ledger
from audit.canonical import Json
from audit.files import store
from audit.files.errors import BadFile
from audit.ledger import Actor, Recorded
from audit.models import Attachment, Stream
from audit.selectors import EntryRow
from plumbing.database import atomic

KIND, FIELD = "file.attached", "file"
LONGEST_NAME = 200
TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
UNKNOWN = "application/octet-stream"
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Named:
    """A file as an entry names it."""

    name: str
    size: int
    type: str
    sha256: str


def attach(
    stream: Stream, actor: Actor, *, name: str, media_type: str, chunks: Iterable[bytes], note: str = ""
) -> Recorded:
    """Keep a file and record that it was attached. media_type: as the sender says; kept only where it is well-formed.

    Raises BadFile, FileTooLarge, NotCanonical."""
    called = checked_name(name)
    kind = media_type.partition(";")[0].strip().lower()
    kept = store.put(chunks)
    told: dict[str, Json] = {
        "name": called,
        "size": kept.size,
        "type": kind if TYPE.fullmatch(kind) else UNKNOWN,
        "sha256": kept.sha256,
    }
    fields: dict[str, Json] = {FIELD: told}
    if note.strip():
        fields["note"] = note.strip()
    with atomic():
        locked = Stream.objects.select_for_update().get(pk=stream.pk)
        Attachment.objects.create(stream=locked, seq=locked.size, sha256=kept.sha256, size=kept.size)
        return ledger.record(locked, KIND, actor, fields)


def checked_name(name: str) -> str:
    """The last part of the name, without control characters. Raises BadFile when nothing is left, or it is too long."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2].strip()
    told = "".join(char for char in last if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    if told in ("", ".", ".."):
        raise BadFile("The file has no name.")
    if len(told) > LONGEST_NAME:
        raise BadFile(f"The file's name has {len(told)} characters; {LONGEST_NAME} are taken.")
    return told


def named_in(fields: Mapping[str, Json]) -> Named | None:
    """The file that an entry names, if its field is there and well-formed."""
    told = fields.get(FIELD)
    if not isinstance(told, dict):
        return None
    name, size, kind, digest = (told.get(key) for key in ("name", "size", "type", "sha256"))
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest) or not isinstance(size, int):
        return None
    return Named(str(name), size, str(kind), digest)


def files_in(rows: Sequence[EntryRow]) -> list[Named]:
    """The files that these entries show, each digest once, in order."""
    found: dict[str, Named] = {}
    for row in rows:
        if named := named_in(row.fields):
            found.setdefault(named.sha256, named)
    return list(found.values())


def forget(stream_uid: str, seq: int) -> bool:
    """After the entry's field was erased: remove the file, unless another entry names it too. True when it is gone.

    The file goes before the row: whoever is killed in between finds both again."""
    with atomic():
        found = Attachment.objects.filter(stream__uid=stream_uid, seq=seq).first()
        if found is None:
            return False
        is_named = Attachment.objects.filter(sha256=found.sha256).exclude(pk=found.pk).exists()
        is_gone = not is_named and store.remove(found.sha256)
        found.delete()
    return is_gone
