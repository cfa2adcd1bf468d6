"""`command`: how a program of the toolbox ends, and what it prints. Only one that changes nothing may be a probe."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from plumbing import commands
from plumbing.documented import BadField, about
from plumbing.probing.base import MAX_DETAIL, ProbeAnswer, Question, check_expectation, is_met, read_fields
from plumbing.processes import NotStarted

SHOWN = 200  # characters of what it printed last


@dataclass(frozen=True)
class Command(Question):
    kind: ClassVar = "command"
    run: list[str] = about("name of a command in the toolbox, and the words that follow it")
    expect: str = about("expression (CEL) over exit_code, stdout and stderr", default="exit_code == 0")

    @classmethod
    def read(cls, given: Any) -> Self:
        found: Self = read_fields(cls, commands.with_words(given))
        if not found.run:
            raise BadField("run", "found nothing, expected the name of a command")
        check_expectation(found.expect)
        return found

    @property
    def source(self) -> str:
        return f"command {self.run[0]}"

    @property
    def target(self) -> str:
        return " ".join(self.run)[:100]

    def ask(self, timeout_s: float, memo: Mapping[str, Any]) -> ProbeAnswer:
        prepared = commands.prepare(self.run)
        if prepared.command.changes:
            raise NotStarted(f"{self.run[0]} may change something; a probe takes commands with `changes = false` only.")
        ended = commands.perform(prepared, deadline_s=timeout_s)
        if ended.cut:
            return ProbeAnswer(False, ended.elapsed_ms, f"did not end within {timeout_s:g} s")
        values = {"exit_code": ended.exit_code, "stdout": ended.stdout[:8_000], "stderr": ended.stderr[:2_000]}
        said = (ended.stdout.strip() or ended.stderr.strip()).rpartition("\n")[2][:SHOWN]
        detail = f"{ended.how}: {said}" if said else ended.how
        if is_met(self.expect, values):
            return ProbeAnswer(True, ended.elapsed_ms, detail[:MAX_DETAIL], ended.exit_code)
        return ProbeAnswer(False, ended.elapsed_ms, f"{detail}, expected {self.expect}"[:MAX_DETAIL], ended.exit_code)
