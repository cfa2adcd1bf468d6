"""YAML text to a tree that knows its places. Read without trust: bounded, no aliases, no tags, no key twice.

Scalars are what YAML 1.2 says. One that YAML 1.1 reads as something else (`no`, `12:30`, `010`) must be quoted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from runbooks.definitions.problems import Book

LARGEST = 4 * 1_048_576  # bytes; 10,000 steps of 400 characters
DEEPEST = 20
MOST_NODES = 600_000  # scalars, lists and tables

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE, _FALSE = re.compile(r"true|True|TRUE"), re.compile(r"false|False|FALSE")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SURE_FLOAT = re.compile(r"[-+]?[0-9]*\.[0-9]*([eE][-+][0-9]+)?")  # 1.1 wants a dot, and a sign in the exponent
_OCTAL = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")


@dataclass
class Node:
    line: int
    column: int


@dataclass
class Scalar(Node):
    """text: as written. value: its meaning; for a text the same. doubtful: other readers take it for something else."""

    text: str
    value: Any
    doubtful: bool = False


@dataclass
class Listing(Node):
    items: list[Node] = field(default_factory=list)


@dataclass
class Table(Node):
    items: dict[str, Node] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)


class _Stop(Exception):
    """The rest of the text can't be trusted; the problem is noted."""


def read(text: str, book: Book) -> Node | None:
    """The document's root, or None; problems go to the book."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > LARGEST:
        book.add("", f"The text has {size} bytes; the limit is {LARGEST}.", "Split it into several runbooks.")
        return None
    try:
        return _build(yaml.parse(text, Loader=_Loader), book)
    except _Stop:
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        book.add("", f"This is no YAML: {error.problem or error.context}.", _remedy(text, place[0]), place=place)
    except (yaml.YAMLError, UnicodeError) as error:
        book.add("", f"This is no YAML: {getattr(error, 'reason', error)}.")
    return None


def _remedy(text: str, line: int) -> str:
    """A hint for the two mistakes that authors make most."""
    lines = text.splitlines()[max(line - 2, 0) : line]
    if any(re.search(r":\s*\{\{", each) for each in lines):
        return 'A value that begins with {{ must stand in quotes: "{{ inputs.name }}".'
    if any("\t" in each for each in lines):
        return "Indent with spaces, not with tabs."
    return "A value with `: ` or ` #` in it must stand in quotes."


def _build(events: Iterator[yaml.Event], book: Book) -> Node | None:
    """The tree, without recursion: `open` has the collections that are not closed yet, and their pending keys."""
    root: Node | None = None
    open_: list[tuple[Listing | Table, list[Scalar]]] = []
    documents = nodes = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                _stop(event, book, "There is a second document (---).", "Write one runbook per file.")
        elif isinstance(event, yaml.CollectionEndEvent):
            open_.pop()
        elif isinstance(event, yaml.NodeEvent):
            node = _node(event, book)
            nodes += 1
            if nodes > MOST_NODES:
                _stop(event, book, f"It has more than {MOST_NODES} values.", "Split it into several runbooks.")
            if open_:
                _put(open_[-1], node, book)
            else:
                root = node
            if isinstance(node, Listing | Table):
                open_.append((node, []))
                if len(open_) > DEEPEST:
                    _stop(event, book, f"This is nested deeper than {DEEPEST} levels.", "Write it flatter.")
    return root


def _node(event: Any, book: Book) -> Node:  # types-PyYAML doesn't know the fields of events
    line, column = _place(event)
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        mark = "*" if isinstance(event, yaml.AliasEvent) else "&"
        _stop(event, book, f"Aliases ({mark}{event.anchor}) aren't read.", "Write the value out.")
    if event.tag is not None:
        _stop(event, book, f"Tags ({event.tag}) aren't read.", "Leave it out, or quote a text that begins with `!`.")
    if isinstance(event, yaml.SequenceStartEvent):
        return Listing(line, column)
    if isinstance(event, yaml.MappingStartEvent):
        return Table(line, column)
    plain = event.implicit[0]
    value = _meaning(event.value) if plain else event.value
    return Scalar(line, column, event.value, value, doubtful=plain and _doubtful(event.value, value))


def _put(parent: tuple[Listing | Table, list[Scalar]], node: Node, book: Book) -> None:
    holder, keys = parent
    if isinstance(holder, Listing):
        holder.items.append(node)
    elif keys:
        key = keys.pop()
        if key.text in holder.items:
            first = holder.places[key.text][0]
            place = (key.line, key.column)
            book.add(key.text, f"The key stands in line {first} already.", "Keep one of them.", place=place)
        else:
            holder.items[key.text] = node
            holder.places[key.text] = (key.line, key.column)
    elif isinstance(node, Scalar):
        keys.append(node)
    else:
        place = (node.line, node.column)
        book.add("", "A key must be a name.", 'Quote a value that begins with {{: "{{ inputs.name }}".', place=place)
        raise _Stop


def _stop(event: Any, book: Book, message: str, remedy: str) -> None:
    book.add("", message, remedy, place=_place(event))
    raise _Stop


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _meaning(text: str) -> Any:
    """A plain scalar by the core schema of YAML 1.2."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return text[0] in "tT"
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _doubtful(text: str, value: Any) -> bool:
    """Whether YAML 1.1, which many tools still read, would take the scalar for something else."""
    if _OCTAL.fullmatch(text) or (isinstance(value, float) and not _SURE_FLOAT.fullmatch(text)):
        return True
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    candidates = [*resolvers.get(text[:1], []), *resolvers.get(None, [])]
    other = next((tag for tag, pattern in candidates if pattern.match(text)), None)
    return isinstance(value, str) and other is not None
