"""Reads the fields of one table: right type or a noted problem, never an exception."""

import math
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from plumbing.expressions import suggestion
from runbooks.actions.durations import seconds
from runbooks.definitions.problems import Book
from runbooks.definitions.source import Listing, Node, Scalar, Table
from runbooks.engine.model import ValueType
from runbooks.errors import BadConfig

LONGEST = 4_000  # characters of a text
LARGEST_INTEGER = 2**53 - 1
Word = TypeVar("Word", bound=StrEnum)
Refusals = Mapping[str, tuple[str, str]]
TYPES: dict[ValueType, Any] = {
    ValueType.STRING: str,
    ValueType.INTEGER: int,
    ValueType.NUMBER: (int, float),
    ValueType.BOOLEAN: bool,
    ValueType.LIST: (str, int, float, bool),  # of its items
}


class Fields:
    """The fields of one table, by name. Whatever is wrong goes to the book, and the field takes its default."""

    def __init__(
        self, node: Node | None, path: str, book: Book, known: Iterable[str], refused: Refusals | None = None
    ) -> None:
        """refused: (message, remedy) for names that authors expect here and that have no place."""
        self.path, self.book, self.known = path, book, tuple(known)
        self.items: dict[str, Node] = {}
        if isinstance(node, Table):
            self._take(node, refused or {})
        elif node is not None:
            book.mark(path, node.line, node.column)
            book.add(path, f"Found {described(node)}, expected fields.", f"Fields are: {', '.join(self.known)}.")

    def _take(self, node: Table, refused: Refusals) -> None:
        self.book.mark(self.path, node.line, node.column)
        for name, item in node.items.items():
            self.book.mark(self.at(name), *node.places[name])
            if name in refused:
                self.problem(name, *refused[name])
            elif name not in self.known:
                hint = suggestion(name, self.known) or f"Known fields: {', '.join(self.known)}."
                self.problem(name, "There is no such field.", hint)
            else:
                self.items[name] = item

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def problem(self, name: str, message: str, remedy: str = "") -> None:
        self.book.add(self.at(name), message, remedy)

    def has(self, name: str) -> bool:
        return name in self.items

    def text(self, name: str, *, required: bool = False, longest: int = LONGEST, like: str = "", hint: str = "") -> str:
        """A text; `like` is a pattern that it must match in full, `hint` says it in words."""
        value = self._scalar(name, str, "a text", required=required)
        if value is None:
            return ""
        if len(value) > longest:
            self.problem(name, f"It has {len(value)} characters; the limit is {longest}.")
        elif like and not re.fullmatch(like, value):
            self.problem(name, f"Found `{value}`, expected {hint}.")
        elif required and not value.strip():
            self.problem(name, "It is empty.", "Write a text.")
        else:
            return str(value)
        return ""

    def flag(self, name: str, default: bool) -> bool:
        value = self._scalar(name, bool, "true or false")
        return default if value is None else bool(value)

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        return int(self._number(name, int, "an integer", default, least, most))

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        return float(self._number(name, (int, float), "a number", default, least, most))

    def duration(self, name: str, default_s: float, *, positive: bool = False) -> float:
        """Seconds, from 30s, 5m, 1h or a plain number of seconds. positive: 0 is refused."""
        found = self.limit(name, positive=positive)
        return default_s if found is None else found

    def limit(self, name: str, *, positive: bool = True) -> float | None:
        """As `duration`; None when it isn't stated: no limit."""
        value = self._scalar(name, (str, int, float), "a length of time such as 30s, 5m or 1h")
        if value is None:
            return None
        try:
            found = seconds("", name, value)
        except BadConfig as error:
            self.problem(name, f"{error.message[0].upper()}{error.message[1:]}.")
            return None
        if positive and not found:
            self.problem(name, "Found 0, expected more.", "It needs some time.")
            return None
        return found

    def word(self, name: str, words: type[Word], default: Word, *, required: bool = False) -> Word:
        """One of a fixed set of words."""
        value = self._scalar(name, str, f"one of {', '.join(words)}", required=required)
        if value is None:
            return default
        if value not in list(words):
            self.problem(name, f"Found `{value}`, expected one of {', '.join(words)}.", suggestion(value, words))
            return default
        return words(value)

    def texts(self, name: str, *, or_one: bool = False) -> tuple[str, ...]:
        """A list of texts; each at most once. or_one: a single text will do."""
        found: list[str] = []
        node = self.items.get(name)
        items = [node] if or_one and isinstance(node, Scalar) else self._listing(name)
        for index, item in enumerate(items):
            value = item.value if isinstance(item, Scalar) and not item.doubtful else None
            if not isinstance(value, str) or not value:
                self.book.add(f"{self.at(name)}", f"Item {index + 1}: found {described(item)}, expected a name.")
            elif value in found:
                self.book.add(f"{self.at(name)}", f"`{value}` stands there twice.", "Keep one of them.")
            else:
                found.append(value)
        return tuple(found)

    def tables(self, name: str) -> list[Node]:
        """A list of tables, not read yet."""
        return self._listing(name)

    def named(self, name: str) -> dict[str, Node]:
        """A table of tables by name, not read yet."""
        node = self.items.get(name)
        if node is None:
            return {}
        if not isinstance(node, Table):
            self.problem(name, f"Found {described(node)}, expected names with fields.")
            return {}
        for key, place in node.places.items():
            self.book.mark(f"{self.at(name)}.{key}", *place)
        return dict(node.items)

    def json(self, name: str) -> dict[str, Any]:
        """A table with any JSON in it."""
        value = self.value(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.problem(name, f"Found {described(self.items[name])}, expected fields.")
            return {}
        return value

    def value(self, name: str) -> Any:
        """Any JSON, or None."""
        node = self.items.get(name)
        return None if node is None else _plain(node, self.at(name), self.book)

    def typed(self, name: str, type_: ValueType) -> Any:
        """A value of a declared type, or None."""
        if type_ is ValueType.LIST:
            return self.scalars(name)
        return self._scalar(name, TYPES[type_], f"a value of type {type_}")

    def scalars(self, name: str, type_: ValueType = ValueType.LIST) -> list[Any] | None:
        """A list of texts, numbers or truth values, of one type unless it is LIST; None when it isn't there."""
        if name not in self.items:
            return None
        found = []
        for index, item in enumerate(self._listing(name)):
            value = _plain(item, f"{self.at(name)}.{index + 1}", self.book)
            if not _is_a(value, type_):
                wanted = "a text, number or truth value" if type_ is ValueType.LIST else f"a value of type {type_}"
                self.problem(name, f"Item {index + 1}: found {described(item)}, expected {wanted}.")
            found.append(value)
        return found

    def _listing(self, name: str) -> list[Node]:
        node = self.items.get(name)
        if node is None:
            return []
        if not isinstance(node, Listing):
            remedy = f"Write {name}: [{node.text}]." if isinstance(node, Scalar) and node.text else ""
            self.problem(name, f"Found {described(node)}, expected a list.", remedy)
            return []
        return node.items

    def _number(self, name: str, types: Any, wanted: str, default: float, least: float, most: float) -> float:
        value = self._scalar(name, types, wanted)
        if value is None:
            return default
        if not least <= value <= most:
            self.problem(name, f"Found {value}, expected {least:g} to {most:g}.")
            return default
        return float(value)

    def _scalar(self, name: str, types: Any, wanted: str, *, required: bool = False) -> Any:
        node = self.items.get(name)
        if node is None or (isinstance(node, Scalar) and node.value is None):
            if required:
                self.problem(name, "It is missing.", f"Add `{name}:` with {wanted}.")
            return None
        if isinstance(node, Scalar) and node.doubtful:
            self.problem(name, _doubt(node), _quoted(node))
            return None
        fits = isinstance(node, Scalar) and isinstance(node.value, types)
        if not fits or (isinstance(node, Scalar) and isinstance(node.value, bool) and types is not bool):
            as_text = isinstance(node, Scalar) and (types is str or (isinstance(types, tuple) and str in types))
            remedy = _quoted(node) if as_text and isinstance(node, Scalar) else ""
            self.problem(name, f"Found {described(node)}, expected {wanted}.", remedy)
            return None
        return node.value if isinstance(node, Scalar) else None


def _is_a(value: Any, type_: ValueType) -> bool:
    is_truth = isinstance(value, bool)
    return isinstance(value, TYPES[type_]) and (not is_truth or type_ in (ValueType.BOOLEAN, ValueType.LIST))


def described(node: Node) -> str:
    """What an author wrote, in words."""
    if isinstance(node, Table):
        return "fields"
    if isinstance(node, Listing):
        return "a list"
    value = node.value if isinstance(node, Scalar) else None
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        text = node.text if isinstance(node, Scalar) else ""
        return f"the number {value}" + (f" (written {text})" if str(value) != text else "")
    return f"the text `{value if len(value) <= 60 else value[:60] + '…'}`"


def _doubt(node: Scalar) -> str:
    return f"`{node.text}` without quotes is not the same to every YAML reader."


def _quoted(node: Scalar) -> str:
    flag = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(node.text.lower())
    return f'Write "{node.text}" in quotes' + (f", or {flag} for a truth value." if flag else ".")


def _plain(node: Node, path: str, book: Book) -> Any:
    """The JSON of a node. Depth is bounded by the reader of the source."""
    book.mark(path, node.line, node.column)
    if isinstance(node, Table):
        for key, place in node.places.items():
            book.mark(f"{path}.{key}", *place)
        return {key: _plain(item, f"{path}.{key}", book) for key, item in node.items.items()}
    if isinstance(node, Listing):
        return [_plain(item, f"{path}.{index}", book) for index, item in enumerate(node.items)]
    if not isinstance(node, Scalar):
        return None
    if node.doubtful:
        book.add(path, _doubt(node), _quoted(node))
    too_large = isinstance(node.value, int) and abs(node.value) > LARGEST_INTEGER
    if too_large or (isinstance(node.value, float) and not math.isfinite(node.value)):
        book.add(path, f"The number {node.text} is too large to be exact.", f'Write "{node.text}" in quotes.')
    return node.value
