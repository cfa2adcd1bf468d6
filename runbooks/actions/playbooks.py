"""Runs a playbook by the program ansible-runner, and reads from its events what came of it.

ansible-core is GPL: it is run as a program of its own and never imported. Each run has a folder of its own, which is
removed afterwards; the project's folder is only read.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plumbing import processes
from plumbing.errors import MusterError
from plumbing.processes import Ended, Limits
from plumbing.toolbox import Project
from runbooks.actions.base import Context

FOLDERS = "muster-ansible-"
FORGOTTEN_S = 24 * 3600.0  # a worker that was killed left its folder behind
GRACE_S = 10.0  # ansible-runner ends its playbook when it is told to end itself
FILES = 4_096
MOST_EVENTS = 20_000
MOST_BYTES = 1_000_000  # of one event
MOST_FAILED = 20
MOST_HOSTS = 50
LONGEST_MESSAGE = 500
IDENT = "run"


class NotInstalled(MusterError):
    """This worker has no ansible-runner. Nothing was done."""

    code = "not_installed"
    status = 422


@dataclass(frozen=True)
class Order:
    """What is to be run. extra: variables by name; texts in them are never taken for templates."""

    playbook: str
    extra: Mapping[str, Any]
    limit: str = ""
    tags: tuple[str, ...] = ()
    check: bool = False


@dataclass
class Told:
    """What the events say. hosts: name -> counts of ok, changed, failures, unreachable."""

    hosts: dict[str, dict[str, int]] = field(default_factory=dict)
    failed: list[dict[str, str]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)  # of the playbook's `set_stats`
    acted: bool = False  # a task changed something, or failed, and so may have


def run(project: Project, order: Order, context: Context) -> tuple[Ended, Told]:
    """Run a playbook of the project to its end. Raises NotInstalled, NotStarted."""
    runner = runner_of(project)
    _forget_old()
    with tempfile.TemporaryDirectory(prefix=FOLDERS) as folder:
        home = Path(folder)
        _prepare(home, order)
        ended = processes.run(
            _argv(runner, home, project, order),
            deadline_s=context.deadline_s,
            limits=Limits(project.cpu_s, project.memory_mb, files=FILES, grace_s=GRACE_S),
            folder=folder,
            env={"PATH": f"{Path(runner).parent}:{processes.PATH}", "ANSIBLE_NOCOLOR": "1", **project.env},
            say=context.say,
            should_stop=context.should_stop,
        )
        return ended, _told(home / "artifacts" / IDENT / "job_events")


def runner_of(project: Project) -> str:
    """The program. Raises NotInstalled with what would help."""
    runner = Path(project.runner or Path(sys.executable).with_name("ansible-runner"))
    if not runner.is_file():
        help_ = "Install requirements/ansible.txt there, or name the program: runner = … in the toolbox."
        raise NotInstalled(f"This worker has no {runner}. {help_}")
    return str(runner)


def _argv(runner: str, home: Path, project: Project, order: Order) -> list[str]:
    folder = Path(project.folder)
    argv = [runner, "run", str(home), "--ident", IDENT, "--playbook", order.playbook]
    argv += ["--project-dir", str(folder), "--inventory", str(folder / project.inventory)]
    options = ["--check", "--diff"] if order.check else []
    if order.tags:
        options += ["--tags", ",".join(order.tags)]
    if order.limit:
        argv += ["--limit", order.limit]
    return [*argv, "--cmdline", " ".join(options)] if options else argv


def _prepare(home: Path, order: Order) -> None:
    """ansible-runner's folder: variables, and how often it looks whether it must end."""
    env = home / "env"
    env.mkdir()
    lines = [f"{name}: {_unsafe(value)}\n" for name, value in order.extra.items()]
    (env / "extravars").write_text("".join(lines) or "{}\n", encoding="utf-8")
    (env / "settings").write_text(json.dumps({"pexpect_timeout": 1}))


def _unsafe(value: Any) -> str:
    """YAML in which Ansible takes no text for a template: `{{ lookup('pipe', …) }}` in an input stays a text."""
    if isinstance(value, str):
        return f"!unsafe {json.dumps(value, ensure_ascii=False)}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(name))}: {_unsafe(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_unsafe, value)) + "]"
    return json.dumps(value)


def _told(folder: Path) -> Told:
    """What is in the events, as far as they were written."""
    told = Told()
    for event in _events(folder):
        name, data = event.get("event"), event.get("event_data")
        if not isinstance(data, dict):
            continue
        result = data.get("res") if isinstance(data.get("res"), dict) else {}
        if name == "runner_on_failed" and not data.get("ignore_errors"):
            told.acted = True
            _note_failure(told, data, result or {})
        elif name == "runner_on_unreachable":
            _note_failure(told, data, result or {})
        elif name == "runner_on_ok" and (result or {}).get("changed"):
            told.acted = True
        elif name == "playbook_on_stats":
            told.hosts = _counts(data)
            told.data = data.get("artifact_data") or {}
    return told


def _note_failure(told: Told, data: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    message = str(result.get("msg") or result.get("stderr") or "no reason was given")
    failure = {"host": str(data.get("host", "")), "task": str(data.get("task", "")), "message": message}
    if len(told.failed) < MOST_FAILED:
        told.failed.append({name: text[:LONGEST_MESSAGE] for name, text in failure.items()})


def _counts(data: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    words = {"ok": "ok", "changed": "changed", "failures": "failures", "dark": "unreachable"}
    hosts = sorted({host for word in words for host in data.get(word) or {}})[:MOST_HOSTS]
    return {host: {shown: int((data.get(word) or {}).get(host, 0)) for word, shown in words.items()} for host in hosts}


def _events(folder: Path) -> Iterator[dict[str, Any]]:
    """The events in their order: files named `<counter>-<id>.json`."""
    files = folder.glob("[0-9]*-*.json") if folder.is_dir() else ()
    numbered = [(int(path.name.partition("-")[0]), path) for path in files]
    for _, path in sorted(numbered)[:MOST_EVENTS]:
        with suppress(ValueError, OSError):  # the last one may be half written
            if path.stat().st_size <= MOST_BYTES:
                yield json.loads(path.read_text(encoding="utf-8"))


def _forget_old() -> None:
    """Remove folders of runs whose worker was killed: they may hold secrets."""
    before = time.time() - FORGOTTEN_S
    for path in Path(tempfile.gettempdir()).glob(f"{FOLDERS}*"):
        with suppress(OSError):
            if path.stat().st_mtime < before:
                shutil.rmtree(path, ignore_errors=True)
