"""YAML of rules, read without trust: no aliases, no tags, bounded, one document; every value knows its line. Pure.

Plain `true` and `false` are booleans and plain numbers are numbers; everything else is text, also `no` and 2026-01-01.
"""

import re
from dataclasses import dataclass
from typing import Any

import yaml

from audit.regimes.errors import RegimeRefused

LARGEST = 128 * 1024  # characters
DEEPEST, MOST_NODES = 24, 5_000
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,14})")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})\.\d{1,9}")
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A value, and the line (from 1) on which each part of it begins, by its path."""

    value: Any
    lines: dict[Path, int]
    file: str

    def at(self, path: Path) -> str:
        """ "eu_gdpr.yaml, line 12": where the part, or the nearest that holds it, stands."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.file}, line {self.lines.get(path, 1)}"


def read(text: str, file: str) -> Document:
    """The one document of a YAML text. Raises RegimeRefused with the line."""
    if len(text) > LARGEST:
        raise RegimeRefused([f"{file}: it has {len(text):,} characters; the limit is {LARGEST:,}."])
    try:
        _check_bounds(text, file)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise RegimeRefused([f"{file}, line {mark.line + 1 if mark else 1}: it isn't YAML: {error.problem}."]) from None
    except yaml.YAMLError as error:
        reason = getattr(error, "reason", "unreadable")
        raise RegimeRefused([f"{file}: it isn't YAML: {reason}."]) from None
    lines: dict[Path, int] = {}
    return Document(_value(root, (), lines, file), lines, file)


def _check_bounds(text: str, file: str) -> None:
    depth = nodes = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        nodes += isinstance(event, yaml.NodeEvent)
        if isinstance(event, yaml.AliasEvent):
            raise RegimeRefused([f"{file}, line {line}: it uses the alias *{event.anchor}; write the value out."])
        if depth > DEEPEST or nodes > MOST_NODES:
            raise RegimeRefused([f"{file}, line {line}: it is nested too deeply, or has too many values."])
        if isinstance(event, yaml.NodeEvent) and (getattr(event, "tag", None) or "!") != "!":
            raise RegimeRefused([f"{file}, line {line}: it uses the tag {event.tag}; tags aren't read."])  # type: ignore[attr-defined]


def _value(node: yaml.Node | None, path: Path, lines: dict[Path, int], file: str) -> Any:
    if node is None:
        return None
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, file)
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, (*path, place), lines, file) for place, each in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int], file: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise RegimeRefused([f"{file}, line {line}: a key must be text."])
        name = str(key.value)
        if name in found:
            raise RegimeRefused([f"{file}, line {line}: the key {name!r} stands there twice."])
        lines[(*path, name)] = line
        found[name] = _value(value, (*path, name), lines, file)
    return found


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if node.style:  # type: ignore[attr-defined]  # quoted or a block: text, whatever it looks like
        return text
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text
