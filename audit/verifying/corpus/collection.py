"""The corpus: sound packs, damaged ones, every flipped byte, and the few changes that nothing attests."""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

from audit.packs.bundle import verify
from audit.verifying.corpus import container, content, forgery
from audit.verifying.corpus.cases import Case, L, Outcome, Subject, changed, resealed, swap
from audit.verifying.sample import sample

UNATTESTED = (
    "the reader learns it from the pack alone: only the organisation's signature, the time stamp and the pinned "
    "SHA-256 of the tagmanifest stand for it"
)


def subject_of(pack: Path | None = None, vkey: str = "") -> Subject:
    """What is to be damaged: a real pack, with its log's key as the reader has it, or our sample."""
    if pack is None:
        made = sample()
        return Subject(made.files, made.top, made.vkey, made.key, tuple(made.streams))
    files = {path: part.whole(path) for path, part in verify.files_of_zip(pack).items()}
    known = vkey or files["keys/log.vkey"].decode().splitlines()[0]
    with pack.open("rb") as file:
        top = file.read(300)[30:].split(b"/")[0].decode()
    return Subject(files, top, known)


def sound(subject: Subject) -> Iterator[Case]:
    """What every verifier must accept."""
    yield Case("sound", subject.zip(), outcome=Outcome.HOLDS)
    yield Case("sound, sealed again", subject.zip(resealed(subject.files)), outcome=Outcome.HOLDS)


def damaged(subject: Subject) -> Iterator[Case]:
    """Every structural attack."""
    yield from container.cases(subject)
    yield from content.cases(subject)
    if subject.key:
        yield from forgery.cases(subject)


def harmless(subject: Subject) -> Iterator[Case]:
    """What can be changed without being noticed by whoever has only the log's key, and why it does no harm."""
    edits = [
        ("keys/witnesses.vkey taken away", {p: d for p, d in subject.files.items() if p != "keys/witnesses.vkey"}),
        ("no word of earlier packs", _edited(subject.files, f"{L}previous.json", b"[]")),
        ("another reason for withholding", _swapped(subject.files, f"{L}redactions.jsonl", b"Art. 23", b"Art. 99")),
        ("another name for an actor id", _swapped(subject.files, "data/people.json", b"M", b"N")),
        ("another report", _swapped(subject.files, "data/report.pdf", b"stands", b"stood!")),
        ("another form", _swapped(subject.files, "data/forms/initial.json", b"initial", b"final")),
        ("other instructions", _swapped(subject.files, "VERIFY.txt", b"How", b"Why")),
        ("another kind of pack", _swapped(subject.files, "bag-info.txt", b"incident", b"approval")),
        ("a cosignature taken away", {p: d for p, d in subject.files.items() if not p.endswith(".witnessed")}),
    ]
    for name, files in edits:
        if files is not None and files != dict(subject.files):
            yield Case(f"unattested: {name}", subject.zip(resealed(files)), outcome=Outcome.HOLDS, why=UNATTESTED)


def _edited(files: Mapping[str, bytes], path: str, data: bytes) -> dict[str, bytes]:
    return {**files, path: data}


def _swapped(files: Mapping[str, bytes], path: str, old: bytes, new: bytes) -> dict[str, bytes] | None:
    return changed(files, path, swap(old, new)) if old in files.get(path, b"") else None


def flipped(subject: Subject, most: int | None = None, seed: int | None = None) -> Iterator[Case]:
    """The pack with one byte of its zip flipped: each, or `most` chosen at random (a seed makes them the same)."""
    good = subject.zip()
    chooser = random.Random(seed)  # noqa: S311 - chooses places, no secrets
    places = range(len(good)) if most is None or most >= len(good) else sorted(chooser.sample(range(len(good)), most))
    for place in places:
        bit = chooser.randrange(8)
        data = good[:place] + bytes([good[place] ^ 1 << bit]) + good[place + 1 :]
        yield Case(f"byte {place}, bit {bit}", data, "^zip")
