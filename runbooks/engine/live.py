"""What an action prints, while it prints it: rows that pages read, bounded per attempt and per second.

A page of a step asks each second, so nobody is rung. Written outside of the step's transactions. Only whole lines go
out early: of a secret that is cut in two, neither half would be recognised.
"""

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError
from django.db.models import Max

from plumbing import clock
from plumbing.database import atomic
from runbooks.models import Attempt, OutputChunk

log = logging.getLogger(__name__)

EVERY_S = 0.25  # between two rows of one attempt
LONGEST_ROW = 16_000  # characters
MOST = 256_000  # characters of one call of an attempt; then a last row says that there was more
CUT = "\n… more was printed; the outcome has its own copy …\n"


def _as_it_is(text: str) -> str:
    return text


class Voice:
    """Takes what one attempt says, and writes it now and then. Never raises: output must not fail a step."""

    def __init__(self, attempt: Attempt) -> None:
        self.redact: Callable[[str], str] = _as_it_is
        self._attempt = attempt
        self._waiting: list[str] = []
        self._written_at = time.monotonic()
        self._room = MOST
        self._number: int | None = None

    def say(self, text: str) -> None:
        """Hear a piece of text."""
        if self._room <= 0 or not text:
            return
        self._waiting.append(text)
        self.breathe()

    def breathe(self) -> None:
        """Write what has waited long enough, also when nothing more is said: the last line before a silence matters."""
        if self._waiting and time.monotonic() - self._written_at >= EVERY_S:
            self._write(whole_lines=True)

    def close(self) -> None:
        """Write the rest."""
        if self._waiting:
            self._write(whole_lines=False)

    def _write(self, *, whole_lines: bool) -> None:
        text, rest = "".join(self._waiting), ""
        if whole_lines:
            text, newline, rest = text.rpartition("\n")
            text += newline
        self._waiting = [rest] if rest else []
        self._written_at = time.monotonic()
        text = self.redact(text).replace("\x00", "")
        if not text:
            return
        self._room -= len(text)
        if self._room <= 0:
            text, self._waiting = text[: self._room] + CUT if self._room else text + CUT, []
        try:
            self._store(text)
        except DatabaseError as error:
            log.warning("Output of attempt %s lost: %s: %s", self._attempt.pk, type(error).__name__, error)

    def _store(self, text: str) -> None:
        with atomic():
            if self._number is None:
                newest = OutputChunk.objects.filter(attempt=self._attempt).aggregate(newest=Max("number"))["newest"]
                self._number = newest or 0
            at, rows = clock.now(), []
            for first in range(0, len(text), LONGEST_ROW):
                self._number += 1
                part = text[first : first + LONGEST_ROW]
                rows.append(OutputChunk(attempt=self._attempt, number=self._number, at=at, text=part))
            OutputChunk.objects.bulk_create(rows)
