"""The log key: Ed25519, signs checkpoints. Its file is made on first use; in production it must be given."""

import os
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

from audit.errors import NoLogKey

ED25519 = b"\x01"  # C2SP signed-note algorithm byte


def log_key() -> Ed25519PrivateKey:
    """The private key of settings.LEDGER_KEY_FILE. Raises NoLogKey when it is missing (production) or unusable."""
    path = Path(settings.LEDGER_KEY_FILE)
    if not path.exists():
        if settings.PRODUCTION:
            raise NoLogKey(str(path), "is missing: make one with `openssl genpkey -algorithm ed25519`")
        _make(path)
    if path.stat().st_mode & 0o077:
        raise NoLogKey(str(path), "can be read by others: its mode must be 600")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise NoLogKey(str(path), "is not a PEM private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NoLogKey(str(path), f"is a {type(key).__name__}, not Ed25519")
    return key


def public_raw(key: Ed25519PublicKey) -> bytes:
    """The key as 32 bytes."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_pem(key: Ed25519PublicKey) -> bytes:
    """The key as openssl reads it."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_id(name: str, key: Ed25519PublicKey) -> bytes:
    """Four bytes that tell a verifier which key signed a note (C2SP signed-note)."""
    return sha256(name.encode() + b"\n" + ED25519 + public_raw(key)).digest()[:4]


def fingerprint(key: Ed25519PublicKey) -> str:
    """What is registered with a regulator beforehand: SHA-256 of the 32 key bytes, in hex."""
    return sha256(public_raw(key)).hexdigest()


def _make(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(0o600)
    draft.write_bytes(pem)
    try:
        os.link(draft, path)  # whoever comes second keeps the first one's key, whole
    except FileExistsError:
        pass
    finally:
        draft.unlink()
