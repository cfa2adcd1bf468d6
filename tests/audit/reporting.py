"""What the tests of reports share: material of entries that were never in a database, and the text of a PDF."""

import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID

import pikepdf

from audit.canonical import canon
from audit.naming import Person
from audit.reports import Material, StreamPart, render
from audit.selectors import EntryRow
from tests.plugins.lacking import lacks

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ZOE, LENA, TOM = (f"usr_{letter * 32}" for letter in "abc")
PEOPLE = {
    ZOE: Person("Zoë Müller", "Duty manager"),
    LENA: Person("Lena Vogt", "Head of data platform"),
    TOM: Person("Tom Saal", "Reliability engineer"),
}
ROOT = "4858e9f2d40a30b00ffe1c223e0592197af605aed1f8387b703aad48e6ee0d1d"
NOTE = "portal.example/evidence\n1\ncpnR96/E0PwHO06nuWzOQo2bvsQq1p3dL3GiUwnUItg=\n\n— portal.example/evidence DCy9q\n"


def row(seq: int, kind: str, actor: str = "sys_muster", /, *, at_s: float | None = None, **fields: object) -> EntryRow:
    """An entry, `at_s` seconds after START (its number, when not given)."""
    time = START + timedelta(seconds=seq if at_s is None else at_s)
    return EntryRow(seq, UUID(int=seq), time, kind, actor, fields, "0" * 64)  # type: ignore[arg-type]


def rows_of(*told: tuple) -> list[EntryRow]:
    """Entries from (kind, actor, fields) each, one second apart."""
    return [row(seq, kind, actor, **fields) for seq, (kind, actor, fields) in enumerate(told)]


def part(
    rows: Sequence[EntryRow], *, uid: str = "inc_1", title: str = "INC-1 Store is slow", **more: object
) -> StreamPart:
    lines = b"".join(canon({"seq": each.seq, "kind": each.kind}) + b"\n" for each in rows)
    head = canon({"v": 1, "stream": uid, "size": len(rows), "root": ROOT})
    told = {"size": len(rows), "root": ROOT, "entries_jsonl": lines, "head_json": head}
    return StreamPart(uid=uid, title=title, rows=rows, **{**told, **more})  # type: ignore[arg-type]


def material(rows: Sequence[EntryRow] = (), **more: object) -> Material:
    """What a report about an incident is made from."""
    told: dict = {
        "kind": "incident",
        "title": "INC-1 Store is slow",
        "made": START + timedelta(hours=3),
        "streams": [part(rows)],
        "people": PEOPLE,
        "checkpoint": NOTE.encode(),
        "origin": "portal.example/evidence",
        "checkpoint_size": 1,
        "keys": ["21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9"],
    }
    return Material(**{**told, **more})


def pdf_of(made: Material, **how: str) -> bytes:
    """The report in one volume."""
    (found,) = render(made, **how)  # type: ignore[arg-type]
    return found


def text_of(pdf: bytes) -> str:
    """What a reader sees, line breaks as blanks."""
    program = shutil.which("pdftotext") or lacks("pdftotext", "apt-get install poppler-utils")
    done = subprocess.run([program, "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def everything_in(pdf: bytes) -> bytes:
    """Every byte that is in a PDF in some form: raw, each stream decompressed, and every string of every object."""
    found = [pdf]
    with pikepdf.open(BytesIO(pdf)) as opened:
        for each in opened.objects:
            if isinstance(each, pikepdf.Stream):
                found.append(each.read_bytes())
            found.append(_strings(each))
    return b"\n".join(found)


def _strings(found: object, depth: int = 0) -> bytes:
    if isinstance(found, pikepdf.String):
        return str(found).encode() + b"\n" + bytes(found) + b"\n"
    if depth and getattr(found, "is_indirect", False):  # it is visited by itself
        return b""
    if isinstance(found, pikepdf.Array):
        return b"".join(_strings(each, depth + 1) for each in found)
    if isinstance(found, pikepdf.Dictionary):
        return b"".join(_strings(each, depth + 1) for each in found.values())
    return b""
