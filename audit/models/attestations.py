"""Who outside of this portal attests or keeps our checkpoints: how keeping up with them goes, and what anchors took.

Tokens and cosignatures themselves are in ledger_timestamp and ledger_cosignature.
"""

from django.db import models
from django.db.models import PROTECT, Q

from audit.models.ledger import Checkpoint
from audit.states import HolderState


class Holder(models.Model):
    """An outside place and how keeping up with it goes; also the queue: `due` says when it is asked again."""

    kind = models.CharField(max_length=16)  # stamp, witness, anchor
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=HolderState.choices, default=HolderState.KEEPING_UP)
    since = models.DateTimeField()  # of its state
    problem = models.TextField(default="")  # of the last attempt, for people
    tries = models.PositiveIntegerField(default=0)  # that failed since it last held
    due = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)  # somebody asks it now; two at once would ask twice
    checkpoint = models.ForeignKey(Checkpoint, PROTECT, null=True, related_name="+")  # the latest that it holds
    held_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "audit_holder"
        constraints = [
            models.UniqueConstraint(fields=["kind", "name"], name="audit_holder_place"),
            models.CheckConstraint(condition=Q(state__in=HolderState.values), name="audit_holder_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Anchor(models.Model):
    """Says that a checkpoint was written to an append-only place, and where in it."""

    checkpoint = models.ForeignKey(Checkpoint, PROTECT, related_name="anchors", db_index=False)
    place = models.CharField(max_length=200)
    reference = models.TextField()  # where it lies there: an offset, a key and version, a message's id
    time = models.DateTimeField()

    class Meta:
        db_table = "ledger_anchor"
        constraints = [models.UniqueConstraint(fields=["checkpoint", "place"], name="ledger_anchor_place")]

    def __str__(self) -> str:
        return f"{self.place} {self.reference}"
