"""Takes known secrets out of texts, also in the spellings that tools print them in. Pure.

Needed by plumbing.secrets; a module of its own because it knows nothing of where secrets come from.
"""

import base64
import html
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "[secret]"
SHORTEST_LINE = 8  # characters of one line of a secret that has several, as keys do
SHORTEST_BASE64 = 8


def redacted(text: str, values: frozenset[str]) -> str:
    """The text with each value replaced by `[secret]`, also where it is escaped, quoted, in hex or in base64."""
    return _pattern(values).sub(HIDDEN, text) if values else text


def redacted_tree(tree: Any, values: frozenset[str]) -> Any:
    """JSON with all its texts and names redacted, and each number that is a secret."""
    if not values:
        return tree
    if isinstance(tree, str):
        return redacted(tree, values)
    if isinstance(tree, Mapping):
        return {redacted(str(name), values): redacted_tree(item, values) for name, item in tree.items()}
    if isinstance(tree, list | tuple):
        return [redacted_tree(item, values) for item in tree]
    if isinstance(tree, int | float) and not isinstance(tree, bool) and str(tree) in values:
        return HIDDEN
    return tree


@lru_cache(maxsize=16)
def _pattern(values: frozenset[str]) -> re.Pattern[str]:
    """All spellings, the longest first: a short one may be a part of a long one."""
    spellings = {spelling for value in values for spelling in _spellings(value)}
    return re.compile("|".join(re.escape(one) for one in sorted(spellings, key=len, reverse=True)), re.IGNORECASE)


def _spellings(value: str) -> set[str]:
    lines = [line.strip() for line in value.splitlines()]
    found = {value, value.strip()} | {line for line in lines if len(line) >= SHORTEST_LINE}
    for plain in tuple(found):
        found |= {json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1], repr(plain)[1:-1]}
        found |= {quote(plain, safe=""), quote(plain), quote_plus(plain), html.escape(plain), plain.encode().hex()}
        found |= _in_base64(plain.encode())
    return found - {""}


def _in_base64(raw: bytes) -> set[str]:
    """The characters that stand for `raw` wherever it begins in a longer text, as in `user:password`."""
    found = set()
    for shift, skip in ((0, 0), (1, 2), (2, 3)):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(bytes(shift) + raw).decode()[skip : (shift + len(raw)) * 8 // 6]
            if len(text) >= SHORTEST_BASE64:
                found.add(text)
    return found
