"""C2SP formats of witnesses, written and read: verifier keys, cosignature/v1, the body of add-checkpoint. Pure.

github.com/C2SP/C2SP: signed-note, tlog-cosignature, tlog-witness. Both our client and our witness read them here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.ed25519 import ED25519, public_raw
from audit.errors import BadNote
from audit.notes import decoded, encoded

COSIGNATURE = b"\x04"  # C2SP signed-note algorithm byte of a timestamped Ed25519 cosignature
KINDS = {ED25519: "a log's key (0x01)", COSIGNATURE: "a witness's key (0x04)"}
LONGEST_PROOF = 63  # lines: enough for any tree
LONGEST_NAME = 200
LATEST = (1 << 63) - 1  # seconds


@dataclass(frozen=True, slots=True)
class Verifier:
    """Whose lines under a note are looked at: name and key. kind: ED25519 or COSIGNATURE."""

    name: str
    kind: bytes
    key: Ed25519PublicKey

    @property
    def id(self) -> bytes:
        """The four bytes with which their lines begin."""
        return sha256(self.name.encode() + b"\n" + self.kind + public_raw(self.key)).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encoded(self.kind + public_raw(self.key))}"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness's line under a note, checked. line: without its newline. time: seconds since 1970, by its clock."""

    line: str
    time: int


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """What a log asks of a witness: to cosign `note`, with a proof that it extends the tree of `old` leaves."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def body(self) -> bytes:
        """The bytes that are sent."""
        lines = [f"old {self.old}", *map(encoded, self.proof), "", ""]
        return "\n".join(lines).encode() + self.note


def read_verifier(text: str, kind: bytes) -> Verifier:
    """The verifier key in `name+id+key`. Raises BadNote, which says what was expected."""
    name, _, rest = text.partition("+")
    told_id, _, packed = rest.partition("+")
    if not is_name(name) or not packed:
        raise BadNote(f"{text[:60]!r} is no key: expected name+id+key, as in witness.example/1+0c2cbda8+BAbc…")
    data = decoded(packed)
    if data[:1] != kind or len(data) != 33:
        found = KINDS.get(data[:1], "another kind") if len(data) == 33 else f"{len(data)} bytes"
        raise BadNote(f"the key of {name} is {found}, expected {KINDS[kind]}")
    verifier = Verifier(name, kind, Ed25519PublicKey.from_public_bytes(data[1:]))
    if told_id != verifier.id.hex():
        raise BadNote(f"the key of {name} has the id {verifier.id.hex()}, not {told_id[:60]}")
    return verifier


def is_name(text: str) -> bool:
    """Whether a key may be called so: nothing that would end the name in a note's line, or in a verifier key."""
    return 0 < len(text) <= LONGEST_NAME and "+" not in text and text.isprintable() and not any(map(str.isspace, text))


def text_of(note: bytes) -> str:
    """The signed text of a note, with its last newline. Raises BadNote."""
    try:
        text, gap, lines = note.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise BadNote("it is no text in UTF-8") from None
    if not gap or not lines.endswith("\n"):
        raise BadNote("it doesn't end with a line of a signature")
    return text + "\n"


def origin_of(note: bytes) -> str:
    """The name of the log that a note claims to be from. Raises BadNote."""
    return text_of(note).partition("\n")[0]


def cosign(note: bytes, name: str, key: Ed25519PrivateKey, time: int) -> str:
    """The witness's line under a note, without its newline. time: seconds since 1970."""
    verifier = Verifier(name, COSIGNATURE, key.public_key())
    signature = key.sign(_message(text_of(note), time))
    return f"— {name} {encoded(verifier.id + time.to_bytes(8, 'big') + signature)}"


def find_cosigned(lines: bytes, note: bytes, witness: Verifier) -> Cosigned:
    """The witness's line among `lines`, once its signature over the note holds; other keys' lines are passed over.

    Raises BadNote when it isn't there, or false."""
    try:
        told = lines.decode()
    except UnicodeDecodeError:
        raise BadNote("the lines are no text in UTF-8") from None
    if not told.endswith("\n"):
        raise BadNote("the lines don't end with a newline")
    for line in told[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—":
            raise BadNote(f"{line[:60]!r} is no line of a signature")
        if parts[1] == witness.name and (data := decoded(parts[2]))[:4] == witness.id:
            return Cosigned(line, _checked(data, note, witness))
    raise BadNote(f"no line is by {witness.name} with the key {witness.id.hex()}")


def _checked(data: bytes, note: bytes, witness: Verifier) -> int:
    if len(data) != 4 + 8 + 64:
        raise BadNote(f"the cosignature of {witness.name} has {len(data)} bytes, expected 76")
    time = int.from_bytes(data[4:12], "big")
    if not 0 < time <= LATEST:
        raise BadNote(f"the cosignature of {witness.name} has no time")
    try:
        witness.key.verify(data[12:], _message(text_of(note), time))
    except InvalidSignature:
        raise BadNote(f"the cosignature of {witness.name} is false") from None
    return time


def read_add_checkpoint(body: bytes) -> AddCheckpoint:
    """What the body of an add-checkpoint request says. Raises BadNote."""
    try:
        head, gap, note = body.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise BadNote("the request is no text in UTF-8") from None
    first, *proof = head.split("\n")
    word, _, old = first.partition(" ")
    if not gap or word != "old" or not is_decimal(old):
        raise BadNote("the request begins with the line `old <size>`, then proof lines, then an empty line")
    if len(proof) > LONGEST_PROOF:
        raise BadNote(f"the proof has {len(proof)} lines, expected at most {LONGEST_PROOF}")
    hashes = tuple(decoded(line) for line in proof)
    if any(len(one) != 32 for one in hashes):
        raise BadNote("each line of the proof holds 32 bytes")
    return AddCheckpoint(int(old), hashes, note.encode())


def is_decimal(text: str) -> bool:
    """Whether it is a size as C2SP writes one: ASCII digits, no leading zero."""
    return text.isascii() and text.isdecimal() and len(text) < 20 and str(int(text)) == text


def with_lines(note: bytes, lines: Sequence[str]) -> bytes:
    """The note with further signature lines below its own."""
    return note + "".join(f"{line}\n" for line in lines).encode()


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
