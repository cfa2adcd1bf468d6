"""Under which name the log is signed: `…/evidence`, and after a loss `…/evidence/2`. One epoch for each name."""

from dataclasses import dataclass

from django.conf import settings

from audit.models import LedgerEpoch


@dataclass(frozen=True, slots=True)
class Epoch:
    """The time in which the log had one name."""

    number: int
    origin: str
    since: int  # checkpoints over more heads than this carry the name


def epochs() -> list[Epoch]:
    """All of them, the first one first."""
    later = LedgerEpoch.objects.order_by("number").values_list("number", "origin", "since")
    return [Epoch(1, settings.LEDGER_ORIGIN, 0), *(Epoch(*row) for row in later)]


def current() -> Epoch:
    """The last one."""
    return epochs()[-1]


def at(size: int) -> Epoch:
    """The one that a checkpoint over `size` heads belongs to."""
    return [epoch for epoch in epochs() if epoch.since < max(size, 1)][-1]
