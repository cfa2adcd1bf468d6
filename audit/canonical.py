"""Canonical JSON: RFC 8785, restricted so far that Python's own json module writes it (tests hold rfc8785 against it).

Allowed: null, true, false, integers up to 2^53-1 in size, NFC strings without U+0000 and lone surrogates, arrays, and
objects whose keys match [a-z0-9_]{1,40}. No floats: send decimals as strings.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from audit.errors import NotCanonical

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

LARGEST_INT = 2**53 - 1
DEEPEST = 32
ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)
KEY = re.compile(r"[a-z0-9_]{1,40}")


def canon(value: Json) -> bytes:
    """The canonical bytes of `value`, UTF-8. Raises NotCanonical with the path of the first bad value."""
    _check(value, "", 0)
    return ENCODER.encode(value).encode()


def tidy(value: Json) -> Json:
    """A plain copy of `value` for canon(): strings brought to NFC, tuples and mappings made lists and dicts.

    Text typed by people may come decomposed; it looks the same afterwards. The rest is for canon() to judge."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {key: tidy(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tidy(item) for item in value]
    return value


def _check(value: object, path: str, depth: int) -> None:
    if depth > DEEPEST:
        raise NotCanonical(path, "deeper nesting", f"at most {DEEPEST} levels")
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, int):
        if abs(value) > LARGEST_INT:
            raise NotCanonical(path, "an integer beyond 2^53-1", "a smaller integer, or a string")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, dict):
        _check_object(value, path, depth)
    else:
        found = f"a {type(value).__name__}"
        raise NotCanonical(path, found, "null, a boolean, an integer, a string (decimals too), an array or an object")


def _check_object(value: dict[object, object], path: str, depth: int) -> None:
    for key, item in value.items():
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise NotCanonical(path, f"the key {key!r}", "keys of 1 to 40 characters a-z, 0-9 and _")
        _check(item, f"{path}.{key}" if path else key, depth + 1)


def _check_text(text: str, path: str) -> None:
    if "\x00" in text:
        raise NotCanonical(path, "the character U+0000", "text without it")
    if not text.isascii():
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise NotCanonical(path, "half of a surrogate pair", "whole Unicode characters")
        if not unicodedata.is_normalized("NFC", text):
            raise NotCanonical(path, "text that is not NFC", "text in normal form C")
