"""Commands of the toolbox: which program a runbook's words are, and running it.

Needed by runbooks (action `command`) and plumbing (probe `command`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plumbing import processes, toolbox
from plumbing.processes import Ended, Limits, NotStarted
from plumbing.toolbox import Command

MOST_WORDS = 50
LONGEST_WORD = 1_000  # characters


@dataclass(frozen=True)
class Prepared:
    """A command with everything filled in: what would be run."""

    name: str
    command: Command
    argv: tuple[str, ...]


def with_words(given: Any) -> Any:
    """Fields in which the numbers in `run` are words: an input of type integer is one on a command line."""
    words = given.get("run") if isinstance(given, Mapping) else None
    if not isinstance(words, list):
        return given
    return {**given, "run": [str(word) if type(word) in (int, float) else word for word in words]}


def prepare(words: Sequence[str]) -> Prepared:
    """The command that `words` name, if each further word is one that the operator allowed.

    Raises NotInToolbox, SecretRefused, NotStarted."""
    name, given = words[0], list(words[1:])
    command = toolbox.take("commands", name, Command)
    if len(given) < len(command.args) or (len(given) > len(command.args) and not command.more):
        least = f"{len(command.args)}{' or more' if command.more else ''}"
        raise NotStarted(f"{name} takes {least} words after its name, found {len(given)}.")
    if len(given) > MOST_WORDS:
        raise NotStarted(f"{name}: found {len(given)} words, expected at most {MOST_WORDS}.")
    for place, word in enumerate(given):
        pattern = command.args[place] if place < len(command.args) else command.more
        _check_word(name, place + 1, word, pattern, command.options)
    return Prepared(name, command, (*command.run, *given))


def _check_word(name: str, place: int, word: str, pattern: str, options: bool) -> None:
    where = f"{name}, word {place}"
    if len(word) > LONGEST_WORD or "\x00" in word:
        raise NotStarted(f"{where}: expected at most {LONGEST_WORD} characters, none of them a zero.")
    if word.startswith("-") and not options:
        raise NotStarted(f"{where}: {word!r} begins with -, and the toolbox allows no options here.")
    try:
        fits = re.fullmatch(pattern, word)
    except re.error as error:
        raise toolbox.BadToolbox(f"[commands.{name}]: {pattern!r} is no pattern: {error}.") from None
    if not fits:
        raise NotStarted(f"{where}: {word!r} is not what the toolbox allows there ({pattern}).")


def perform(
    prepared: Prepared,
    *,
    deadline_s: float,
    say: Callable[[str], None] = lambda text: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Ended:
    """Run it to its end, or until it must end. Raises NotStarted."""
    command = prepared.command
    options: dict[str, Any] = {"say": say, "should_stop": should_stop, "folder": command.folder, "env": command.env}
    limits = Limits(command.cpu_s, command.memory_mb, command.file_mb, command.files)
    return processes.run(prepared.argv, deadline_s=deadline_s, limits=limits, **options)
