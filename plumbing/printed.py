"""What a program prints: bounded, cleaned of what no page or database can hold, and free of secrets.

Needed by plumbing.processes; pure but for the secrets of the current watch.
"""

import codecs
import re
from collections.abc import Callable

from plumbing.secrets import hidden

HALF = 64 * 1024  # bytes kept of the beginning, and of the end
LONGEST_LINE = 2_000  # characters that are shown live
MOST_LIVE = 64_000  # characters that are shown live, all in all
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def cleaned(text: str) -> str:
    """The text without colours and control characters. Line breaks and tabs stay."""
    return _CONTROL.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def shortened(text: str, longest: int) -> str:
    """Beginning and end of a text, and how much was left out between them."""
    if len(text) <= longest:
        return text
    mark = f"\n… {len(text) - longest} characters left out …\n"
    half = max(longest - len(mark), 2) // 2
    return f"{text[:half]}{mark}{text[-half:]}"


class Kept:
    """The beginning and the end of an output, however long it is."""

    def __init__(self) -> None:
        self._head, self._tail, self._dropped = bytearray(), bytearray(), 0

    def add(self, data: bytes) -> None:
        """Take in a piece."""
        room = HALF - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > HALF:
            self._dropped += len(self._tail) - HALF
            del self._tail[:-HALF]

    def text(self) -> str:
        """All of it as text. At the gap whole lines, or much, are left out: half a secret would not be recognised."""
        if not self._dropped:
            return _readable(self._head + self._tail)
        head, tail = _readable(self._head), _readable(self._tail)
        head = head[: head.rfind("\n")] if "\n" in head else head[: len(head) // 2]
        tail = tail[tail.find("\n") + 1 :] if "\n" in tail else tail[len(tail) // 2 :]
        return f"{head}\n… about {self._dropped} bytes left out …\n{tail}"


def _readable(data: bytearray) -> str:
    return hidden(cleaned(data.decode("utf-8", "replace")))


class Lines:
    """Hands whole lines of several outputs on as they come, until there were too many."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._left = say, MOST_LIVE
        self._begun: dict[str, str] = {}
        self._decoders: dict[str, codecs.IncrementalDecoder] = {}

    def add(self, name: str, data: bytes) -> None:
        """A piece of the output `name`."""
        if self._left <= 0:
            return
        decoder = self._decoders.setdefault(name, codecs.getincrementaldecoder("utf-8")("replace"))
        whole, _, rest = (self._begun.get(name, "") + decoder.decode(data)).rpartition("\n")
        if len(rest) > HALF:
            whole, rest = f"{whole}\n{rest}", ""
        self._begun[name] = rest
        self._tell(whole)

    def close(self) -> None:
        """Hand on what was begun."""
        for rest in self._begun.values():
            self._tell(rest)
        self._begun = {}

    def _tell(self, text: str) -> None:
        lines = [line[:LONGEST_LINE] for line in hidden(cleaned(text)).split("\n") if line.strip()]
        shown = "\n".join(lines)[: max(self._left, 0)]
        if not shown:
            return
        self._left -= len(shown)
        if self._left <= 0:
            shown += "\n… more than 64,000 characters; the rest isn't shown live."
        self._say(f"{shown}\n")
