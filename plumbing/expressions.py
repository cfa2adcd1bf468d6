"""Expressions (CEL) and text with `{{ path }}`: the only two ways in which a definition computes something.

Neither can call out, read attributes or run for long. Reasons and measurements: docs/adr/0005-expressions-are-cel.md.
"""

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from plumbing.errors import MusterError

if TYPE_CHECKING:
    import cel

MAX_SOURCE = 1_000  # characters
MAX_STRING = 10_000  # characters of one value that is used
MAX_ITEMS = 1_000  # of one list or map that is used
MAX_DEPTH = 20
MAX_TEXT = 65_536  # characters of a rendered text
MAX_WORK = 10**8  # items visited by nested `all`, `map`, ... times length of the source (about 0.3 s)
MAX_CARRIED = 10**8  # the same times what one visit may build or keep: the longest text, for `map` and `filter` a list

Path = tuple[str, ...]

_TOKEN = re.compile(
    r"""(?P<string>[rR]?[bB]?(?:'''.*?'''|\"\"\".*?\"\"\")|[bB]?[rR]("[^"\n]*"|'[^'\n]*')"""
    r"""|[bB]?("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|//[^\n]*)"""
    r"""|(?P<number>\d[\w.]*)|(?P<path>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*\s*(?P<call>\()?)""",
    re.DOTALL,
)
_LOOP = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)?")
_KEEPS = re.compile(r"\.\s*(?:map|filter)\s*\(")
_WORDS = frozenset({"true", "false", "null", "in"})
_FUNCTIONS = frozenset(
    {"size", "contains", "startsWith", "endsWith", "matches"}
    | {"int", "uint", "double", "string", "type", "timestamp", "duration"}
)
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_PATH = re.compile(r"\s*([A-Za-z_]\w*(?:\.\w+)*)\s*")


class ExpressionError(MusterError):
    """An expression or a template can't be understood, or doesn't fit the values that it meets."""

    code = "bad_expression"
    status = 422


@dataclass(frozen=True)
class Expression:
    """A compiled expression. paths: what it reads, e.g. ("steps", "restart", "output", "status").
    loops: how many `all`, `exists`, `map`, ... it has. keeps: one of them builds a list."""

    source: str
    program: "cel.Program"
    paths: frozenset[Path]
    loops: int
    keeps: bool


@lru_cache(maxsize=1024)
def compile_expression(source: str) -> Expression:
    """The expression, ready to evaluate. Raises ExpressionError with the position of a mistake."""
    import cel  # it brings a command line along, half of the time that a process takes to start

    if len(source) > MAX_SOURCE:
        raise ExpressionError(f"The expression has {len(source)} characters; the limit is {MAX_SOURCE}.")
    try:
        program = cel.compile(source)
    except ValueError as error:
        raise ExpressionError(f"`{source}` is no expression: {_syntax(str(error))}") from None
    names = sorted(name for name in program.functions() if re.match(r"[a-zA-Z]", name) and name not in _FUNCTIONS)
    if names:
        hint = suggestion(names[0], _FUNCTIONS) or f"There are: {', '.join(sorted(_FUNCTIONS))}."
        raise ExpressionError(f"`{source}` calls `{names[0]}`, which doesn't exist. {hint}")
    bare = _TOKEN.sub(lambda found: '""' if found["string"] else found[0], source)
    return Expression(source, program, frozenset(_paths(bare)), len(_LOOP.findall(bare)), bool(_KEEPS.search(bare)))


def names_in(source: str) -> frozenset[Path]:
    """The paths that an expression reads; `inputs.size > 3` reads ("inputs", "size")."""
    return compile_expression(source).paths


def evaluate(source: str, values: Mapping[str, Any]) -> Any:
    """What the expression gives for these values: JSON. Raises ExpressionError.

    values: JSON by name, as a rule `inputs`, `steps` and `incident`. Only what the expression reads is looked at."""
    expression = compile_expression(source)
    used = _used(expression, values)
    _check_work(expression, used)
    try:
        result = expression.program.execute(used)
    except Exception as error:  # the library raises seven kinds, by cause
        raise ExpressionError(f"`{source}` failed: {_reason(error, expression, values)}") from None
    if not isinstance(result, (bool, int, float, str, list, dict, type(None))):
        raise ExpressionError(f"`{source}` gives a {type(result).__name__}; write string(…) around it.")
    _check_size(result, f"the result of `{source}`")
    return result


def paths_in(template: str) -> list[Path]:
    """The paths of all `{{ path }}` in a text, in order. Raises ExpressionError where one holds more than a path."""
    return [_placeholder(found[1]) for found in _PLACEHOLDER.finditer(template)]


def render(template: str, values: Mapping[str, Any]) -> Any:
    """The text with each `{{ path }}` replaced. A template that is one placeholder gives the value with its type.

    Raises ExpressionError for an unknown path, or when a list, map or null would have to become part of a text."""
    whole = _PLACEHOLDER.fullmatch(template.strip())
    if whole and "{{" not in whole[1]:
        return look_up(_placeholder(whole[1]), values)
    text = _PLACEHOLDER.sub(lambda found: _text(_placeholder(found[1]), values), template)
    if len(text) > MAX_TEXT:
        raise ExpressionError(f"The rendered text has {len(text)} characters; the limit is {MAX_TEXT}.")
    return text


def resolve(tree: Any, values: Mapping[str, Any], *, depth: int = 0) -> Any:
    """A nested structure with all its texts rendered. Keys stay as they are. Raises ExpressionError."""
    if depth > MAX_DEPTH:
        raise ExpressionError(f"The structure is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(tree, str):
        return render(tree, values)
    if isinstance(tree, Mapping):
        return {key: resolve(value, values, depth=depth + 1) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [resolve(value, values, depth=depth + 1) for value in tree]
    return tree


def look_up(path: Path, values: Mapping[str, Any]) -> Any:
    """The value at a path; list items by number. Raises ExpressionError that says which part is unknown."""
    here: Any = values
    for depth, part in enumerate(path):
        if isinstance(here, Mapping) and part in here:
            here = here[part]
        elif isinstance(here, (list, tuple)) and part.isdecimal() and int(part) < len(here):
            here = here[int(part)]
        else:
            raise ExpressionError(_unknown(path, depth, here))
    return here


def suggestion(name: str, known: Iterable[str]) -> str:
    """`Did you mean "x"?` for the nearest known name, or ""."""
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"Did you mean `{near[0]}`?" if near else ""


def _paths(bare: str) -> Iterator[Path]:
    """Paths read by a source without strings. Variables of loops are left out, and so is what a call ends in."""
    loop_variables = {name for name in _LOOP.findall(bare) if name}
    for found in _TOKEN.finditer(bare):
        if found["path"] is None or bare[: found.start()].rstrip().endswith("."):
            continue
        parts = tuple(part.strip() for part in found["path"].rstrip("( \n\t").split("."))
        if found["call"]:
            parts = parts[:-1]
        if parts and parts[0] not in loop_variables and parts[0] not in _WORDS:
            yield parts


def _used(expression: Expression, values: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the values that the expression can reach, checked against the limits."""
    used: dict[str, Any] = {}
    for path in sorted(expression.paths, key=len):
        if path[0] not in values:
            raise ExpressionError(f"`{expression.source}`: {_unknown(path, 0, values)}")
        target, source = used, values
        for depth, part in enumerate(path):
            if part not in source:
                break  # has(…) may ask for what isn't there
            found = source[part]
            if depth == len(path) - 1 or not isinstance(found, Mapping):
                _check_size(found, ".".join(path[: depth + 1]))
                target[part] = found
                break
            if target.get(part) is found:
                break  # a shorter path took it whole
            target, source = target.setdefault(part, {}), found
    return used


def _check_size(value: Any, where: str, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise ExpressionError(f"{where} is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, str) and len(value) > MAX_STRING:
        raise ExpressionError(f"{where} is a text of {len(value)} characters; the limit is {MAX_STRING}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionError(f"{where} is {value}, which is no number in JSON.")
    if isinstance(value, (list, tuple, Mapping)):
        if len(value) > MAX_ITEMS:
            raise ExpressionError(f"{where} has {len(value)} items; the limit is {MAX_ITEMS}.")
        for item in value.values() if isinstance(value, Mapping) else value:
            _check_size(item, where, depth + 1)


def _check_work(expression: Expression, used: dict[str, Any]) -> None:
    """The interpreter can't be interrupted, so what could run for long is refused before it starts."""
    if not expression.loops:
        return
    items, longest = _extent(used)
    visits = max(items, expression.source.count(",") + 1) ** expression.loops * len(expression.source)
    if visits > MAX_WORK or visits * max(longest, items if expression.keeps else 1) > MAX_CARRIED:
        raise ExpressionError(
            f"`{expression.source}` could visit {items} items in {expression.loops} loops: too much work. "
            "Loop over fewer or shorter values."
        )


def _extent(value: Any) -> tuple[int, int]:
    """Size of the largest collection and of the longest text in a value."""
    if isinstance(value, str):
        return 0, len(value)
    if not isinstance(value, (list, tuple, Mapping)):
        return 0, 0
    inner = [_extent(item) for item in (value.values() if isinstance(value, Mapping) else value)]
    return max([len(value), *(size for size, _ in inner)]), max([0, *(longest for _, longest in inner)])


def _placeholder(inside: str) -> Path:
    if not (found := _PATH.fullmatch(inside)):
        raise ExpressionError(f"`{{{{{inside}}}}}` may hold a path alone, as in `{{{{ inputs.service }}}}`.")
    return tuple(found[1].split("."))


def _text(path: Path, values: Mapping[str, Any]) -> str:
    value = look_up(path, values)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    kind = "empty" if value is None else "a list" if isinstance(value, (list, tuple)) else "a map"
    raise ExpressionError(f"`{'.'.join(path)}` is {kind} and can't be written into a text.")


def _unknown(path: Path, depth: int, here: Any) -> str:
    name, whole = path[depth], ".".join(path)
    if not isinstance(here, Mapping):
        return f"`{whole}`: `{'.'.join(path[:depth])}` has no parts, so there is no `{name}` in it."
    hint = suggestion(name, list(map(str, here))) or f"There is: {', '.join(sorted(map(str, here))[:10]) or 'nothing'}."
    return f"`{whole}` is unknown: there is no `{name}`. {hint}"


def _reason(error: Exception, expression: Expression, values: Mapping[str, Any]) -> str:
    if isinstance(error, (KeyError, RuntimeError, TypeError)):
        for path in sorted(expression.paths):
            try:
                look_up(path, values)
            except ExpressionError as unknown:
                return str(unknown)
    if isinstance(error, KeyError):
        return f"there is no `{error.args[0]}`."
    return str(error)


def _syntax(message: str) -> str:
    """Position and cause from the parser's message, without its list of forty tokens."""
    found = re.search(r"<input>:(\d+):(\d+): (.*?)(?: expecting \{.*)?$", message, re.MULTILINE)
    if not found:
        return message.splitlines()[0][:200]
    return f"column {found[2]}: {found[3].replace('<EOF>', 'the end')}."
