"""The material as whoever writes a report reads it: names for ids, and a mark where a value may not be shown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from audit.canonical import Json
from audit.naming import Person
from audit.reports.blocks import Cell
from audit.reports.material import Material, StreamPart
from audit.reports.wording import Words
from audit.selectors import EntryRow

PEOPLE = ("usr_", "sys_")


class Hidden(str):
    """Stands where a value was withheld or erased, and says which and why."""

    __slots__ = ()


@dataclass(frozen=True)
class Reading:
    """What a room reads to say its part. Rows have every field: one that isn't disclosed holds a Hidden."""

    material: Material
    words: Words
    zone: ZoneInfo | None = None

    @cached_property
    def rows(self) -> list[EntryRow]:
        """The entries of the stream that the pack is about, in order."""
        return self.rows_of(self.material.main)

    @cached_property
    def _by_stream(self) -> dict[str, list[EntryRow]]:
        return {}

    def rows_of(self, part: StreamPart) -> list[EntryRow]:
        """The entries of a stream in order, with marks for what isn't disclosed."""
        if part.uid not in self._by_stream:
            self._by_stream[part.uid] = list(self._marked(part))
        return self._by_stream[part.uid]

    def everywhere(self) -> list[tuple[StreamPart, EntryRow]]:
        """The entries of all streams, by time; of one moment, in the order of the streams."""
        found = [(part, row) for part in self.material.streams for row in self.rows_of(part)]
        return sorted(found, key=lambda each: each[1].time)

    def _marked(self, part: StreamPart) -> Iterator[EntryRow]:
        hidden: dict[int, dict[str, Json]] = {}
        for each in part.redactions:
            mark = self.mark(str(each["state"]), str(each["reason"]))
            hidden.setdefault(int(each["seq"]), {})[str(each["name"])] = mark
        for row in part.rows:
            marks: dict[str, Json] = {name: self.mark("erased", "") for name in row.erased}
            marks |= hidden.get(row.seq, {})
            # what is listed as undisclosed is never shown, also where the caller forgot to leave it out
            yield replace(row, fields={**row.fields, **marks}) if marks else row

    def mark(self, state: str, reason: str) -> Hidden:
        """[withheld: reason] or [erased]"""
        if state == "withheld":
            return Hidden(f"[{self.words('hidden.withheld')}: {reason}]")
        return Hidden(f"[{self.words('hidden.erased')}]")

    def who(self, actor_id: object) -> str:
        """The name of an actor; its id where nobody is known by it."""
        if isinstance(actor_id, Hidden):
            return str(actor_id)
        if actor_id == "sys_muster":
            return self.words("engine")
        return self.material.people.get(str(actor_id), Person(str(actor_id))).name

    def names(self, actor_ids: Iterable[object]) -> str:
        """Who they are, in a row."""
        return self.words.listing([self.who(each) for each in actor_ids])

    def readable(self, value: Json) -> str:
        """A value as people read it: names for ids, words for yes and no."""
        if isinstance(value, str):
            return str(value) if isinstance(value, Hidden) or not value.startswith(PEOPLE) else self.who(value)
        if value is None:
            return self.words("nothing")
        if isinstance(value, bool):
            return self.words("yes" if value else "no")
        if isinstance(value, list):
            return ", ".join(self.readable(item) for item in value)
        if isinstance(value, dict):
            return "; ".join(f"{name}: {self.readable(item)}" for name, item in value.items())
        return str(value)

    def field(self, row: EntryRow, name: str) -> str:
        """A field of an entry as people read it; "" where it has no such field."""
        return self.readable(row.fields[name]) if row.fields.get(name) is not None else ""

    def moment(self, at: datetime) -> Cell:
        """A moment to the second: UTC, and below it the reader's zone."""
        local = f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S %Z}" if self.zone else ""
        return Cell(f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC", local)

    def since(self, start: datetime, end: datetime) -> str:
        """How long it took."""
        return self.words.duration(max(end - start, timedelta()))

    def moment_in(self, value: Json) -> datetime | None:
        """The moment that a field's text is; None where it is none, or may not be shown."""
        if not isinstance(value, str) or isinstance(value, Hidden):
            return None
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def words_of(identifier: str) -> str:
    """step.timed_out -> Step timed out"""
    return identifier.replace(".", " ").replace("_", " ").capitalize()
