"""Makes .venv with the locked requirements: python3 scripts/bootstrap.py [base|dev]

base is what Muster needs to run, dev adds what tests and linters need. Done in an instant when the lock hasn't changed.
Only the standard library, and syntax of Python 3.6: an old Python must get a sentence, not a traceback.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
VENV = HOUSE / ".venv"
OLDEST, TOO_NEW = (3, 11), (3, 14)
OTHERS = ("python3.11", "python3.12", "python3.13")


class Refused(Exception):
    """Nothing was installed; str() is one sentence for the reader."""


def main(arguments: "list[str]") -> int:
    """Exit status of the command: 0 when .venv holds what the lock says."""
    group = arguments[0] if arguments else "base"
    try:
        if group not in ("base", "dev"):
            raise Refused(f"Unknown group '{group}': say base or dev.")
        prepare(group)
    except Refused as refusal:
        print(f"muster: {refusal}", file=sys.stderr)
        return 1
    return 0


def prepare(group: str) -> None:
    """Bring .venv to the state of requirements/<group>.txt. Raises Refused."""
    lock = HOUSE / "requirements" / (group + ".txt")
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = VENV / f"muster-{group}.sha256"
    if stamp.is_file() and stamp.read_text() == wanted and works(venv_python()):
        return
    python = suitable_python()
    if not os.access(str(HOUSE), os.W_OK):
        raise Refused(f"Can't write to the folder {HOUSE}: it must be writable for you.")
    try:
        if not works(venv_python()):
            make_venv(python)
        install(lock)
        stamp.write_text(wanted)
        if group == "dev":  # the same pins and more
            base = HOUSE / "requirements" / "base.txt"
            (VENV / "muster-base.sha256").write_text(hashlib.sha256(base.read_bytes()).hexdigest())
    except OSError as error:
        raise Refused(f"Can't write to {VENV}: {error.strerror}.") from error


def venv_python() -> str:
    return str(VENV / "bin" / "python")


def version_of(python: str) -> "tuple[int, int] | None":
    """(major, minor) that a command answers, or None when it isn't a working Python."""
    try:
        answer = subprocess.run(
            [python, "-c", "import sys; print('%d %d' % sys.version_info[:2])"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
    parts = answer.stdout.split()
    return (int(parts[0]), int(parts[1])) if answer.returncode == 0 and len(parts) == 2 else None


def fits(version: "tuple[int, int] | None") -> bool:
    return version is not None and OLDEST <= version < TOO_NEW


def works(python: str) -> bool:
    return fits(version_of(python))


def suitable_python() -> str:
    """This Python when it fits, else another one on the path. Raises Refused with what was found and what is needed."""
    if fits(sys.version_info[:2]):
        return sys.executable
    for name in OTHERS:
        path = shutil.which(name)
        if path and works(path):
            return path
    found = ".".join(str(part) for part in sys.version_info[:3])
    raise Refused(f"Found Python {found} at {sys.executable}; Muster needs Python 3.11, 3.12 or 3.13.")


def make_venv(python: str) -> None:
    print(f"Making .venv with {python}; once, about a minute.", flush=True)
    command = [python, "-m", "venv", "--clear", str(VENV)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if answer.returncode == 0:
        return
    said = answer.stdout.decode(errors="replace").strip()
    if "ensurepip" in said or "No module named venv" in said:  # Debian keeps it in a package of its own
        install_venv_package(python)
        answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = answer.stdout.decode(errors="replace").strip()
    if answer.returncode != 0:
        raise Refused(f"Can't make {VENV}: {said.splitlines()[-1] if said else 'python -m venv failed'}")


def install_venv_package(python: str) -> None:
    """Raises Refused with the command where we may not install it ourselves."""
    package = "python{}.{}-venv".format(*version_of(python) or OLDEST)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Refused(f"{python} can't make virtual environments: run `apt-get install {package}` as root, then again.")
    print(f"Installing Debian's package {package}.", flush=True)
    subprocess.run(["apt-get", "update", "-qq"], stdout=subprocess.DEVNULL)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    if subprocess.run(command, stdout=subprocess.DEVNULL, env=environment).returncode != 0:
        raise Refused(f"Could not install {package} with apt-get: its reason is above.")


def install(lock: Path) -> None:
    """Wheels only, and only those whose hashes the lock names."""
    print(f"Installing the packages of requirements/{lock.name}.", flush=True)
    command = [venv_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
    if subprocess.run(command).returncode != 0:
        raise Refused(f"Could not install the packages of requirements/{lock.name}: pip's reason is above.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
