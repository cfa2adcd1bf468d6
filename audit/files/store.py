"""The store: one file for each SHA-256, below settings.FILES_DIR, which machines may share."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings

from audit.files.errors import BadFile, FileTooLarge


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is kept."""

    sha256: str
    size: int


def put(chunks: Iterable[bytes]) -> Stored:
    """Keep a file, whole or not at all; the same content is kept once. Raises FileTooLarge, BadFile when empty."""
    folder = Path(settings.FILES_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = sha256(), 0
    with NamedTemporaryFile(dir=folder, suffix=".draft", delete=False) as file:
        draft = Path(file.name)
        try:
            for chunk in chunks:
                size += len(chunk)
                if size > settings.FILE_LIMIT:
                    raise FileTooLarge(settings.FILE_LIMIT)
                digest.update(chunk)
                file.write(chunk)
            if not size:
                raise BadFile("The file is empty.")
            file.flush()
            os.fsync(file.fileno())
            place = path_of(digest.hexdigest())
            place.parent.mkdir(exist_ok=True, mode=0o700)
            draft.chmod(0o400)
            draft.replace(place)
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()
    return Stored(digest.hexdigest(), size)


def path_of(digest: str) -> Path:
    """Where the file with this SHA-256 lies, if it is kept."""
    return Path(settings.FILES_DIR) / digest[:2] / digest


def remove(digest: str) -> bool:
    """Remove a file for good. False when there was none."""
    try:
        path_of(digest).unlink()
    except FileNotFoundError:
        return False
    return True
