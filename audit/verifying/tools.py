"""The verifiers that this release puts into packs, with their digests: whoever kept a copy can compare."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from audit.packs.seal import BUNDLE


@dataclass(frozen=True, slots=True)
class Tool:
    """A verifier that works without this portal."""

    name: str
    what: str
    sha256: str


WHAT = {
    "verify.html": "in a browser, without a network",
    "verify.py": "Python 3.10 or later, nothing to install",
    "verify.sh": "needs sha256sum and openssl alone; checks less",
}


@cache
def tools() -> tuple[Tool, ...]:
    """All of them."""
    return tuple(Tool(name, what, sha256((BUNDLE / name).read_bytes()).hexdigest()) for name, what in WHAT.items())
