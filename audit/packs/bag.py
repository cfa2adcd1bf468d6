"""BagIt 1.0 (RFC 8493): payload files become a bag with manifests. Pure and deterministic."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from zlib import crc32

PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAGMANIFEST = "tagmanifest-sha256.txt"
CHUNK = 1 << 20

Content = bytes | Path
"""Of a file in a pack: itself, or where it lies; what is large is never held in memory."""


def bagged(payload: Mapping[str, Content], tags: Mapping[str, Content], info: Mapping[str, str]) -> dict[str, Content]:
    """All files of the bag by path. payload: path below data/ -> content; tags: other files; info: lines of bag-info.

    Raises ValueError for a path that isn't plain ASCII without leading dots."""
    for path in [*payload, *tags]:
        if not PATH.fullmatch(path):
            raise ValueError(f"the path {path!r} can't be in a pack: use letters, digits, dot, dash and underscore")
    data = {f"data/{path}": content for path, content in payload.items()}
    oxum = f"{sum(map(size_of, data.values()))}.{len(data)}"
    lines = {**info, "Payload-Oxum": oxum}
    files: dict[str, Content] = {
        **tags,
        "bagit.txt": DECLARATION,
        "bag-info.txt": "".join(f"{name}: {value}\n" for name, value in lines.items()).encode(),
        "manifest-sha256.txt": _manifest(data),
    }
    return {**data, **files, TAGMANIFEST: _manifest(files)}


def _manifest(files: Mapping[str, Content]) -> bytes:
    return "".join(f"{digest_of(files[path])}  {path}\n" for path in sorted(files)).encode()


def size_of(content: Content) -> int:
    """In bytes."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def digest_of(content: Content) -> str:
    """SHA-256 in hex."""
    if isinstance(content, bytes):
        return sha256(content).hexdigest()
    with content.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def chunks_of(content: Content) -> Iterator[bytes]:
    """The content, a piece at a time."""
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


@dataclass(frozen=True, slots=True)
class Measured:
    """What a zip says of a file before its content."""

    size: int
    crc: int


def measured(content: Content) -> Measured:
    """Size and CRC-32."""
    size = crc = 0
    for piece in chunks_of(content):
        size, crc = size + len(piece), crc32(piece, crc)
    return Measured(size, crc)
