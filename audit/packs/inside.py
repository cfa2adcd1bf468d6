"""What a kept pack says of itself: read from the file, for those of which no row says it."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

from audit.packs import keeping

NAMES, INFO, FURTHER, IDENTIFIER = "data/people.json", "bag-info.txt", "data/streams/", "External-Identifier: "


def people_in(zip_sha256: str) -> frozenset[str]:
    """The actor ids that it names; none when it isn't kept, or is damaged."""
    with _opened(zip_sha256) as files:
        return frozenset(one["id"] for one in json.loads(files.get(NAMES) or "[]"))


def streams_in(zip_sha256: str) -> frozenset[str]:
    """uids of the streams that it holds; none when it isn't kept, or is damaged."""
    with _opened(zip_sha256) as files:
        lines = (files.get(INFO) or b"").decode().splitlines()
        about = {line.removeprefix(IDENTIFIER) for line in lines if line.startswith(IDENTIFIER)}
        return frozenset(about | {path.split("/")[2] for path in files if path.startswith(FURTHER)})


@contextmanager
def _opened(zip_sha256: str) -> Iterator[dict[str, bytes]]:
    """Its paths below the one folder, and the content of those that this module reads."""
    try:
        with zipfile.ZipFile(keeping.path_of(zip_sha256)) as archive:
            named = {name.partition("/")[2]: name for name in archive.namelist()}
            yield {path: archive.read(name) if path in (NAMES, INFO) else b"" for path, name in named.items()}
    except (FileNotFoundError, zipfile.BadZipFile):
        yield {}
