"""States of what this room keeps moving, and which state may follow which. Words alone: no queries, no clock."""

from django.db.models import TextChoices


class HolderState(TextChoices):
    """How keeping up with an authority, a witness or an anchor goes."""

    KEEPING_UP = "keeping_up", "Keeps up"  # the last attempt succeeded, or none was made yet
    FAILING = "failing", "Doesn't answer as it should"  # tried again, at growing distances
    CONTRADICTING = "contradicting", "Knows another history"  # a person must look; tried again all the same


HOLDER_MOVES: dict[HolderState, frozenset[HolderState]] = {
    HolderState.KEEPING_UP: frozenset({HolderState.FAILING, HolderState.CONTRADICTING}),
    HolderState.FAILING: frozenset({HolderState.KEEPING_UP, HolderState.CONTRADICTING}),
    HolderState.CONTRADICTING: frozenset({HolderState.KEEPING_UP, HolderState.FAILING}),
}
