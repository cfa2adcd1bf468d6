"""What the tests of packs share: run commands, read a pack, make changed files fit their manifests again."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from audit.packs.bundle import verify
from audit.packs.seal import BUNDLE
from audit.verifying.corpus.cases import resealed

__all__ = ["BUNDLE", "TOP", "VERSION", "VERSION_TEXT", "L", "check", "files_of", "resealed", "run"]

L = "data/ledger/"
VERSION_TEXT = b"title: Restart the store\n"
VERSION = f"versions/{sha256(VERSION_TEXT).hexdigest()}.yaml"
TOP = "evidence-inc_1-6/"


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)


def check(*arguments: object, cwd: Path = Path("/")) -> subprocess.CompletedProcess:
    return run(sys.executable, "-I", BUNDLE / "verify.py", *arguments, cwd=cwd)


def files_of(pack) -> dict[str, bytes]:
    return {path: part.whole(path) for path, part in verify.files_of_zip(pack.content).items()}
