"""Copies that lie in files: packs that were made and are kept, and attachments that an erased field named."""

from collections import Counter
from collections.abc import Iterator, Sequence

from audit.files import attaching
from audit.files import store as files
from audit.models import Attachment, Pack
from audit.packs import inside, overtaken, strays
from audit.packs import keeping as kept_packs
from audit.redaction.copies import Found, Search, register
from audit.redaction.holds import standing
from audit.redaction.searching import packs_holding

ROOM = "Evidence"
NAMES_A_FILE = "file"  # the field of an entry that names an attachment


class KeptPacks:
    """Packs that hold an erased field, or name somebody who is forgotten: their files go, what is recorded of them
    stays. What makers of packs left when they were killed goes as well."""

    def find(self, search: Search) -> Iterator[Found]:
        """How many files, by stream."""
        counts = Counter(pack.stream.uid for pack in _naming(search))
        for uid in {*search.covers, *counts} & search.streams:
            held = sum(kept_packs.path_of(one.zip_sha256).exists() for one in packs_holding(uid, _places(search, uid)))
            if count := max(held, counts[uid]):
                yield Found(ROOM, "File of a pack that was made", uid, count)

    def scrub(self, search: Search) -> int:
        """Remove them."""
        found = [pack for uid in search.streams for pack in packs_holding(uid, _places(search, uid))]
        gone = sum(kept_packs.forget(pack.zip_sha256) for pack in [*found, *_naming(search)])
        return gone + strays.remove(lambda one: _is_of(one, search))


def _places(search: Search, uid: str) -> Sequence[tuple[int, str]]:
    return search.covers.get(uid, ())


def _is_of(zip_sha256: str, search: Search) -> bool:
    """Whether a pack that nobody recorded may hold it."""
    return not inside.streams_in(zip_sha256).isdisjoint(search.streams) or _names(zip_sha256, search)


def _names(zip_sha256: str, search: Search) -> bool:
    return bool(search.subject) and search.subject in inside.people_in(zip_sha256)


def _naming(search: Search) -> list[Pack]:
    """Packs that name the person who is forgotten, and hold no stream that is on hold. An account belongs to no stream,
    so these are all that are kept."""
    if not search.subject:
        return []
    kept = Pack.objects.select_related("stream").filter(zip_sha256__in=kept_packs.kept()).order_by("pk")
    return [
        pack
        for pack in kept
        if _names(pack.zip_sha256, search) and not any(standing(uid) for uid in overtaken.streams_of(pack))
    ]


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
