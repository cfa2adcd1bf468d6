"""Checking a pack that somebody brought: by the very functions of verify.py, with the keys that this portal knows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path

from asn1crypto import x509
from django.conf import settings

from audit import keys, ledger
from audit.canonical import Json
from audit.ed25519 import public_raw
from audit.errors import LedgerError
from audit.ledger import Actor
from audit.packs.bundle import verify
from audit.packs.bundle.verify import Failed, Given, Key, Result, Stream
from audit.packs.errors import BadCertificate
from audit.packs.organisation import organisation
from audit.trust import origins
from audit.trust.stamps import tokens
from audit.verifying.errors import BadKeys
from audit.verifying.seals import check_seals
from plumbing import clock
from plumbing.database import atomic

PORTAL = "portal"
OWN = "this portal's own key"
BROKEN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
)  # of a file that is no pack at all
LONGEST_TOLD = 500  # characters of a message in the ledger


@dataclass(frozen=True)
class Asked:
    """What the reader brought along. keys: PEM, vkeys, fingerprints; trust: PEM certificates; both may be empty."""

    name: str
    keys: str = ""
    trust: str = ""
    tagmanifest: str = ""


@dataclass(frozen=True)
class Checked:
    """The result of a check. `sentence` is what every verifier says, without "FAILED: "."""

    name: str
    zip_sha256: str
    holds: bool
    sentence: str
    place: str = ""  # of the first thing that doesn't hold
    vouched: str = ""  # whose key it is: empty when only the pack says so
    tagmanifest: str = ""
    format: int = 0
    origin: str = ""
    fingerprint: str = ""
    heads: int = 0
    streams: list[Stream] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """How it is shown: done, late (nobody vouches for its key), failed."""
        return ("done" if self.vouched else "late") if self.holds else "failed"


def check_pack(pack: bytes | Path, asked: Asked) -> Checked:
    """Everything about a pack, zipped, in memory or in a file. Never raises for what is in it.

    Raises BadKeys when the reader's keys or certificates are none."""
    given, roots = _given(asked), _roots(asked)
    digest = _digest(pack)
    try:
        files = verify.files_of_zip(pack)
        result, vouched = _examined(files, given, asked.tagmanifest or None)
        is_foreign = vouched != OWN and not asked.trust.strip()
        notes = [*result.notes, *check_seals(files, roots, clock.now(), is_foreign=is_foreign)]
    except Failed as failed:
        return Checked(asked.name, digest, False, str(failed), failed.place)
    except BROKEN as error:
        return Checked(asked.name, digest, False, f"zip: isn't formed as a pack ({type(error).__name__})", "zip")
    return Checked(
        name=asked.name,
        zip_sha256=digest,
        holds=True,
        sentence=result.sentence,
        vouched=vouched,
        tagmanifest=result.tagmanifest,
        format=result.format,
        origin=result.origin,
        fingerprint=result.key.fingerprint,
        heads=result.heads,
        streams=result.streams,
        notes=notes,
    )


def check(pack: bytes | Path, asked: Asked, *, actor: Actor) -> Checked:
    """check_pack(), and put on record who checked which pack, with what result. Raises BadKeys."""
    checked = check_pack(pack, asked)
    told: dict[str, Json] = {
        "name": asked.name[:200],
        "zip_sha256": checked.zip_sha256,
        "stream": checked.streams[0].uid if checked.streams else "",
        "holds": checked.holds,
        "is_vouched": bool(checked.vouched),
        "result": checked.sentence[:LONGEST_TOLD],
    }
    with atomic():
        ledger.record(PORTAL, "pack.verified", actor, told)
    return checked


def _examined(files: verify.Files, given: Given, tagmanifest: str | None) -> tuple[Result, str]:
    """The result, and whose key it was: the reader's, or one that this portal knows."""
    if given:
        return verify.examine(files, given, tagmanifest), "the key you gave"
    told = verify.keys_of_pack(files)
    for known, whose in ((known_keys(), OWN), (trusted_logs(), "a log that this portal trusts")):
        if any(map(Given(tuple(known)).has, told)):
            return verify.examine(files, Given(tuple(known)), tagmanifest), whose
    return verify.examine(files, None, tagmanifest), ""


def known_keys() -> list[Key]:
    """The log keys of this portal, under every origin it had."""
    try:
        found = [one for epoch in origins.epochs() for one in keys.log_keys(epoch.origin)]
    except LedgerError:  # the signer is away, or there is no key yet: nothing is known, and the page says so
        return []
    return [Key(one.origin, public_raw(one.public)) for one in found]


def trusted_logs() -> list[Key]:
    """The keys of other installations that the operator decided to trust (MUSTER_TRUSTED_LOGS). Raises BadKeys."""
    try:
        return [verify.key_of_vkey(vkey, "MUSTER_TRUSTED_LOGS") for vkey in settings.TRUSTED_LOGS]
    except Failed as failed:
        raise BadKeys("keys", f"{failed}.") from failed


def _given(asked: Asked) -> Given:
    try:
        return verify.given_of(asked.keys, "The key") if asked.keys.strip() else Given()
    except Failed as failed:
        raise BadKeys("keys", f"{failed}.") from failed


def _roots(asked: Asked) -> Sequence[x509.Certificate]:
    """Certificates that the reader trusts, or else those that this portal does."""
    text = asked.trust.encode()
    if not text.strip():
        path = Path(settings.TSA_TRUST)
        text = path.read_bytes() if settings.TSA_TRUST and path.is_file() else b""
        text += _own_anchor()
    if not text.strip():
        return []
    try:
        return tokens.read_roots(text)
    except ValueError as error:
        raise BadKeys("trust", f"These are no certificates in PEM: {error}.") from error


def _own_anchor() -> bytes:
    """What the signature of this portal's own organisation leads to, PEM; empty where it signs nothing."""
    try:
        by = organisation()
    except BadCertificate:  # packs stop for it, and `check --deploy` says so: packs are checked all the same
        return b""
    return b"\n" + by.anchors_pem if by else b""


def _digest(pack: bytes | Path) -> str:
    if isinstance(pack, bytes):
        return sha256(pack).hexdigest()
    with pack.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
