"""Where packs lie once they are sealed: below one folder, by the SHA-256 of the zip. Machines may share the folder."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from django.conf import settings

from audit.packs.bag import digest_of

DRAFT = ".draft"
LEFT_OVER_S = 24 * 3600  # no pack takes so long to write, where a file can't be locked

Look = Callable[[], bool]


@contextmanager
def draft() -> Iterator[IO[bytes]]:
    """A file beside the kept ones, to write a pack into; it is gone afterwards, unless keep() took it.

    It is locked as long as this lasts, wherever it lies: what nobody locks was left by a process that was killed."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    forget_drafts()
    with _locked(folder) as file:
        try:
            yield file
        finally:
            with suppress(FileNotFoundError):
                Path(file.name).unlink()


def _locked(folder: Path) -> IO[bytes]:
    while True:
        file = NamedTemporaryFile(dir=folder, suffix=DRAFT, delete=False)  # noqa: SIM115 - draft() closes it
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        if Path(file.name).exists():
            return file
        file.close()  # somebody took it for a leftover before it was locked


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


def kept() -> list[str]:
    """The SHA-256 of every pack whose file lies here."""
    return [file.stem for file in _folder().glob("??/*.zip")]


def forget_drafts() -> int:
    """Remove drafts of processes that were killed while they wrote: nobody else does. Returns how many there were."""
    return sum(forget_stray(file, lambda: True) for file in _folder().glob(f"*{DRAFT}"))


def forget_stray(file: Path, is_stray: Look) -> bool:
    """Remove a file that nobody writes now, if it is a stray one; asked once it can't become a kept one any more."""
    with suppress(FileNotFoundError), file.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            if time.time() - os.fstat(opened.fileno()).st_mtime < LEFT_OVER_S:
                return False
        if is_stray():
            file.unlink()
            return True
    return False


def _folder() -> Path:
    return Path(settings.PACKS_DIR)
