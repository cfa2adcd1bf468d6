"""Attacks on the zip: what other programs would unpack differently, or not notice."""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO

from audit.verifying.corpus.cases import Case, Subject

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def cases(subject: Subject) -> Iterator[Case]:
    """Tricks with the container; the files in it may all be right."""
    good = subject.zip()
    yield from _edges(good)
    yield from _headers(good)
    yield from _names(subject)
    yield from _by_other_tools(subject)


def _edges(good: bytes) -> Iterator[Case]:
    end = len(good) - 22
    yield Case("zip: nothing in it", b"", "zip byte 0")
    yield Case("zip: not a zip", b"%PDF-1.7 this is something else", "zip byte 0")
    yield Case("zip: no files", END + bytes(18), "zip byte")
    yield Case("zip: something before it", b"#!/bin/sh\nexit\n" + good, "zip byte 0")
    yield Case("zip: something after it", good + b"more", f"zip byte {len(good)}")
    yield Case("zip: a comment", good[:-2] + b"\x05\x00hello", f"zip byte {len(good) - 2}")
    yield Case("zip: another zip after it", good + good, f"zip byte {len(good)}")
    yield Case("zip: the last byte cut off", good[:-1], f"zip byte {len(good) - 1}")
    yield Case("zip: the end record cut off", good[:end], f"zip byte {end}")
    yield Case("zip: cut in the middle", good[: len(good) // 2], "zip byte .*: the file ends before its content does")
    yield Case("zip: cut in a header", good[: good.index(LOCAL, 40) + 11], "zip byte .*: the file ends here")
    directory = good.index(CENTRAL)
    yield Case(
        "zip: a directory entry left out", good[:directory] + good[good.index(CENTRAL, directory + 4) :], "zip byte"
    )
    zip64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, end - directory, directory)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    yield Case(
        "zip: zip64 records", good[:end] + zip64 + locator + good[end:], r"zip byte \d+: found .*directory of the zip"
    )
    link = bytearray(good)
    struct.pack_into("<I", link, directory + 38, 0o120777 << 16)
    yield Case("zip: a file marked as a link", bytes(link), f"zip byte {directory + 40}: found")
    overlap = bytearray(good)
    struct.pack_into("<I", overlap, good.index(CENTRAL, directory + 4) + 42, 0)
    yield Case("zip: two entries, one content", bytes(overlap), "zip byte .*directory of the zip")


def _headers(good: bytes) -> Iterator[Case]:
    """One field of the second file's header is another."""
    at = good.index(LOCAL, 40)
    fields = [
        ("a newer version", 4, 2, 45, "the version is 45, expected 20"),
        ("marked as encrypted", 6, 2, 1, "the flags is 1, expected 0"),
        ("sizes told later", 6, 2, 8, "the flags is 8"),
        ("marked as compressed", 8, 2, 8, "the compression is 8, expected 0"),
        ("a time of day", 10, 2, 7, "the time is 7"),
        ("another date", 12, 2, 34, "the date is 34"),
        ("a wrong CRC-32", 14, 4, 7, "content and CRC-32 differ"),
        ("a wrong compressed size", 18, 4, 7, "its compressed size is 7"),
        ("a size of 4 GB", 22, 4, 0xFFFFFFFF, "expected 4294967295"),
        ("extra data announced", 28, 2, 4, "the length of the extra data is 4"),
        ("a name of 64 kB", 26, 2, 0xFFFF, "is not a path that a pack may hold"),
    ]
    for what, offset, width, value, said in fields:
        bad = bytearray(good)
        bad[at + offset : at + offset + width] = value.to_bytes(width, "little")
        yield Case(f"zip header: {what}", bytes(bad), f"zip byte {at}, .*{said}")


def _names(subject: Subject) -> Iterator[Case]:
    names = [
        ("a way up", b"../../etc/cron.d/x"),
        ("a way up inside", b"evidence/../../x"),
        ("an absolute path", b"/etc/passwd"),
        ("a drive letter", b"C:x"),
        ("backslashes", b"evidence\\..\\x"),
        ("a NUL", b"evidence/a\0.txt"),
        ("a newline", b"evidence/a\nb"),
        ("another script's letters", "evidence/\u202eгpdf".encode()),
        ("no name", b""),
        ("a hidden file", b"evidence/.htaccess"),
        ("a folder", b"evidence/x/"),
        ("a double slash", b"evidence//x"),
        ("a very long name", b"a" * 5000),
    ]
    for what, name in names:
        yield Case(f"zip name: {what}", _stored({name: b"x"}), "zip byte 0, .*: is not a path that a pack may hold")
    files = [(f"{subject.top}/{path}".encode(), data) for path, data in sorted(subject.files.items())]
    yield Case(
        "zip name: one file twice",
        _stored([*files[:2], files[1], *files[2:]]),
        f"{files[1][0].decode()}: is there twice",
    )
    yield Case(
        "zip name: not in order", _stored([files[1], files[0], *files[2:]]), f"{files[0][0].decode()}: is not in order"
    )
    yield Case("zip name: a second folder", _stored([*files, (b"zzz/x", b"x")]), "zip: must hold one folder")
    yield Case("zip name: a file beside the folder", _stored([*files, (b"zzz", b"x")]), "zip: must hold one folder")


def _stored(files: Mapping[bytes, bytes] | list[tuple[bytes, bytes]]) -> bytes:
    """A zip as Muster writes it, whatever the names are."""
    body, directory = b"", b""
    found = list(files.items()) if isinstance(files, Mapping) else files
    for name, content in found:
        sizes = (zlib.crc32(content), len(content), len(content), len(name), 0)
        header = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, *sizes)
        directory += CENTRAL + struct.pack("<H", 0x0314) + header
        directory += struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, len(body)) + name
        body += LOCAL + header + name + content
    end = struct.pack("<4sHHHHIIH", END, 0, 0, len(found), len(found), len(directory), len(body), 0)
    return body + directory + end


def _by_other_tools(subject: Subject) -> Iterator[Case]:
    """The right files, but packed by another program; and bombs."""
    for what, method in (
        ("packed again, compressed", zipfile.ZIP_DEFLATED),
        ("packed again, stored", zipfile.ZIP_STORED),
    ):
        yield Case(
            f"zip: {what}", _zipfile({**subject.files}, method, subject.top), "zip byte 0, .*its header isn't Muster's"
        )
    bomb = _zipfile({"data/zeros": bytes(8 << 20)}, zipfile.ZIP_DEFLATED, subject.top)
    yield Case("zip: a bomb of 8 MB in 8 kB", bomb, "zip byte 0, .*its header isn't Muster's")
    nested = _zipfile({"data/inner.zip": bomb}, zipfile.ZIP_DEFLATED, subject.top)
    yield Case("zip: a bomb in a zip", nested, "zip byte 0, .*its header isn't Muster's")


def _zipfile(files: Mapping[str, bytes], method: int, top: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for path in sorted(files):
            archive.writestr(zipfile.ZipInfo(f"{top}/{path}", (2026, 3, 2, 9, 0, 0)), files[path], method)
    return out.getvalue()
