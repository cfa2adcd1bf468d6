"""Seals short texts that the database keeps: AES-256-GCM, bound to the record they stand in, keys outside the database.

Needed by catalog (addresses at which people are reached) and whatever room keeps a secret next. A sealed text reads
`v1.<key>.<nonce and ciphertext>`; `<key>` is a fingerprint, so that several keys can be in use while one is replaced.
Keys: MUSTER_SEALING_KEYS, or the file MUSTER_SEALING_KEYS_FILE; the first one seals, all of them open.
"""

import base64
import binascii
import os
import secrets
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from plumbing.errors import MusterError

VERSION = "v1"
KEY_BYTES, NONCE_BYTES, FINGERPRINT = 32, 12, 8
MAKE_ONE = "`openssl rand -base64 32` makes one"


class SealingRefused(MusterError):
    """A text can't be sealed or opened: a key is missing, or the text was altered or moved. str() never holds it."""

    code = "sealing_refused"
    status = 503

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return self.why


def seal(text: str, record: str) -> str:
    """The text, sealed for the record with this name (kind and uid). Raises SealingRefused when there is no key."""
    name, key = next(iter(_keys().items()))
    nonce = os.urandom(NONCE_BYTES)
    return f"{VERSION}.{name}.{_packed(nonce + AESGCM(key).encrypt(nonce, text.encode(), _bound(name, record)))}"


def unseal(sealed: str, record: str) -> str:
    """The text that was sealed for this record. Raises SealingRefused."""
    version, _, rest = sealed.partition(".")
    name, _, packed = rest.partition(".")
    if version != VERSION:
        raise SealingRefused(f"A sealed text begins with {VERSION}; this one doesn't: it was altered.")
    keys = _keys()
    if name not in keys:
        have = ", ".join(keys)
        raise SealingRefused(f"A text is sealed with the key {name}, but the keys here are {have}: add it again.")
    try:
        raw = base64.urlsafe_b64decode(packed)
        return AESGCM(keys[name]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(name, record)).decode()
    except (InvalidTag, ValueError):
        raise SealingRefused("A sealed text doesn't open: it was altered, or belongs to another record.") from None


def is_fresh(sealed: str) -> bool:
    """Whether the text is sealed with the key that seals now."""
    return sealed.startswith(f"{VERSION}.{next(iter(_keys()))}.")


def check() -> None:
    """Raises SealingRefused when a key that was given is none. Says nothing where none is given yet."""
    if settings.SEALING_KEYS or Path(settings.SEALING_KEYS_FILE).exists():
        _keys()


def fingerprint(key: bytes) -> str:
    """What a key is called where it was used."""
    return sha256(b"muster sealing key" + key).hexdigest()[:FINGERPRINT]


def _keys() -> dict[str, bytes]:
    """Fingerprint -> key, the one that seals first. Never empty."""
    if settings.SEALING_KEYS:
        return _parsed(settings.SEALING_KEYS, "MUSTER_SEALING_KEYS")
    path = Path(settings.SEALING_KEYS_FILE)
    if not path.exists():
        if settings.PRODUCTION:
            raise SealingRefused(f"There is no sealing key: set MUSTER_SEALING_KEYS ({MAKE_ONE}), and keep a copy.")
        _make(path)
    if path.stat().st_mode & 0o077:
        raise SealingRefused(f"The sealing keys {path} can be read by others: their mode must be 600.")
    return _parsed(path.read_text().split(), str(path))


def _parsed(texts: Iterable[str], where: str) -> dict[str, bytes]:
    found = {}
    for place, text in enumerate(texts, 1):
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise SealingRefused(f"Key {place} of {where} is not {KEY_BYTES} bytes in base64: {MAKE_ONE}.")
        found[fingerprint(key)] = key
    if not found:
        raise SealingRefused(f"There is no key in {where}: {MAKE_ONE}.")
    return found


def _bound(name: str, record: str) -> bytes:
    return f"muster {VERSION} {name} {record}".encode()


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _make(path: Path) -> None:
    """A first key for a demo. Whoever comes second keeps the first one's, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(0o600)
    draft.write_text(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
