"""Ed25519 keys of logs: their identity, their forms, and the file that holds a private one. Pure: no Django.

The signer runs as a process of its own, without the portal's settings; this is what both share.
"""

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

from audit.errors import NoLogKey

ED25519 = b"\x01"  # C2SP signed-note algorithm byte


def read_private(path: Path) -> Ed25519PrivateKey:
    """The private key in a PEM file that only its owner can read. Raises NoLogKey."""
    try:
        mode, pem = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError:
        raise NoLogKey(str(path), "is missing: make one with `openssl genpkey -algorithm ed25519`") from None
    except OSError as error:
        raise NoLogKey(str(path), f"can't be read: {error.strerror}") from error
    if mode & 0o077:
        raise NoLogKey(str(path), "can be read by others: its mode must be 600")
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:  # TypeError: it is encrypted
        raise NoLogKey(str(path), "is not a PEM private key without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NoLogKey(str(path), f"is a {type(key).__name__}, not Ed25519")
    return key


def make_private(path: Path) -> None:
    """Put a new private key there, for its owner alone. Two at once: whoever comes second keeps the first one's."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(0o600)
    with draft.open("wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


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
