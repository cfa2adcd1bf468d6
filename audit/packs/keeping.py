"""Where packs lie once they are sealed: below one folder, by the SHA-256 of the zip. Machines may share the folder."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from django.conf import settings

from audit.packs.bag import digest_of

DRAFT = ".draft"
LEFT_OVER_S = 24 * 3600  # no pack takes so long to write


@contextmanager
def draft() -> Iterator[IO[bytes]]:
    """A file beside the kept ones, to write a pack into; it is gone afterwards, unless keep() took it."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _forget_leftovers(folder)
    with NamedTemporaryFile(dir=folder, suffix=DRAFT, delete=False) as file:
        try:
            yield file
        finally:
            with suppress(FileNotFoundError):
                Path(file.name).unlink()


def keep(file: IO[bytes]) -> str:
    """Keep a written draft under its SHA-256, whole or not at all. Returns it."""
    file.flush()
    os.fsync(file.fileno())
    digest = digest_of(Path(file.name))
    place = path_of(digest)
    place.parent.mkdir(exist_ok=True, mode=0o700)
    Path(file.name).replace(place)
    return digest


def path_of(zip_sha256: str) -> Path:
    """Where the pack with this SHA-256 lies, if it is kept."""
    return _folder() / zip_sha256[:2] / f"{zip_sha256}.zip"


def forget(zip_sha256: str) -> bool:
    """Remove a kept pack's file; what was recorded of it stays. False when there was none."""
    try:
        path_of(zip_sha256).unlink()
    except FileNotFoundError:
        return False
    return True


def _forget_leftovers(folder: Path) -> None:
    """Drafts of processes that were killed while they wrote: nobody else removes them."""
    for file in folder.glob(f"*{DRAFT}"):
        with suppress(FileNotFoundError):
            if time.time() - file.stat().st_mtime > LEFT_OVER_S:
                file.unlink()


def _folder() -> Path:
    return Path(settings.PACKS_DIR)
