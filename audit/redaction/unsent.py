"""Files of reports to authorities: those of one that was sent are evidence, the others go with what they say.

A PDF holds glyphs and no letters, so that what stands in one is judged by the files that were written with it.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from html import unescape

from django.db.models import F

from audit.models import Exported, Filing
from audit.redaction.copies import Found, Search, register
from audit.redaction.detecting import texts_in
from plumbing.database import atomic

ROOM = "Evidence"
SENT = "Its exact bytes were sent to an authority."


class Exports:
    """Exact bytes of filings. Registered after the values of which they are made, and which are marked by then."""

    def find(self, search: Search) -> Iterator[Found]:
        """How many files, by stream."""
        counts: dict[tuple[str, bool], int] = {}
        for filing, rows in _holding(search):
            place = filing.stream.uid, filing.submitted_at is not None
            counts[place] = counts.get(place, 0) + len(rows)
        for (uid, is_sent), count in sorted(counts.items()):
            yield Found(ROOM, "File of a report", uid, count, SENT if is_sent else "")

    def scrub(self, search: Search) -> int:
        """Remove those that weren't sent. Whoever read the values before they were marked is told that they changed."""
        with atomic():
            drafts = Filing.objects.filter(stream__uid__in=search.streams, submitted_at=None)
            drafts.update(version=F("version") + 1)
            gone = [pk for filing, rows in _holding(search) if filing.submitted_at is None for pk in rows]
            return Exported.objects.filter(pk__in=gone).delete()[0]


def _holding(search: Search) -> Iterator[tuple[Filing, list[int]]]:
    """Filings, with the keys of their files that hold something: of the latest writing, or of the earlier ones."""
    pattern = search.pattern
    for filing in Filing.objects.select_related("stream").filter(stream__uid__in=search.streams).order_by("pk"):
        groups: dict[bool, list[Exported]] = {}
        for row in filing.exports.order_by("pk"):
            groups.setdefault(row.sha256 in filing.digests.values(), []).append(row)
        is_whole = filing.stream.uid in search.whole
        for rows in groups.values():
            texts = (text for row in rows for text in _texts(row))
            if is_whole or (pattern is not None and any(pattern.search(text) for text in texts)):
                yield filing, [row.pk for row in rows]


def _texts(row: Exported) -> Iterable[str]:
    content = bytes(row.content)
    if row.form == "json":
        yield from texts_in(json.loads(content))
    elif row.form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield unescape(archive.read(name).decode(errors="replace"))


def connect() -> None:
    """Called once, when the app is ready."""
    register(EXPORTS)


EXPORTS = Exports()
