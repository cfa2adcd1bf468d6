"""`ansible`: runs a playbook of a project that the operator named. Its preview is Ansible's check mode."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from plumbing import toolbox
from plumbing.printed import shortened
from plumbing.processes import Ended, NotStarted
from plumbing.toolbox import Project
from runbooks.actions import playbooks
from runbooks.actions.base import Action, Context, Done, Failed, Outcome, about, fill
from runbooks.actions.playbooks import Order, Told
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig

VARIABLE = re.compile(r"(?!ansible_)[a-z_][a-z0-9_]{0,63}")
LIMIT = re.compile(r"[A-Za-z0-9_.*!&][A-Za-z0-9_.*!&:,\[\]-]{0,500}")
PLAYBOOK = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}\.ya?ml")
TAG = re.compile(r"[A-Za-z0-9_]{1,64}")
KEPT_TEXT = 4_000  # characters of its output
SHOWN = 8_000  # characters of a preview


@dataclass(frozen=True)
class AnsibleConfig:
    project: str = about("name of a project in the toolbox")
    playbook: str = about("a playbook of the project: failover.yml", literal=True)
    vars: Any = about("extra variables by name; texts are never templates to Ansible", default_factory=dict)
    limit: str = about("the hosts or groups that it is limited to", default="")
    tags: list[str] = about("only tasks with one of these tags", default_factory=list)
    check: bool = about("only say what would change (check mode)", default=False)


class Ansible(Action[AnsibleConfig]):
    kind: ClassVar = "ansible"
    title: ClassVar = "Ansible playbook"
    human: ClassVar = False
    config: ClassVar = AnsibleConfig

    def parse(self, given: Mapping[str, Any]) -> AnsibleConfig:
        config = fill(AnsibleConfig, given, action=self.kind)
        path = PurePosixPath(config.playbook)
        if ".." in path.parts or not PLAYBOOK.fullmatch(config.playbook):
            raise BadConfig(self.kind, "playbook", f"found {config.playbook!r}, expected a .yml file of the project")
        if not isinstance(config.vars, Mapping):
            raise BadConfig(self.kind, "vars", f"found {config.vars!r}, expected values by name")
        for name in config.vars:
            if not VARIABLE.fullmatch(str(name)):
                wanted = "expected small letters, digits and _, and not ansible_… (the inventory says how to connect)"
                raise BadConfig(self.kind, "vars", f"found the variable {name!r}, {wanted}")
        if config.limit and not LIMIT.fullmatch(config.limit):
            raise BadConfig(self.kind, "limit", f"found {config.limit!r}, expected names of hosts or groups")
        for tag in config.tags:
            if not TAG.fullmatch(tag):
                raise BadConfig(self.kind, "tags", f"found {tag!r}, expected letters, digits and _")
        return config

    def perform(self, config: AnsibleConfig, context: Context) -> Outcome:
        ended, told = playbooks.run(_project(config), _order(config), context)
        output = _output(ended, told)
        if ended.cut:
            why = "was stopped" if ended.cut == "stopped" else f"did not end within {context.deadline_s:g} s"
            effect = Effect.NONE if config.check else Effect.UNKNOWN
            return Failed(f"{config.playbook} {why}.", retryable=True, effect=effect, output=output)
        if ended.exit_code == 0:
            return Done(output)
        only_unreachable = bool(told.hosts) and not told.acted
        effect = Effect.NONE if config.check or only_unreachable else Effect.MAYBE
        return Failed(_why(config, ended, told), retryable=only_unreachable, effect=effect, output=output)

    def source(self, config: AnsibleConfig) -> str:
        return f"ansible {config.project}"

    def preview(self, config: AnsibleConfig, context: Context) -> str:
        """What would change, by Ansible itself: a run in check mode, with differences."""
        ended, _ = playbooks.run(_project(config), _order(config, check=True), context)
        return shortened(ended.stdout or ended.stderr, SHOWN)


def _project(config: AnsibleConfig) -> Project:
    """The project, if it has this playbook. Raises NotInToolbox, NotStarted."""
    project = toolbox.take("ansible", config.project, Project)
    folder, wanted = Path(project.folder).resolve(), config.playbook
    path = (folder / wanted).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise NotStarted(f"Project {config.project} has no playbook {wanted}.")
    if project.playbooks and wanted not in project.playbooks:
        raise NotStarted(f"Project {config.project} allows {', '.join(project.playbooks)}, not {wanted}.")
    return project


def _order(config: AnsibleConfig, *, check: bool = False) -> Order:
    return Order(config.playbook, config.vars, config.limit, tuple(config.tags), config.check or check)


def _why(config: AnsibleConfig, ended: Ended, told: Told) -> str:
    if not told.failed:
        last = (ended.stderr.strip() or ended.stdout.strip()).rpartition("\n")[2][:200]
        return f"{config.playbook} {ended.how}: {last or 'it said nothing'}"
    first, more = told.failed[0], len(told.failed) - 1
    rest = f" ({more} more failures)" if more else ""
    return f"{config.playbook}: {first['host']}, task {first['task']!r}: {first['message']}{rest}"


def _output(ended: Ended, told: Told) -> dict[str, Any]:
    return {
        "hosts": told.hosts,
        "changed": sum(counts["changed"] for counts in told.hosts.values()),
        "failed": told.failed,
        "data": told.data,
        "elapsed_ms": ended.elapsed_ms,
        "text": shortened(ended.stdout, KEPT_TEXT),
    }
