"""`log`: whether a line that matches has appeared in a file since the first question.

The first question notes the end of the file and reads nothing; later ones read what came since, across a rotation that
moves or empties the file. Whoever asks may begin earlier, with the memo of a baseline.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from plumbing import toolbox
from plumbing.documented import BadField, about
from plumbing.expressions import ExpressionError, evaluate
from plumbing.printed import cleaned
from plumbing.probing.base import ProbeAnswer, Question, Stopwatch, read_fields
from plumbing.secrets import hidden

MOST_BYTES = 1_000_000  # that one question reads; the next goes on from there
LONGEST_LINE = 2_000  # characters of a line that are looked at
LONGEST_PATTERN = 500
SHOWN = 200
BATCH = 200  # lines that one evaluation looks at


@dataclass(frozen=True)
class Log(Question):
    kind: ClassVar = "log"
    file: str = about("its full path, in a folder of the toolbox's [logs]")
    matches: str = about("pattern (RE2) that a part of the line matches")

    @classmethod
    def read(cls, given: Any) -> Self:
        found: Self = read_fields(cls, given)
        if not Path(found.file).is_absolute():
            raise BadField("file", f"found {found.file!r}, expected a full path")
        if not 0 < len(found.matches) <= LONGEST_PATTERN:
            raise BadField("matches", f"expected a pattern of 1 to {LONGEST_PATTERN} characters")
        try:
            matching([""], found.matches)
        except ExpressionError:
            raise BadField("matches", f"found {found.matches!r}, expected a pattern as RE2 knows them") from None
        return found

    @property
    def source(self) -> str:
        return f"log {self.file}"

    @property
    def target(self) -> str:
        return self.file

    def ask(self, timeout_s: float, memo: Mapping[str, Any]) -> ProbeAnswer:
        took, path = Stopwatch(), allowed(self.file)
        if "line" in memo:  # what was written stays written
            return ProbeAnswer(True, took.ms, str(memo["line"]), memo["line"], memo=memo)
        try:
            with path.open("rb") as log:
                found = os.fstat(log.fileno())
                begin = _begin(memo, found)
                log.seek(begin)
                data = log.read(MOST_BYTES)
        except FileNotFoundError:  # it may come: all of it is new then
            memo = {"position": 0, "inode": 0}
            return ProbeAnswer(False, took.ms, "the file doesn't exist", memo=memo)
        except OSError as error:
            return ProbeAnswer(False, took.ms, f"can't be read: {error.strerror}", memo=memo)
        whole, _, rest = data.rpartition(b"\n")
        read = len(data) if len(rest) == len(data) == MOST_BYTES else len(data) - len(rest)
        memo = {"position": begin + read, "inode": found.st_ino}
        lines = [line[:LONGEST_LINE] for line in whole.decode("utf-8", "replace").splitlines()]
        for start in range(0, len(lines), BATCH):
            if seen := matching(lines[start : start + BATCH], self.matches):
                line = hidden(cleaned(seen[0]))[:SHOWN]
                return ProbeAnswer(True, took.ms, line, line, memo={**memo, "line": line})
        return ProbeAnswer(False, took.ms, f"no line that matches in {read} new bytes", memo=memo)


def _begin(memo: Mapping[str, Any], found: os.stat_result) -> int:
    """Where to read on: at the end on the first question, at the beginning when it is another or a shorter file."""
    if "position" not in memo:
        return found.st_size
    position, inode = int(memo["position"]), int(memo.get("inode", found.st_ino))
    return position if inode == found.st_ino and position <= found.st_size else 0


def matching(lines: list[str], pattern: str) -> list[str]:
    """The lines that match. RE2: the time grows with the text, whatever the pattern. Raises ExpressionError."""
    found: list[str] = evaluate("lines.filter(l, l.matches(pattern))", {"lines": lines, "pattern": pattern})
    return found


def allowed(file: str) -> Path:
    """The real path, links followed. Raises NotInToolbox unless it is in a folder that the operator opened."""
    path = Path(file).resolve()
    folders = {name: Path(logs.folder).resolve() for name, logs in toolbox.everything("logs", toolbox.Logs).items()}
    if not any(path.is_relative_to(folder) for folder in folders.values()):
        raise toolbox.NotInToolbox("logs", f"… with the folder of {path}", tuple(map(str, folders.values())))
    return path
