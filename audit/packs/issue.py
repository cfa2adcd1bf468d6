"""Issuing a pack: verify the streams, sign a checkpoint over them, seal the bag and sign it, and record all that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings

from audit import checkpoints, keys, ledger
from audit.canonical import Json
from audit.errors import BrokenStream, NoSuchStream, NothingToPack
from audit.extracts import Extract, parts_of, people_in, sizes_of
from audit.files import store
from audit.files.attaching import Named, files_in
from audit.ledger import Actor
from audit.models import Checkpoint, Pack, PackKind, PackPart, Stream
from audit.packs import keeping, overtaken
from audit.packs.bag import TAGMANIFEST, Content
from audit.packs.container import write_zip
from audit.packs.contents import payload_of
from audit.packs.errors import ErasedMeanwhile, FileMissing
from audit.packs.orders import Order, order_of
from audit.packs.organisation import Organisation, organisation
from audit.packs.overtaken import Reading
from audit.packs.providers import provided
from audit.packs.seal import Keys, sealed
from audit.redaction.sets import Basis, basis_for
from audit.redaction.withholding import people_shown, title_shown
from audit.reports import Proof, material_of, render
from audit.trust import attesting, stamps
from audit.trust.attesting import Attestations
from audit.verify import verify_stream
from plumbing import clock
from plumbing.database import atomic
from plumbing.failpoints import fail_here

MOST_BEGUN = 3  # times, when erasures overtake it
MOST_NAMED = 200  # further streams in the entry pack.issued, which must stay small; ledger_pack_part has all

Tell = Callable[[str, int], None]  # what is being done now, and how much of all is done, in per cent


@dataclass(frozen=True, slots=True)
class IssuedPack:
    """A sealed pack, and what was recorded about it."""

    uid: UUID
    name: str  # of the zip, when it is downloaded
    stream: str
    size: int
    root: str
    tagmanifest_sha256: str
    zip_sha256: str
    path: Path

    @property
    def content(self) -> bytes:
        """The zip, whole."""
        return self.path.read_bytes()


def build_pack(stream_uid: str, *, actor: Actor, withheld: Mapping[tuple[int, str], str] | None = None) -> IssuedPack:
    """Make an evidence pack of one stream as it is now: issue() in short."""
    return issue(order_of(stream_uid, withheld), actor=actor)


def issue(
    order: Order, *, actor: Actor, tell: Tell = lambda *_: None, then: Callable[[Pack, int], None] = lambda *_: None
) -> IssuedPack:
    """Make a pack, keep it by its digest, and record pack.issued in the stream `portal`.

    Whatever is withheld is openly listed in the pack. Call it outside a transaction: it may take seconds. When an
    erasure overtakes it, it is made anew. then: what else belongs into the transaction that records it; gets the
    pack's row and the size of its file.
    Raises NoSuchStream, NothingToPack, BrokenStream, BadRedaction, Forked, NoLogKey, SignerAway, PackTooLarge,
    BadCertificate, NotStamped, ErasedMeanwhile."""
    for begun in range(1, MOST_BEGUN + 1):
        try:
            return _made(order, actor, tell, then)
        except ErasedMeanwhile:
            if begun == MOST_BEGUN:
                raise
    raise AssertionError("unreachable")


def _made(order: Order, actor: Actor, tell: Tell, then: Callable[[Pack, int], None]) -> IssuedPack:
    reading = overtaken.begin(order.streams)
    streams = _whole(order, tell)
    tell("Signing a checkpoint", 30)
    checkpoint = checkpoints.checkpoint()
    if checkpoint is None:
        raise NothingToPack(order.streams[0])
    tell("Reading entries", 35)
    extract, basis = extract_of(order, streams, checkpoint)
    tell("Writing the report", 50)
    files = packed(extract, order, basis)
    tell("Writing the zip", 85)
    top = top_folder(extract)
    with keeping.draft() as file:
        write_zip(file, {f"{top}/{path}": content for path, content in files.items()})
        size = file.tell()
        digest = keeping.keep(file)
        fail_here("pack_kept")
        tagmanifest = files[TAGMANIFEST]
        assert isinstance(tagmanifest, bytes)
        try:  # before the lock of the file goes: until it is recorded it is a stray one
            sealed_as = sha256(tagmanifest).hexdigest()
            return _recorded(extract, reading, sealed_as, digest, actor, lambda pack: then(pack, size))
        except Exception:
            if not Pack.objects.filter(zip_sha256=digest).exists():
                keeping.forget(digest)  # nobody will ever ask for it
            raise


def _whole(order: Order, tell: Tell) -> list[Stream]:
    """The streams, each found whole."""
    streams = []
    for number, uid in enumerate(order.streams):
        tell(f"Verifying {uid}"[:80], 1 + 29 * number // len(order.streams))
        stream = Stream.objects.filter(uid=uid).first()
        if stream is None:
            raise NoSuchStream(uid)
        verdict = verify_stream(uid)
        if not verdict.ok:
            raise BrokenStream(verdict.sentence)
        if verdict.size == 0:
            raise NothingToPack(uid)
        streams.append(stream)
    return streams


def extract_of(order: Order, streams: list[Stream], checkpoint: Checkpoint) -> tuple[Extract, Basis]:
    """What of these streams goes into the pack, and on what its redactions rest."""
    basis = basis_for(sizes_of(streams, checkpoint), order.audience, order.redaction)
    withheld = {**basis.withheld, **order.withheld}
    parts = parts_of(streams, checkpoint, withheld=withheld, leave=order.leave)
    known, title = people_in(parts), order.title()
    if basis.profile:
        known = people_shown(known, basis.profile)
    named = tuple(replace(part, title=title_shown(part.stream.uid, basis.profile, withheld)) for part in parts)
    if order.kind != PackKind.PERIOD and (basis.profile or named[0].title != parts[0].title):
        title = named[0].title
    parts = named
    extract = Extract(
        kind=order.kind,
        subject=order.subject,
        title=title,
        parts=parts,
        checkpoint=checkpoint,
        people=known,
        made=clock.now(),
        audience=order.audience,
        since=order.since,
        until=order.until,
        withheld=withheld,
    )
    return extract, basis


def packed(extract: Extract, order: Order, basis: Basis) -> dict[str, Content]:
    """All files of the pack by path, with the signatures over it. Raises BadCertificate, NotStamped."""
    by, attest = organisation(), attesting.attestations(extract.checkpoint, ask=True)
    payload = payload_of(extract) | _attestations(attest)
    rooms: dict[str, Content] = {}
    for part in extract.parts:
        more = provided(part.stream.uid, part.shown)
        rooms |= {path: content for path, content in more.items() if basis.shows_file(path)}
    attached = [each for part in extract.parts for each in files_in(part.shown)]
    payload |= rooms | _files(attached)
    valid = keys.valid_at(extract.checkpoint.size)
    proof = Proof(
        origin=valid[-1].origin,
        keys=[key.fingerprint for key in valid],
        stamped=attest.gen_time,
        certificate=f"{by.name}, SHA-256 {by.fingerprint}" if by else "",
        witnesses=attest.witnesses,
    )
    in_memory = {path: content for path, content in rooms.items() if isinstance(content, bytes)}
    material = material_of(
        extract, proof, files=in_memory, attachments=[(each.name, each.size, each.sha256) for each in attached]
    )
    report = render(material, language=order.language, paper=order.paper, zone=order.zone)
    for number, pdf in enumerate(report, 1):
        payload["report.pdf" if number == 1 else f"report-{number}.pdf"] = _signed_pdf(pdf, by) if by else pdf
    return _signed(sealed(extract, payload, _keys(valid, by)), by)


def _files(attached: Sequence[Named]) -> dict[str, Content]:
    for each in attached:
        if not store.path_of(each.sha256).is_file():
            raise FileMissing(each.sha256)
    return {f"files/{each.sha256}": store.path_of(each.sha256) for each in attached}


def _attestations(attest: Attestations) -> dict[str, Content]:
    found = {"ledger/checkpoint.tsr": attest.tsr, "ledger/checkpoint.witnessed": attest.witnessed}
    return {path: content for path, content in found.items() if content}


def _keys(valid: Sequence[keys.LogKey], by: Organisation | None) -> Keys:
    newest = valid[-1]
    anchors = stamps.trust_pem() + (by.anchors_pem if by else b"")
    witnesses = [each.partition(" ")[2].strip() for each in settings.WITNESSES]  # "https://… name+id+key"
    return Keys(keys.public_pem(newest.public), newest.fingerprint, [key.vkey for key in valid], anchors, witnesses)


def _signed_pdf(pdf: bytes, by: Organisation) -> bytes:
    from audit.packs.signatures import pades  # pyHanko: half of the time that a process takes to start

    return pades(pdf, by)


def _signed(files: dict[str, Content], by: Organisation | None) -> dict[str, Content]:
    """With what the tagmanifest can't list: the signature over it, and a time stamp."""
    tagmanifest = files[TAGMANIFEST]
    assert isinstance(tagmanifest, bytes)
    if by:
        from audit.packs.signatures import cades  # as above

        files[f"{TAGMANIFEST}.p7s"] = cades(tagmanifest, by)
    if token := stamps.token_for(tagmanifest):
        files[f"{TAGMANIFEST}.tsr"] = token.response
    return files


def top_folder(extract: Extract) -> str:
    """Name of the one folder in the zip."""
    stream, size = extract.main.stream.uid, extract.main.head.size
    is_whole = extract.kind in (PackKind.INCIDENT, PackKind.RUNBOOK, PackKind.STREAM)
    return f"evidence-{stream}-{size}" if is_whole else f"evidence-{extract.kind}-{stream}-{size}"


def _recorded(
    extract: Extract, reading: Reading, sealed_as: str, zipped_as: str, actor: Actor, then: Callable[[Pack], None]
) -> IssuedPack:
    stream, size, root = extract.main.stream, extract.main.head.size, bytes(extract.main.head.root)
    uid = uuid4()
    with atomic():
        pack = Pack.objects.create(
            uid=uid, stream=stream, size=size, root=root, tagmanifest_sha256=sealed_as, zip_sha256=zipped_as
        )
        PackPart.objects.bulk_create(
            PackPart(pack=pack, stream=part.stream, size=part.head.size, root=bytes(part.head.root))
            for part in extract.parts[1:]
        )
        then(pack)
        overtaken.check(reading, pack, extract.people)
        ledger.record("portal", "pack.issued", actor, _told(extract, sealed_as, zipped_as), idem=uid)
    name, path = f"{top_folder(extract)}.zip", keeping.path_of(zipped_as)
    return IssuedPack(uid, name, stream.uid, size, root.hex(), sealed_as, zipped_as, path)


def _told(extract: Extract, sealed_as: str, zipped_as: str) -> dict[str, Json]:
    """What the entry pack.issued says."""
    stream, head = extract.main.stream, extract.main.head
    told: dict[str, Json] = {
        "kind": extract.kind,
        "stream": stream.uid,
        "size": head.size,
        "root": bytes(head.root).hex(),
        "tagmanifest_sha256": sealed_as,
        "zip_sha256": zipped_as,
        "withheld": len(extract.withheld),
    }
    if extract.audience:
        told["audience"] = extract.audience
    if extract.subject and extract.subject != stream.uid:
        told["subject"] = extract.subject
    if further := [part.stream.uid for part in extract.parts[1:]]:
        told["streams"] = [*further[:MOST_NAMED]]
    return told
