"""The end of what a step's newest attempt printed: bounded, whatever it printed in all."""

from dataclasses import dataclass

from django.db.models import Max

from runbooks.models import Attempt, OutputChunk, StepRun
from runbooks.states import OPEN_ATTEMPTS

MOST_CHUNKS = 200  # of the newest
MOST_CHARACTERS = 16_000


@dataclass(frozen=True)
class Tail:
    """text: the newest part. is_cut: there was more before it. is_live: more may come. attempt: the one that prints."""

    attempt: Attempt
    text: str
    is_cut: bool
    is_live: bool

    @property
    def lines(self) -> int:
        return self.text.count("\n") + (not self.text.endswith("\n")) if self.text else 0


def tail_of(row: StepRun) -> Tail | None:
    """What the newest attempt that printed something printed last; None when nothing ever did."""
    newest = OutputChunk.objects.filter(attempt__step_run=row).aggregate(newest=Max("attempt"))["newest"]
    live = row.attempts.filter(state__in=[state.value for state in OPEN_ATTEMPTS]).order_by("-pk").first()
    if newest is None and live is None:
        return None
    attempt = live if live is not None and (newest is None or live.pk >= newest) else row.attempts.get(pk=newest)
    chunks = list(attempt.chunks.order_by("-number").values_list("number", "text")[:MOST_CHUNKS])
    text = "".join(part for _, part in reversed(chunks))
    is_cut = len(text) > MOST_CHARACTERS or (bool(chunks) and chunks[-1][0] > 1)
    return Tail(attempt, text[-MOST_CHARACTERS:], is_cut, attempt == live)
