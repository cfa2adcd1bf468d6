"""Finds in a value what may have to be withheld: people, addresses, free text. Pure.

A detector may find too much, never quietly too little: what it can't judge (a name that nobody registered) is for the
person who looks at the preview.
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache

from audit.canonical import Json

ACTOR = re.compile(r"\b[a-z]{3}_[0-9a-f]{32}\b")
MAIL = re.compile(r"[^\s@<>\"',;:()]{1,64}@[^\s@<>\"',;:()]+\.[^\s@<>\"',;:()]{2,}")
PHONE = re.compile(r"(?<![\w.:-])(?:\+|00)\d{1,3}[\s./()-]*(?:\d[\s./()-]*){6,13}\d(?![\w:-])")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?\b")
URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://\S+", re.IGNORECASE)
MAYBE_IP = re.compile(
    r"(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.\d{1,3}){0,3})(?!\.?\w)"
)
SHORTEST_TEXT = 24  # characters; shorter ones with blanks are labels
Names = Collection[str]


def texts_in(value: Json) -> Iterator[str]:
    """Every text in a value, names of objects' keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)


def _by(pattern: re.Pattern[str]) -> Callable[[str, Names], bool]:
    return lambda text, _: bool(pattern.search(text))


def _address(text: str, _: Names) -> bool:
    return any(_is_ip(found) for found in MAYBE_IP.findall(text))


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _name(text: str, names: Names) -> bool:
    return bool(names) and bool(_names(frozenset(names)).search(text))


@lru_cache(maxsize=32)
def _names(names: frozenset[str]) -> re.Pattern[str]:
    """Any of the names as whole words, however it is written."""
    told = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{told})(?!\w)", re.IGNORECASE)


def _free_text(text: str, _: Names) -> bool:
    return len(text) >= SHORTEST_TEXT and " " in text.strip()


DETECTORS: dict[str, Callable[[str, Names], bool]] = {
    "person_id": _by(ACTOR),
    "name": _name,
    "email": _by(MAIL),
    "ip": _address,
    "phone": _by(PHONE),
    "iban": _by(IBAN),
    "url": _by(URL),
    "free_text": _free_text,
}
"""What a rule may look for in a value: (text, names of the people whom the stream names) -> whether it is there."""


def finds(detectors: Collection[str], value: Json, names: Names) -> bool:
    """Whether any of the detectors finds something in any text of the value."""
    return any(DETECTORS[detector](text, names) for text in texts_in(value) for detector in detectors)
