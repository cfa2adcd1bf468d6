"""What the tests of packs share: run commands, read a pack, make changed files fit their manifests again."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from audit.packs.bag import bagged
from audit.packs.bundle import verify
from audit.packs.issue import BUNDLE

L = "data/ledger/"
VERSION_TEXT = b"title: Restart the store\n"
VERSION = f"versions/{sha256(VERSION_TEXT).hexdigest()}.yaml"
TOP = "evidence-inc_1-6/"


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)


def check(*arguments: object, cwd: Path = Path("/")) -> subprocess.CompletedProcess:
    return run(sys.executable, "-I", BUNDLE / "verify.py", *arguments, cwd=cwd)


def files_of(pack) -> dict[str, bytes]:
    return verify.files_of_zip(pack.content)


def resealed(files: dict[str, bytes]) -> dict[str, bytes]:
    """What an intruder does after changing files: make the manifests fit again."""
    payload = {path[5:]: data for path, data in files.items() if path.startswith("data/")}
    made = {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"}
    tags = {path: data for path, data in files.items() if not path.startswith("data/") and path not in made}
    lines = dict(line.split(": ", 1) for line in files["bag-info.txt"].decode().splitlines())
    return bagged(payload, tags, lines)
