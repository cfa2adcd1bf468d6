"""Copies that lie in files: packs that were made and are kept, and attachments that an erased field named."""

from collections.abc import Iterator

from audit.files import attaching
from audit.files import store as files
from audit.models import Attachment
from audit.packs import keeping as kept_packs
from audit.redaction.copies import Found, Search, register
from audit.redaction.searching import packs_holding

ROOM = "Evidence"
NAMES_A_FILE = "file"  # the field of an entry that names an attachment


class KeptPacks:
    """Packs that hold an erased field: their files go, what is recorded of them stays."""

    def find(self, search: Search) -> Iterator[Found]:
        """How many files, by stream."""
        for uid, places in search.covers.items():
            count = sum(kept_packs.path_of(pack.zip_sha256).exists() for pack in packs_holding(uid, places))
            if count and uid in search.streams:
                yield Found(ROOM, "File of a pack that was made", uid, count)

    def scrub(self, search: Search) -> int:
        """Remove them."""
        found = [pack for uid in search.streams for pack in packs_holding(uid, search.covers.get(uid, ()))]
        return sum(kept_packs.forget(pack.zip_sha256) for pack in found)


class Attachments:
    """Files that an erased field named: they go, unless another entry names them too."""

    def find(self, search: Search) -> Iterator[Found]:
        """How many files, by stream."""
        for uid, places in search.covers.items():
            named = Attachment.objects.filter(
                stream__uid=uid, seq__in=[s for s, name in places if name == NAMES_A_FILE]
            )
            count = sum(files.path_of(one.sha256).exists() for one in named)
            if count and uid in search.streams:
                yield Found(ROOM, "Attached file", uid, count)

    def scrub(self, search: Search) -> int:
        """Remove them."""
        return sum(
            attaching.forget(uid, seq)
            for uid in search.streams
            for seq, name in search.covers.get(uid, ())
            if name == NAMES_A_FILE
        )


def connect() -> None:
    """Called once, when the app is ready."""
    register(PACKS)
    register(ATTACHMENTS)


PACKS, ATTACHMENTS = KeptPacks(), Attachments()
