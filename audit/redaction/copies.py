"""Copies of what the ledger holds, in tables and files of all rooms: registered by each room, found and scrubbed here.

An erased disclosure is gone; the title of the incident, the text of a notice and a step's output would still say it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from django.db.models import Model

from plumbing.database import atomic

MARK = "[erased]"
SHORTEST_VALUE = 8  # characters: a shorter value of an erased field may be any word
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, and in which streams' things.

    terms: whole words, however they are written. values: texts of erased fields, exactly. whole: streams of which
    every copy goes, whatever it says. subject: actor id of the person whose account is forgotten, or "". covers: the
    fields that are erased, (seq, name) by stream: whatever was made of them goes as well."""

    streams: frozenset[str]
    terms: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    whole: frozenset[str] = frozenset()
    subject: str = ""
    covers: Mapping[str, Sequence[tuple[int, str]]] = field(default_factory=dict)

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What finds any of it in a text; None when there is nothing to find."""
        return pattern_of(self.terms, self.values)


@dataclass(frozen=True, slots=True)
class Found:
    """Copies of one kind in the things of one stream. Never a value. kept: why they can't be scrubbed, or ""."""

    room: str
    what: str
    stream: str
    count: int
    kept: str = ""


class Copies(Protocol):
    """What a room registers."""

    def find(self, search: Search) -> Iterable[Found]:
        """Where copies are."""

    def scrub(self, search: Search) -> int:
        """Take them out, in transactions of its own. Returns how many rows or files changed; again changes none."""


_registered: list[Copies] = []


def register(copies: Copies) -> None:
    """Let a room say where copies are; from `apps.py: ready()`."""
    if copies not in _registered:
        _registered.append(copies)


def registered() -> list[Copies]:
    """Everything that is registered."""
    return list(_registered)


def find(search: Search) -> list[Found]:
    """Copies in all rooms."""
    return [found for copies in _registered for found in copies.find(search)]


def scrub(search: Search) -> int:
    """Take the copies out of all rooms. Returns how many rows or files changed."""
    return sum(copies.scrub(search) for copies in _registered)


@lru_cache(maxsize=8)
def pattern_of(terms: tuple[str, ...], values: tuple[str, ...] = ()) -> re.Pattern[str] | None:
    """Finds any term as a whole word, and any value exactly; the longest first."""
    exact = [re.escape(value) for value in sorted(set(values), key=len, reverse=True) if len(value) >= SHORTEST_VALUE]
    words = [_word(term) for term in sorted(set(terms), key=len, reverse=True) if term]
    return re.compile("|".join([*exact, *words]), re.IGNORECASE) if exact or words else None


def _word(term: str) -> str:
    """A term between anything but letters and digits: `anna_schmidt` holds schmidt, `Messerschmidt` doesn't."""
    before = r"(?<![^\W_])" if term[0].isalnum() else ""
    after = r"(?![^\W_])" if term[-1].isalnum() else ""
    return f"{before}{re.escape(term)}{after}"


def without(value: Any, pattern: re.Pattern[str] | None) -> Any:
    """JSON or a text without what the pattern finds; all of its texts are marked where there is none."""
    if isinstance(value, str):
        if pattern is None:
            return MARK if value else value
        return pattern.sub(MARK, value)
    if isinstance(value, Mapping):
        return {_key(str(name), pattern): without(inner, pattern) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without(inner, pattern) for inner in value]
    if pattern is not None and isinstance(value, int | float) and not isinstance(value, bool):
        return MARK if pattern.fullmatch(str(value)) else value
    return value


def _key(name: str, pattern: re.Pattern[str] | None) -> str:
    return name if pattern is None else pattern.sub(MARK, name)


StreamOf = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of one table that may hold what people said. Registered by the room that owns the table.

    stream: where a row belongs: a prefix and the path of the uid behind it (("inc_", "uid")), or the uid itself.
    kept: why these can't be changed (a digest binds them); they are found and listed, never scrubbed."""

    room: str
    what: str
    model: type[Model]
    columns: tuple[str, ...]
    stream: tuple[str, str] | str
    kept: str = ""
    otherwise: str = ""  # the stream of rows for which the path leads nowhere

    def find(self, search: Search) -> Iterator[Found]:
        """One Found per stream that has copies."""
        counts: dict[str, int] = {}
        for _, stream, _ in self._changes(search, self._rows()):
            counts[stream] = counts.get(stream, 0) + 1
        for stream, count in sorted(counts.items()):
            yield Found(self.room, self.what, stream, count, self.kept)

    def scrub(self, search: Search) -> int:
        """Rewrite the rows that hold something, a chunk in a transaction."""
        if self.kept:
            return 0
        keys = [pk for pk, _, _ in self._changes(search, self._rows())]
        return sum(self._write(search, keys[start : start + CHUNK]) for start in range(0, len(keys), CHUNK))

    def _write(self, search: Search, keys: list[Any]) -> int:
        """Looks again under a lock: a worker may have written to the row since it was found."""
        with atomic():
            ours = self._rows().filter(pk__in=keys)
            list(ours.select_for_update().values_list("pk"))  # alone: PostgreSQL locks no row that an outer join made
            changes = list(self._changes(search, ours))
            for pk, _, changed in changes:
                self._rows().filter(pk=pk).update(**changed)
        return len(changes)

    def _rows(self) -> Any:
        return self.model._default_manager.order_by()

    def _changes(self, search: Search, rows: Any) -> Iterator[tuple[Any, str, dict[str, Any]]]:
        """(pk, stream, column -> what it becomes) of every row that holds something."""
        pattern = search.pattern
        path = "" if isinstance(self.stream, str) else self.stream[1]
        wanted = ["pk", *self.columns, *([path] if path else [])]
        for row in rows.values_list(*wanted).iterator(chunk_size=2000):
            stream = self._stream_of(row[-1])
            is_whole = stream in search.whole
            if stream not in search.streams or (pattern is None and not is_whole):
                continue
            values = dict(zip(self.columns, row[1:], strict=False))
            new = {name: without(value, None if is_whole else pattern) for name, value in values.items()}
            if changed := {name: self._cut(name, value) for name, value in new.items() if value != values[name]}:
                yield row[0], stream, changed

    def _stream_of(self, found: Any) -> str:
        if isinstance(self.stream, str):
            return self.stream
        return f"{self.stream[0]}{found}" if found else self.otherwise

    def _cut(self, name: str, value: Any) -> Any:
        """A mark may be longer than what it stands for, and the column too short for it."""
        if not isinstance(value, str):
            return value
        longest = getattr(self.model._meta.get_field(name), "max_length", None)
        return value[:longest] if longest else value


def covered(model: type[Model]) -> set[str]:
    """The columns of a table that somebody registered: tests demand that no other holds people's words."""
    return {name for one in _registered if isinstance(one, Columns) and one.model is model for name in one.columns}
