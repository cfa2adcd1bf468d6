"""BagIt 1.0 (RFC 8493): payload files become a bag with manifests. Pure and deterministic."""

import re
from collections.abc import Mapping
from hashlib import sha256

PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAGMANIFEST = "tagmanifest-sha256.txt"


def bagged(payload: Mapping[str, bytes], tags: Mapping[str, bytes], info: Mapping[str, str]) -> dict[str, bytes]:
    """All files of the bag by path. payload: path below data/ -> content; tags: other files; info: lines of bag-info.

    Raises ValueError for a path that isn't plain ASCII without leading dots."""
    for path in [*payload, *tags]:
        if not PATH.fullmatch(path):
            raise ValueError(f"the path {path!r} can't be in a pack: use letters, digits, dot, dash and underscore")
    data = {f"data/{path}": content for path, content in payload.items()}
    oxum = f"{sum(map(len, data.values()))}.{len(data)}"
    lines = {**info, "Payload-Oxum": oxum}
    files = {
        **tags,
        "bagit.txt": DECLARATION,
        "bag-info.txt": "".join(f"{name}: {value}\n" for name, value in lines.items()).encode(),
        "manifest-sha256.txt": _manifest(data),
    }
    return {**data, **files, TAGMANIFEST: _manifest(files)}


def _manifest(files: Mapping[str, bytes]) -> bytes:
    return "".join(f"{sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files)).encode()
