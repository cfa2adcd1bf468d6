"""C2SP formats, written and read: signed note, tlog-checkpoint, tlog-proof (github.com/C2SP/C2SP). Pure."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.ed25519 import ED25519, key_id, public_raw
from audit.errors import BadNote

PROOF = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class SignedTree:
    """What a checkpoint says: the log's name, how large it is, and its root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"


def sign(tree: SignedTree, *keys: Ed25519PrivateKey) -> bytes:
    """The checkpoint as a signed note: three lines, an empty one, one signature line for each key. UTF-8."""
    text = tree.text()
    ids = [key_id(tree.origin, key.public_key()) for key in keys]
    signatures = [encoded(id_ + key.sign(text.encode())) for id_, key in zip(ids, keys, strict=True)]
    return (text + "\n" + "".join(f"— {tree.origin} {signature}\n" for signature in signatures)).encode()


def opened(note: bytes, origin: str, keys: Sequence[Ed25519PublicKey]) -> SignedTree:
    """What a checkpoint says, once one of its lines was signed by one of `keys` under the name `origin`.

    Lines of other keys do no harm; a false line of one of these does. Raises BadNote."""
    text, _, lines = note.decode(errors="replace").partition("\n\n")
    text += "\n"
    if not lines.endswith("\n"):
        raise BadNote("it doesn't end with a line of a signature")
    signed = [_signed(line, text, origin, key) for line in lines[:-1].split("\n") for key in keys]
    if not any(signed):
        ids = " or ".join(key_id(origin, key).hex() for key in keys) or "(none is known)"
        raise BadNote(f"no line was signed by key {ids} of {origin}")
    return _tree(text, origin)


def _tree(text: str, origin: str) -> SignedTree:
    parts = text.split("\n")
    if len(parts) != 4 or parts[0] != origin or not parts[1].isdecimal() or str(int(parts[1])) != parts[1]:
        raise BadNote("a checkpoint has three lines: origin, size, root")
    root = decoded(parts[2])
    if len(root) != 32:
        raise BadNote(f"the root has {len(root)} bytes, not 32")
    return SignedTree(origin, int(parts[1]), root)


def _signed(line: str, text: str, origin: str, key: Ed25519PublicKey) -> bool:
    parts = line.split(" ")
    if len(parts) != 3 or parts[:2] != ["—", origin]:
        return False
    signature = decoded(parts[2])
    if signature[:4] != key_id(origin, key):
        return False  # another key's line: rotation, or a witness
    try:
        key.verify(signature[4:], text.encode())
    except InvalidSignature:
        raise BadNote(f"the signature of {origin} is false") from None
    return True


def vkey(origin: str, key: Ed25519PublicKey) -> str:
    """The public key in the form that note verifiers take: name+id+key."""
    return f"{origin}+{key_id(origin, key).hex()}+{encoded(ED25519 + public_raw(key))}"


def proof(index: int, path: Sequence[bytes], checkpoint: bytes) -> bytes:
    """A tlog-proof: the leaf at `index` is in the tree of `checkpoint`."""
    lines = [PROOF, f"index {index}", *map(encoded, path), "", ""]
    return "\n".join(lines).encode() + checkpoint


def encoded(data: bytes) -> str:
    """Base64 as C2SP uses it."""
    return base64.b64encode(data).decode()


def decoded(text: str) -> bytes:
    """The bytes behind base64. Raises BadNote: one text for one value, so no unused bits and no other alphabet."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if encoded(data) != text:
        raise BadNote(f"{text[:60]!r} is not base64")
    return data
