"""The form of a ledger entry: from facts to the bytes that are hashed, stored, exported and verified. Pure.

disclosure = canon([salt, name, value])     commitment = hex(SHA-256(disclosure))
body       = canon({v, stream, seq, id, time, kind, actor, prev, fields: {name: commitment}})
leaf       = SHA-256(0x00 || body)          prev = hex leaf of the entry before, 64 zeros for the first
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from audit.canonical import KEY, Json, canon, tidy
from audit.errors import EntryTooLarge, NotCanonical
from audit.merkle import leaf_hash

NO_HEAD = bytes(32)  # what stands for "the entry before the first"
LARGEST_ENTRY = 64 * 1024  # bytes of body and disclosures together

STREAM = re.compile(r"[a-z][a-z0-9_]{1,63}")
KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
ACTOR = re.compile(r"[a-z]{3}_[a-z0-9]{1,40}")
LONGEST_KIND = 64


@dataclass(frozen=True, slots=True)
class Header:
    """What an entry says openly. Nothing in it can be withheld later, so never put names or free text here."""

    stream: str
    seq: int
    uid: UUID
    time: datetime  # aware, whole milliseconds
    kind: str
    actor: str


@dataclass(frozen=True, slots=True)
class Built:
    """An entry ready to be stored."""

    header: Header
    body: bytes
    leaf: bytes
    disclosures: dict[str, bytes]  # name -> the disclosure's bytes


def new_salt() -> bytes:
    """16 random bytes: without them nobody can guess a withheld value from its commitment."""
    return secrets.token_bytes(16)


def build(header: Header, prev: bytes, fields: Mapping[str, Json], salt: Callable[[], bytes] = new_salt) -> Built:
    """The entry's bytes. prev: leaf of the entry before (NO_HEAD for seq 0). Raises NotCanonical, EntryTooLarge."""
    check_header(header.stream, header.kind, header.actor)
    if len(prev) != 32:
        raise ValueError(f"prev has {len(prev)} bytes, not 32")
    disclosures = {name: disclose(name, value, salt()) for name, value in fields.items()}
    body = canon(
        {
            "v": 1,
            "stream": header.stream,
            "seq": header.seq,
            "id": header.uid.hex,
            "time": stamp(header.time),
            "kind": header.kind,
            "actor": header.actor,
            "prev": prev.hex(),
            "fields": {name: commitment(payload) for name, payload in disclosures.items()},
        }
    )
    size = len(body) + sum(map(len, disclosures.values()))
    if size > LARGEST_ENTRY:
        raise EntryTooLarge(header.kind, size, LARGEST_ENTRY)
    return Built(header, body, leaf_hash(body), disclosures)


def check_header(stream: str, kind: str, actor: str) -> None:
    """Raises NotCanonical unless all three are neutral identifiers."""
    if not STREAM.fullmatch(stream):
        raise NotCanonical("stream", repr(stream), "a uid such as inc_0190… or portal")
    if not KIND.fullmatch(kind) or len(kind) > LONGEST_KIND:
        raise NotCanonical("kind", repr(kind), f"words with a dot such as step.finished, up to {LONGEST_KIND}")
    if not ACTOR.fullmatch(actor):
        raise NotCanonical("actor", repr(actor), "an opaque id such as usr_0190…")


def disclose(name: str, value: Json, salt: bytes) -> bytes:
    """The bytes that disclose one field. Raises NotCanonical with the path of what can't be written."""
    if not KEY.fullmatch(name):
        raise NotCanonical("fields", f"the name {name!r}", "names of 1 to 40 characters a-z, 0-9 and _")
    try:
        return canon([salt.hex(), name, tidy(value)])
    except NotCanonical as error:
        raise NotCanonical(name + error.path.removeprefix("[2]"), error.found, error.expected) from None


def commitment(disclosure: bytes) -> str:
    """What an entry's body says of a field: 64 hex digits."""
    return sha256(disclosure).hexdigest()


def value_of(disclosure: bytes) -> Json:
    """The value that a disclosure discloses."""
    value: Json = json.loads(disclosure)[2]
    return value


def stamp(time: datetime) -> str:
    """A moment as the ledger writes it: 2026-03-02T09:00:00.000Z."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def whole_milliseconds(time: datetime) -> datetime:
    """The moment in UTC, cut to the ledger's resolution."""
    return time.astimezone(UTC).replace(microsecond=time.microsecond // 1000 * 1000)
