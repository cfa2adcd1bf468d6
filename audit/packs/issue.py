"""Issuing a pack: verify the stream, sign a checkpoint over it, seal the bag, and record that it was handed out."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from audit import checkpoints, keys, ledger, naming, notes
from audit.canonical import Json
from audit.errors import BrokenStream, NoSuchStream, NothingToPack
from audit.ledger import Actor
from audit.models import Checkpoint, Pack, Stream
from audit.packs.bag import TAGMANIFEST, bagged
from audit.packs.container import zipped
from audit.packs.contents import Contents, Withheld, gather, ledger_files
from audit.packs.report import report_html
from audit.verify import verify_stream
from plumbing import clock
from plumbing.database import atomic

BUNDLE = Path(__file__).parent / "bundle"


@dataclass(frozen=True, slots=True)
class IssuedPack:
    """A sealed pack, and what was recorded about it."""

    uid: UUID
    stream: str
    size: int
    root: str
    tagmanifest_sha256: str
    zip_sha256: str
    content: bytes

    @property
    def name(self) -> str:
        """File name of the zip."""
        return f"{top_folder(self.stream, self.size)}.zip"


def build_pack(stream_uid: str, *, actor: Actor, withheld: Withheld | None = None) -> IssuedPack:
    """Make an evidence pack of a stream as it is now, and record pack.issued in the stream `portal`.

    withheld: {(seq, field): reason}, openly listed in the pack. Call it outside a transaction: it may take seconds.
    Raises NoSuchStream, NothingToPack, BrokenStream, BadRedaction, Forked, NoLogKey."""
    stream, checkpoint = _signed(stream_uid)
    title = naming.labels([stream_uid])[stream_uid].title
    contents = gather(stream, checkpoint, made=clock.now(), title=title, withheld=withheld or {})
    files = sealed(contents, keys.log_key().public_key())
    top = top_folder(stream_uid, contents.head.size)
    content = zipped({f"{top}/{path}": data for path, data in files.items()})
    return _recorded(contents, files[TAGMANIFEST], content, actor)


def _signed(stream_uid: str) -> tuple[Stream, Checkpoint]:
    """The stream, found whole, and a checkpoint that covers it."""
    stream = Stream.objects.filter(uid=stream_uid).first()
    if stream is None:
        raise NoSuchStream(stream_uid)
    verdict = verify_stream(stream_uid)
    if not verdict.ok:
        raise BrokenStream(verdict.sentence)
    checkpoint = checkpoints.checkpoint()
    if checkpoint is None or verdict.size == 0:
        raise NothingToPack(stream_uid)
    return stream, checkpoint


def sealed(contents: Contents, key: Ed25519PublicKey) -> dict[str, bytes]:
    """All files of the pack by path. The same contents give the same bytes."""
    origin, fingerprint = settings.LEDGER_ORIGIN, keys.fingerprint(key)
    explained = (BUNDLE / "VERIFY.txt").read_text().format(fingerprint=fingerprint)
    tags = {
        "VERIFY.txt": explained.encode(),
        "verify/verify.py": (BUNDLE / "verify.py").read_bytes(),
        "verify/verify.sh": (BUNDLE / "verify.sh").read_bytes(),
        "keys/log.pub.pem": keys.public_pem(key),
        "keys/log.vkey": f"{notes.vkey(origin, key)}\n".encode(),
    }
    payload = {**ledger_files(contents), "report.html": report_html(contents, fingerprint=fingerprint, origin=origin)}
    return bagged(payload, tags, _info(contents))


def top_folder(stream_uid: str, size: int) -> str:
    """Name of the one folder in the zip."""
    return f"evidence-{stream_uid}-{size}"


def _info(contents: Contents) -> Mapping[str, str]:
    return {
        "Bag-Software-Agent": "Muster",
        "Bagging-Date": f"{contents.made:%Y-%m-%d}",
        "External-Identifier": contents.stream.uid,
        "External-Description": " ".join(contents.title.split()),
    }


def _recorded(contents: Contents, tagmanifest: bytes, content: bytes, actor: Actor) -> IssuedPack:
    stream, size, root = contents.stream, contents.head.size, bytes(contents.head.root)
    sealed_as, zipped_as = sha256(tagmanifest).hexdigest(), sha256(content).hexdigest()
    told: dict[str, Json] = {
        "stream": stream.uid,
        "size": size,
        "root": root.hex(),
        "tagmanifest_sha256": sealed_as,
        "zip_sha256": zipped_as,
        "withheld": len(contents.withheld),
    }
    with atomic():
        uid = ledger.record("portal", "pack.issued", actor, told).uid
        Pack.objects.create(
            uid=uid, stream=stream, size=size, root=root, tagmanifest_sha256=sealed_as, zip_sha256=zipped_as
        )
    return IssuedPack(uid, stream.uid, size, root.hex(), sealed_as, zipped_as, content)
