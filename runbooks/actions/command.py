"""`command`: runs a program that the operator allowed, as a limited child process. Never a shell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from plumbing import commands
from plumbing.printed import shortened
from plumbing.processes import Ended
from runbooks.actions.base import Action, Context, Done, Failed, Outcome, about, fill
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig

KEPT_STDOUT = 8_000  # characters; both together stay below what a step may keep, however they are escaped
KEPT_STDERR = 2_000


@dataclass(frozen=True)
class CommandConfig:
    run: list[str] = about("name of a command in the toolbox, and the words that follow it")
    expect: Any = about("exit codes that mean success: 0, or a list such as [0, 2]", default=0)

    @property
    def codes(self) -> list[Any]:
        """What `expect` lists."""
        return self.expect if isinstance(self.expect, list) else [self.expect]


class Command(Action[CommandConfig]):
    kind: ClassVar = "command"
    title: ClassVar = "Command"
    human: ClassVar = False
    config: ClassVar = CommandConfig

    def parse(self, given: Mapping[str, Any]) -> CommandConfig:
        config = fill(CommandConfig, commands.with_words(given), action=self.kind)
        if not config.run:
            raise BadConfig(self.kind, "run", "found nothing, expected the name of a command and its words")
        for code in config.codes:
            if type(code) is not int or not 0 <= code <= 255:
                raise BadConfig(self.kind, "expect", f"found {code!r}, expected exit codes of 0 to 255")
        return config

    def perform(self, config: CommandConfig, context: Context) -> Outcome:
        prepared = commands.prepare(config.run)
        ended = commands.perform(
            prepared, deadline_s=context.deadline_s, say=context.say, should_stop=context.should_stop
        )
        output = _output(ended)
        if ended.cut:
            why = "was stopped" if ended.cut == "stopped" else f"did not end within {context.deadline_s:g} s"
            effect = Effect.UNKNOWN if prepared.command.changes else Effect.NONE
            return Failed(f"{prepared.name} {why}.", retryable=True, effect=effect, output=output)
        if ended.exit_code in config.codes:
            return Done(output)
        effect = Effect.MAYBE if prepared.command.changes else Effect.NONE
        last = ended.stderr.strip().rpartition("\n")[2][:200]
        error = f"{prepared.name} {ended.how}, expected {config.expect}{f': {last}' if last else ''}"
        return Failed(f"{error.rstrip('.')}.", retryable=True, effect=effect, output=output)

    def source(self, config: CommandConfig) -> str:
        return f"command {config.run[0]}"

    def preview(self, config: CommandConfig, context: Context) -> str:
        prepared = commands.prepare(config.run)
        command = prepared.command
        limits = f"{context.deadline_s:g} s, {command.memory_mb} MB, {command.cpu_s} s of processor time"
        return f"Run {json.dumps(prepared.argv)} in {command.folder} with at most {limits}."


def _output(ended: Ended) -> dict[str, Any]:
    """What is kept: `json` in place of `stdout` when all of it is JSON."""
    output: dict[str, Any] = {"exit_code": ended.exit_code, "elapsed_ms": ended.elapsed_ms}
    output["stderr"] = shortened(ended.stderr, KEPT_STDERR)
    if len(ended.stdout) <= KEPT_STDOUT and ended.stdout.lstrip()[:1] in ("{", "["):
        try:
            return output | {"json": json.loads(ended.stdout)}
        except (ValueError, RecursionError):
            pass  # it only begins like JSON
    return output | {"stdout": shortened(ended.stdout, KEPT_STDOUT)}
