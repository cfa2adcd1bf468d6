"""The toolbox: what an operator lets actions and probes use on this worker, by name (docs/how-to/fill-the-toolbox.md).

Needed by runbooks (actions `command`, `ansible`, `sql`, `notify`) and plumbing (probes of the same things). A runbook
names a thing of the toolbox and never says an address, a program or a password itself. One TOML file: MUSTER_TOOLBOX.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings

from plumbing import secrets
from plumbing.addresses import host_and_port
from plumbing.documented import BadField, about, filled
from plumbing.errors import MusterError

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LARGEST = 1_000_000  # bytes of the file
Tool = TypeVar("Tool")


class NotInToolbox(MusterError):
    """The operator of this worker has not allowed it. Nothing was done."""

    code = "not_in_toolbox"
    status = 422

    def __init__(self, section: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(section, name, known)
        self.section, self.name, self.known = section, name, known

    def __str__(self) -> str:
        near = get_close_matches(self.name, self.known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"It has: {', '.join(self.known) or 'none'}."
        return f"There is no [{self.section}.{self.name}] in this worker's toolbox (MUSTER_TOOLBOX). {hint}"


class BadToolbox(MusterError):
    """The toolbox has a mistake in it. Nothing was done."""

    code = "bad_toolbox"
    status = 500


@dataclass(frozen=True)
class Command:
    """[commands.<name>]: one program that may be run."""

    run: list[str] = about("program with its full path, and the words that always follow it")
    args: list[str] = about(
        "one pattern for each further word that the runbook gives; all of them", default_factory=list
    )
    more: str = about("pattern of any number of words after those", default="")
    options: bool = about("whether words that the runbook gives may begin with -", default=False)
    changes: bool = about("whether it changes anything; false makes it a probe too", default=True)
    folder: str = about("where it is run", default="/")
    env: dict[str, str] = about("further environment variables; {{ secrets.name }} is filled in", default_factory=dict)
    cpu_s: int = about("seconds of processor time", default=60)
    memory_mb: int = about("megabytes of memory of each of its processes", default=512)
    file_mb: int = about("megabytes of each file that it writes", default=100)
    files: int = about("files that each of its processes may have open", default=256)


@dataclass(frozen=True)
class Connection:
    """[connections.<name>]: a database to ask."""

    url: str = about("postgresql://user@host:5432/name or sqlite:////path; {{ secrets.name }} is filled in")


@dataclass(frozen=True)
class Prometheus:
    """[prometheus.<name>]: a Prometheus to ask."""

    url: str = about("its address, without /api/v1")
    headers: dict[str, str] = about("further headers; {{ secrets.name }} is filled in", default_factory=dict)


@dataclass(frozen=True)
class Logs:
    """[logs.<name>]: a folder whose files may be read."""

    folder: str = about("its full path; files in folders below it count too")


@dataclass(frozen=True)
class Project:
    """[ansible.<name>]: a folder with playbooks."""

    folder: str = about("its full path")
    inventory: str = about("the inventory, seen from the folder", default="inventory")
    playbooks: list[str] = about(
        "those that may be run; all .yml and .yaml files of the folder if left out", default_factory=list
    )
    env: dict[str, str] = about("further environment variables; {{ secrets.name }} is filled in", default_factory=dict)
    runner: str = about("the program ansible-runner; beside Muster's Python if left out", default="")
    memory_mb: int = about("megabytes of memory of each of its processes", default=2048)
    cpu_s: int = about("seconds of processor time of each of its processes", default=3600)


@dataclass(frozen=True)
class Target:
    """[notify.<name>]: somewhere to send a message to."""

    urls: list[str] = about("addresses as Apprise writes them; {{ secrets.name }} is filled in")


SECTIONS: dict[str, type[Any]] = {
    "commands": Command,
    "connections": Connection,
    "prometheus": Prometheus,
    "logs": Logs,
    "ansible": Project,
    "notify": Target,
}


def find(section: str, name: str, kind: type[Tool]) -> Tool:
    """The thing of this name. Raises NotInToolbox, BadToolbox."""
    things = everything(section, kind)
    if name not in things:
        raise NotInToolbox(section, name, tuple(sorted(things)))
    return things[name]


def take(section: str, name: str, kind: type[Tool]) -> Tool:
    """The thing of this name for who acts: its secrets are filled in. Raises what `find` does, and SecretRefused."""
    tool: Any = find(section, name, kind)
    taken: Tool = replace(tool, **secrets.opened(vars(tool), {}))
    return taken


def allowing(url: str) -> list[str]:
    """What the outgoing client may reach for an address of the toolbox: that too, as the operator wrote it there."""
    return [*settings.EGRESS_ALLOW, host_and_port(url)]


def everything(section: str, kind: type[Tool]) -> dict[str, Tool]:
    """All things of a section by name. Raises BadToolbox."""
    return {name: tool for name, tool in _contents().get(section, {}).items() if isinstance(tool, kind)}


def _contents() -> Mapping[str, Mapping[str, Any]]:
    if not settings.TOOLBOX_FILE:
        return {}
    path = Path(settings.TOOLBOX_FILE)
    try:
        found = path.stat()
        return _read(path, found.st_mtime_ns, found.st_size)
    except OSError as error:
        raise BadToolbox(f"MUSTER_TOOLBOX: {path} can't be read: {error.strerror}.") from None


@lru_cache(maxsize=4)
def _read(path: Path, changed_ns: int, size: int) -> Mapping[str, Mapping[str, Any]]:
    """The file, checked as a whole; read again when it changes."""
    if size > LARGEST:
        raise BadToolbox(f"MUSTER_TOOLBOX: {path} has {size} bytes, expected at most {LARGEST}.")
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadToolbox(f"MUSTER_TOOLBOX: {path} is no TOML: {error}.") from None
    found: dict[str, dict[str, Any]] = {}
    for section, things in tables.items():
        if section not in SECTIONS or not isinstance(things, dict):
            raise BadToolbox(f"MUSTER_TOOLBOX: [{section}] is none of {', '.join(SECTIONS)}.")
        found[section] = {name: _thing(section, name, given) for name, given in things.items()}
    return found


def _thing(section: str, name: str, given: Any) -> Any:
    where, kind = f"MUSTER_TOOLBOX: [{section}.{name}]", SECTIONS[section]
    if not NAME.fullmatch(name):
        raise BadToolbox(f"{where}: expected a name of small letters, digits, - and _.")
    if not isinstance(given, dict):
        raise BadToolbox(f"{where}: expected a table.")
    try:
        return filled(kind, given)
    except BadField as error:
        raise BadToolbox(f"{where}, {error.name}: {error.message}.") from None
