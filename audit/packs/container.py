"""The zip of a pack, written so that its bytes follow from its files alone: stored, sorted, without dates.

Written by hand rather than by zipfile, so that verify.py can derive the same bytes years later on another Python.
"""

import struct
import zlib
from collections.abc import Mapping

LARGEST = 2**32 - 1  # bytes; beyond that a zip needs another form (zip64)
MOST_FILES = 65_535
MIDNIGHT_1980 = (0, 33)  # time and date as DOS writes them: the first moment a zip can name
REGULAR_FILE = 0o100644 << 16


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The zip of these files (path -> content). Raises ValueError when they don't fit into one."""
    if len(files) > MOST_FILES or sum(map(len, files.values())) + 200 * len(files) > LARGEST:
        raise ValueError(f"a pack takes up to {MOST_FILES} files and {LARGEST} bytes")
    body, directory = [], []
    at = 0
    for path in sorted(files):
        name, content = path.encode("ascii"), files[path]
        size = len(content)
        header = struct.pack("<HHHHHIIIHH", 20, 0, 0, *MIDNIGHT_1980, zlib.crc32(content), size, size, len(name), 0)
        body.append(b"PK\x03\x04" + header + name + content)
        entry = struct.pack("<H", 0x0314) + header + struct.pack("<HHHII", 0, 0, 0, REGULAR_FILE, at)
        directory.append(b"PK\x01\x02" + entry + name)
        at += len(body[-1])
    index = b"".join(directory)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(files), len(files), len(index), at, 0)
    return b"".join([*body, index, end])
