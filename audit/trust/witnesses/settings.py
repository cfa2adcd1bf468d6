"""MUSTER_WITNESSES, taken apart: an address and a verifier key for each: `https://witness.example name+id+key`."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from audit.cosigning import COSIGNATURE, Verifier, read_verifier
from audit.errors import BadNote
from audit.trust.holders.errors import BadSetting

NAME = "MUSTER_WITNESSES"
RIGHT = "expected an address and a verifier key, as in https://witness.example/ witness.example/1+0c2cbda8+BAbc…"


@dataclass(frozen=True, slots=True)
class Known:
    """A witness that is configured. url: without the slash at its end."""

    url: str
    verifier: Verifier


def known() -> list[Known]:
    """The configured witnesses. Raises BadSetting."""
    found: list[Known] = []
    for text in settings.WITNESSES:
        url, _, key = text.partition(" ")
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise BadSetting(NAME, f"found {text[:80]!r}, {RIGHT}.")
        try:
            found.append(Known(url.rstrip("/"), read_verifier(key.strip(), COSIGNATURE)))
        except BadNote as error:
            raise BadSetting(NAME, f"{error.reason}.") from error
    names = [one.verifier.name for one in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise BadSetting(NAME, f"{', '.join(sorted(twice))} stands there twice.")
    return found


def vkeys() -> bytes:
    """The witnesses' verifier keys, one a line: what a pack's keys/witnesses.vkey holds. Raises BadSetting."""
    return "".join(f"{one.verifier}\n" for one in known()).encode()
