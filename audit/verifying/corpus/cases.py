"""What an attack starts from, and what it leaves behind."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.packs.bag import TAGMANIFEST
from audit.packs.bundle.verify import SEALS
from audit.packs.container import zipped
from audit.verifying.sample import Written

Files = dict[str, bytes]
L = "data/ledger/"
MANIFEST = "manifest-sha256.txt"


class Outcome(StrEnum):
    """What a verifier says, given the log's key."""

    HOLDS = "holds"
    FAILS = "fails"


@dataclass(frozen=True)
class Subject:
    """A sound pack to be damaged. key, streams: only of our own sample, for attacks by whoever holds the log key."""

    files: Mapping[str, bytes]
    top: str
    vkey: str  # what the reader obtained elsewhere
    key: Ed25519PrivateKey | None = None
    streams: tuple[Written, ...] = ()

    def zip(self, files: Mapping[str, bytes] | None = None) -> bytes:
        """These files (or its own) as a pack."""
        found = self.files if files is None else files
        return zipped({f"{self.top}/{path}": data for path, data in found.items()})


@dataclass(frozen=True)
class Case:
    """One pack of the corpus. place: how the message must begin or what it must hold, as a regular expression."""

    name: str
    data: bytes
    place: str = ""
    outcome: Outcome = Outcome.FAILS
    why: str = ""  # of a harmless change: why it is harmless

    def names(self, message: str) -> bool:
        """Whether a verifier's message says where."""
        return bool(re.search(self.place, message))


Change = Callable[[bytes], bytes]


def changed(files: Mapping[str, bytes], path: str, change: Change) -> Files:
    """The files with one of them changed. Raises ValueError when the change changes nothing."""
    new = change(files[path])
    if new == files[path]:
        raise ValueError(f"the attack on {path} changes nothing")
    return {**files, path: new}


def line_of(number: int, change: Change) -> Change:
    """A change of one line (from 0) of a file; a line made empty goes."""

    def on(data: bytes) -> bytes:
        lines = data.split(b"\n")
        new = change(lines[number])
        lines[number : number + 1] = [new] if new else []
        return b"\n".join(lines)

    return on


def swap(old: bytes, new: bytes) -> Change:
    """The first `old` becomes `new`."""
    return lambda data: data.replace(old, new, 1)


def resealed(files: Mapping[str, bytes]) -> Files:
    """What an intruder does after changing files: make manifests and sizes fit again. Seals stay as they were."""
    payload = {path: data for path, data in files.items() if path.startswith("data/")}
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}".encode()
    info = b"\n".join(
        oxum if line.startswith(b"Payload-Oxum:") else line for line in files["bag-info.txt"].split(b"\n")
    )
    made = {**files, "bag-info.txt": info, MANIFEST: manifest_of(payload)}
    tags = {path: data for path, data in made.items() if path not in payload and path not in {TAGMANIFEST, *SEALS}}
    return {**made, TAGMANIFEST: manifest_of(tags)}


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """A BagIt manifest."""
    return "".join(f"{sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files)).encode()
