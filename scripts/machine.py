"""What tests need from the machine beyond Python: looked for, installed where we may, else named with the command."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from drill.programs import PACKAGES, find

SERVERS = Path("/usr/lib/postgresql")  # Debian keeps initdb and postgres off the path, one folder per version
RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"  # not the wrapper in sbin: that one insists on its own user
GO_MOD = Path("/usr/share/gocode/src/golang.org/x/mod")  # of Debian's package: sumdb/note and tlog, which aren't ours
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Lacking(Exception):
    """Programs are missing and we can't install them; str() names them and the command."""


@dataclass(frozen=True)
class Need:
    """A program, and the Debian packages that bring it."""

    what: str
    packages: tuple[str, ...]
    path: str | None

    @property
    def missing(self) -> bool:
        return self.path is None


def chromium() -> str | None:
    """Path of a Chromium: MUSTER_CHROMIUM, else the machine's."""
    named = os.environ.get("MUSTER_CHROMIUM")
    return named or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def postgres_program(name: str) -> str | None:
    """Path of a server program such as initdb; the newest version when there are several."""
    versions = sorted((int(file.parts[-3]), str(file)) for file in SERVERS.glob(f"[0-9]*/bin/{name}"))
    return versions[-1][1] if versions else shutil.which(name)


def needs(part: str) -> list[Need]:
    """What one part of `make test` needs."""
    servers = [
        Need("PostgreSQL", ("postgresql",), postgres_program("initdb")),
        Need("Redis", ("redis-server",), shutil.which("redis-server")),
    ]
    rabbitmq = Need("RabbitMQ", ("rabbitmq-server",), shutil.which(RABBITMQ))
    browser = [Need("Chromium", ("chromium", "fonts-dejavu-core", "fonts-inter"), chromium())]
    pdf = [Need(program, ("poppler-utils",), shutil.which(program)) for program in ("pdfsig", "pdftotext")]
    go = [Need("Go", ("golang-go", "golang-golang-x-mod-dev"), shutil.which("go") if GO_MOD.is_dir() else None)]
    stage = [Need(program, (package,), find(program)) for program, package in PACKAGES.items()]
    known = {
        "sqlite": pdf,
        "postgresql": [*servers, *pdf],
        "faults": [*servers, rabbitmq],
        "monkey": [*servers, rabbitmq],
        "chromium": browser,
        "drill": stage + browser + go,
        "slow": [*servers, *browser, *stage],
    }
    return known.get(part, [])


def provide(wanted: list[Need]) -> None:
    """Install what is missing. Raises Lacking, with the command, where only the reader can."""
    missing = [need for need in wanted if need.missing]
    if not missing:
        return
    names = ", ".join(need.what for need in missing)
    packages = sorted({package for need in missing for package in need.packages})
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Lacking(f"{names} is missing: run `{' '.join(command)}` as root (Debian), then again.")
    print(f"Installing {', '.join(packages)} with apt-get.", flush=True)
    surroundings = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # 1: start no services
    subprocess.run(["apt-get", "update", "-qq"], stdout=subprocess.DEVNULL)
    if subprocess.run(command, env=surroundings, stdout=subprocess.DEVNULL).returncode != 0:
        raise Lacking(f"{names} is missing and apt-get could not install it; its reason is above.")
