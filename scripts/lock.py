"""Writes requirements/*.txt from *.in: python -m scripts.lock [--upgrade]

Every version pinned with the hashes of its wheels, for Python 3.11 and newer on any system, without addresses, so that
plain `pip install --require-hashes -r` works with whatever index or mirror a house uses.
"""

import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
OPTIONS = ["--universal", "--python-version=3.11", "--only-binary=:all:", "--generate-hashes"]
OPTIONS += ["--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header", "--quiet"]


def main(arguments: list[str]) -> int:
    """base first: the others are held to its versions."""
    uv = Path(sys.executable).with_name("uv")
    for group in ("base", "ansible", "dev"):
        command = [str(uv), "pip", "compile", *OPTIONS, *arguments, f"{group}.in", "-o", f"{group}.txt"]
        if subprocess.run(command, cwd=HOUSE / "requirements").returncode != 0:
            print(f"muster: requirements/{group}.txt was not written; uv's reason is above.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
