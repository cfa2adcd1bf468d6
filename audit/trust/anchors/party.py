"""An append-only place as the queue knows it."""

from dataclasses import dataclass

from audit.models import Anchor as Anchored
from audit.models import Checkpoint
from audit.trust.anchors.places import Anchor, configured
from audit.trust.holders.parties import Place, Store
from plumbing import clock


@dataclass(frozen=True, slots=True)
class AnchorParty:
    """One of the configured places."""

    place: Place
    anchor: Anchor

    def take(self, checkpoint: Checkpoint) -> Store:
        """Write the checkpoint there, unless it is there already. Raises NotAnchored, Contradicted."""
        if Anchored.objects.filter(checkpoint=checkpoint, place=self.place.name).exists():
            return lambda: None
        reference = self.anchor.keep(checkpoint)
        return lambda: _store(checkpoint, self.place.name, reference)


def parties() -> list[AnchorParty]:
    """The configured places. Raises BadSetting."""
    return [AnchorParty(Place("anchor", name, pace), anchor) for name, pace, anchor in configured()]


def _store(checkpoint: Checkpoint, place: str, reference: str) -> None:
    row = {"reference": reference, "time": clock.now()}
    Anchored.objects.get_or_create(checkpoint=checkpoint, place=place, defaults=row)
