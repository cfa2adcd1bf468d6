"""The evidence of a drill: fetched, unpacked, and checked by the verifier that it brings along."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

from drill.errors import DrillError


class NotVerified(DrillError):
    """The pack's own verifier found something wrong."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said

    def __str__(self) -> str:
        return f"The pack doesn't verify: {self.said}"


def unpack(file: Path, folder: Path) -> Path:
    """The pack's top folder. Names were chosen by Muster; anything that would leave `folder` is refused."""
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if not (folder / name).resolve().is_relative_to(folder.resolve()):
                raise NotVerified(f"it holds the name {name}")
        archive.extractall(folder)
    return next(folder.rglob("bagit.txt")).parent


def verify(pack: Path) -> str:
    """The sentence that the pack's verifier said. Raises NotVerified with what it found.

    -I: nothing of this machine's Python may help, as nothing will at the reader's."""
    answer = subprocess.run(
        [sys.executable, "-I", "verify/verify.py"], cwd=pack, capture_output=True, text=True, timeout=120
    )
    said = (answer.stdout + answer.stderr).strip()
    sentence = re.sub(r"\s+", " ", said.splitlines()[0]) if said else "nothing"
    if answer.returncode != 0:
        raise NotVerified(sentence)
    return sentence  # what follows it tells of seals
