"""YAML files from outside, read without trust: no aliases, no tags, bounded; every value knows its line. Pure.

All scalars stay text as it was written: `on`, `1.10` and `2024-01-01` mean nothing else here.
"""

from collections.abc import Iterator

import yaml

from catalog.errors import UnreadableFile

LARGEST_FILE = 1_048_576  # bytes
MOST_DOCUMENTS = 2_000
MOST_NODES = 100_000
DEEPEST = 20
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Text(str):
    """A scalar and its line, counted from 1."""

    line: int


class Items(list["Value"]):
    """A sequence and the line where it begins."""

    line: int


class Table(dict[str, "Value"]):
    """A mapping, the line where it begins, and the line of each key."""

    line: int
    lines: dict[str, int]


Value = Text | Items | Table | None


def documents(content: bytes, file: str) -> list[Value]:
    """The documents of a YAML file, empty ones left out. Raises UnreadableFile with the line."""
    if len(content) > LARGEST_FILE:
        raise UnreadableFile(file, 0, f"it has {len(content):,} bytes; the limit is {LARGEST_FILE:,}")
    try:
        text = content.decode("utf-8-sig")
        _check_bounds(text, file)
        roots = list(yaml.compose_all(text, Loader=_Loader))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(file, line, "it isn't UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableFile(file, mark.line + 1 if mark else 0, f"it isn't YAML: {error.problem}") from None
    except yaml.YAMLError as error:  # characters that YAML forbids
        raise UnreadableFile(file, 0, f"it isn't YAML: {getattr(error, 'reason', 'unreadable')}") from None
    return [value for value in (_value(root, file) for root in roots) if value is not None]


def _check_bounds(text: str, file: str) -> None:
    """Refuse a bomb from its events, before anything is built of it."""
    depth = nodes = documents = 0
    for event in _events(text):
        line = event.start_mark.line + 1 if event.start_mark else 0
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        nodes += isinstance(event, yaml.NodeEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if isinstance(event, yaml.AliasEvent):
            raise UnreadableFile(file, line, f"it uses the alias *{event.anchor}; write the value out")
        if depth > DEEPEST:
            raise UnreadableFile(file, line, f"it is nested more than {DEEPEST} levels deep")
        if nodes > MOST_NODES:
            raise UnreadableFile(file, line, f"it has more than {MOST_NODES:,} values")
        if documents > MOST_DOCUMENTS:
            raise UnreadableFile(file, line, f"it has more than {MOST_DOCUMENTS:,} documents")


def _events(text: str) -> Iterator[yaml.Event]:
    return yaml.parse(text, Loader=_Loader)


def _value(node: yaml.Node | None, file: str) -> Value:
    if isinstance(node, yaml.MappingNode):
        return _table(node, file)
    if isinstance(node, yaml.SequenceNode):
        items = Items(_value(each, file) for each in node.value)
        items.line = node.start_mark.line + 1
        return items
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return None
    text = Text(node.value)
    text.line = node.start_mark.line + 1
    return text


def _table(node: yaml.MappingNode, file: str) -> Table:
    table = Table()
    table.line, table.lines = node.start_mark.line + 1, {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise UnreadableFile(file, line, "a key must be text")
        if key.value in table:
            raise UnreadableFile(file, line, f"the key '{key.value}' stands in line {table.lines[key.value]} already")
        table[key.value], table.lines[key.value] = _value(value, file), line
    return table
