"""The zip of a pack, written so that its bytes follow from its files alone: stored, sorted, without dates.

Written by hand rather than by zipfile, so that verify.py can derive the same bytes years later on another Python.
"""

import io
import struct
from collections.abc import Mapping
from typing import IO

from audit.packs.bag import Content, chunks_of, measured, size_of
from audit.packs.errors import PackTooLarge

LARGEST = 2**32 - 1  # bytes; beyond that a zip needs another form (zip64)
MOST_FILES = 65_535
MIDNIGHT_1980 = (0, 33)  # time and date as DOS writes them: the first moment a zip can name
REGULAR_FILE = 0o100644 << 16


def write_zip(out: IO[bytes], files: Mapping[str, Content]) -> None:
    """Write the zip of these files (path -> content), each a piece at a time. Raises PackTooLarge."""
    size = sum(map(size_of, files.values())) + sum(2 * len(path) + 76 for path in files) + 22
    if len(files) > MOST_FILES or size > LARGEST:
        raise PackTooLarge(len(files), size)
    directory = []
    at = 0
    for path in sorted(files):
        name, found = path.encode("ascii"), measured(files[path])
        sizes = (found.crc, found.size, found.size, len(name), 0)
        header = struct.pack("<HHHHHIIIHH", 20, 0, 0, *MIDNIGHT_1980, *sizes)
        out.write(b"PK\x03\x04" + header + name)
        written = 0
        for piece in chunks_of(files[path]):
            written += out.write(piece)
        if written != found.size:
            raise OSError(f"{path} changed while it was packed")
        entry = struct.pack("<H", 0x0314) + header + struct.pack("<HHHII", 0, 0, 0, REGULAR_FILE, at)
        directory.append(b"PK\x01\x02" + entry + name)
        at += 30 + len(name) + found.size
    index = b"".join(directory)
    out.write(index + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(files), len(files), len(index), at, 0))


def zipped(files: Mapping[str, Content]) -> bytes:
    """The zip of these files, in memory: for small ones. Raises PackTooLarge."""
    out = io.BytesIO()
    write_zip(out, files)
    return out.getvalue()
