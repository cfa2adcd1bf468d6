"""Who may see less of the evidence, what is erased, and what must be kept. The history of it all is in the ledger.

People stand here by their actor ids, as in the ledger: this room doesn't know the catalog.
"""

import uuid
from collections.abc import Mapping

from django.db import models
from django.db.models import PROTECT, F, Q, TextChoices

from audit.models.ledger import Stream

ACTOR_LENGTH = 44
LONGEST_SAID = 500


def new_uid() -> str:
    """32 hex digits that nobody can guess or count."""
    return uuid.uuid4().hex


class RedactionState(TextChoices):
    DRAFT = "draft", "Draft"  # choices are being made
    ASKED = "asked", "Asked"  # waits for a second person
    APPROVED = "approved", "Approved"  # may be used for packs of exactly this
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ErasureState(TextChoices):
    ASKED = "asked", "Asked"  # waits for a second person
    APPROVED = "approved", "Approved"  # is being carried out; the sweep goes on with what a crash left
    DONE = "done", "Done"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ErasureKind(TextChoices):
    PERSON = "person", "A person"
    WORDS = "words", "Words"
    FIELDS = "fields", "Fields of entries"
    RETENTION = "retention", "What is past its time"


class HoldState(TextChoices):
    ACTIVE = "active", "Holds"
    LIFTING = "lifting", "Somebody asks to lift it"  # it still holds
    LIFTED = "lifted", "Lifted"


R, E, H = RedactionState, ErasureState, HoldState
MOVES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "redaction": {
        R.DRAFT: frozenset({R.ASKED, R.WITHDRAWN}),
        R.ASKED: frozenset({R.APPROVED, R.REJECTED, R.WITHDRAWN, R.DRAFT}),
        R.APPROVED: frozenset({R.WITHDRAWN, R.DRAFT}),  # a change, or growth of the stream, voids the approval
        R.REJECTED: frozenset({R.DRAFT, R.WITHDRAWN}),
        R.WITHDRAWN: frozenset(),
    },
    "erasure": {
        E.ASKED: frozenset({E.APPROVED, E.REJECTED, E.WITHDRAWN}),
        E.APPROVED: frozenset({E.DONE}),
        E.DONE: frozenset(),
        E.REJECTED: frozenset(),
        E.WITHDRAWN: frozenset(),
    },
    "hold": {
        H.ACTIVE: frozenset({H.LIFTING}),
        H.LIFTING: frozenset({H.ACTIVE, H.LIFTED}),
        H.LIFTED: frozenset(),
    },
}
"""What leads where, by the word for the thing."""


class RedactionSet(models.Model):
    """What one audience is to see of one stream: a profile and choices by hand, approved by a second person.

    `digest` binds what was asked for: stream, size, its head, and each withheld field with its reason."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    stream = models.ForeignKey(Stream, PROTECT, related_name="redaction_sets")
    audience = models.CharField(max_length=40)
    purpose = models.CharField(max_length=LONGEST_SAID, help_text="for whom and why")
    choices = models.JSONField(default=list, help_text='[{"seq", "name", "then", "reason"}], by hand')
    state = models.CharField(max_length=10, choices=RedactionState.choices, default=RedactionState.DRAFT)
    size = models.BigIntegerField(default=0, help_text="entries of the stream when it was asked for")
    withheld = models.PositiveIntegerField(default=0, help_text="fields that were to be withheld then")
    digest = models.CharField(max_length=64, blank=True)
    author = models.CharField(max_length=ACTOR_LENGTH)
    made_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    decider = models.CharField(max_length=ACTOR_LENGTH, blank=True)
    decided_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=LONGEST_SAID, blank=True, help_text="why it was approved, or not")

    class Meta:
        default_permissions = ()
        ordering = ("-made_at", "-pk")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RedactionState.values), name="redaction_state_is_known"),
            models.CheckConstraint(condition=~Q(decider=F("author")), name="redaction_has_four_eyes"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} for {self.audience}: {self.state}"


class ErasureRequest(models.Model):
    """What is to be erased, and what became of it. `terms` is sealed, and emptied as soon as it isn't needed."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    kind = models.CharField(max_length=10, choices=ErasureKind.choices)
    subject = models.CharField(max_length=ACTOR_LENGTH, blank=True, help_text="actor id of the person it is about")
    terms = models.TextField(blank=True, help_text="what was looked for, sealed; empty once it is over")
    covers = models.JSONField(default=dict, help_text="stream uid -> [[seq, field], …]")
    copies = models.JSONField(default=list, help_text='[{"room", "what", "stream", "count"}], without values')
    digest = models.CharField(max_length=64, help_text="of terms and covers, as they were asked for")
    reason = models.CharField(max_length=LONGEST_SAID)
    state = models.CharField(max_length=10, choices=ErasureState.choices, default=ErasureState.ASKED)
    author = models.CharField(max_length=ACTOR_LENGTH)
    asked_at = models.DateTimeField()
    decider = models.CharField(max_length=ACTOR_LENGTH, blank=True)
    decided_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=LONGEST_SAID, blank=True)
    done_at = models.DateTimeField(null=True)
    outcome = models.JSONField(default=dict, help_text="what was erased, and what is out of reach")

    class Meta:
        default_permissions = ()
        ordering = ("-asked_at", "-pk")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ErasureState.values), name="erasure_state_is_known"),
            models.CheckConstraint(condition=~Q(decider=F("author")), name="erasure_has_four_eyes"),
            models.CheckConstraint(
                condition=Q(terms="") | Q(state__in=[ErasureState.ASKED, ErasureState.APPROVED]),
                name="erasure_forgets_its_terms",
            ),
        ]

    def __str__(self) -> str:
        return f"erasure {self.uid[:8]}: {self.state}"


class Hold(models.Model):
    """A legal hold: nothing of the stream is erased while it stands. One person sets it, two lift it."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    stream = models.ForeignKey(Stream, PROTECT, related_name="holds")
    matter = models.CharField(max_length=120, help_text="what it is called: Inquiry 2026-14")
    reason = models.CharField(max_length=LONGEST_SAID)
    state = models.CharField(max_length=10, choices=HoldState.choices, default=HoldState.ACTIVE)
    setter = models.CharField(max_length=ACTOR_LENGTH)
    set_at = models.DateTimeField()
    asker = models.CharField(max_length=ACTOR_LENGTH, blank=True, help_text="who asks to lift it")
    asked_at = models.DateTimeField(null=True)
    why_lift = models.CharField(max_length=LONGEST_SAID, blank=True)
    lifter = models.CharField(max_length=ACTOR_LENGTH, blank=True)
    lifted_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=LONGEST_SAID, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("-set_at", "-pk")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=HoldState.values), name="hold_state_is_known"),
            models.CheckConstraint(condition=Q(lifter="") | ~Q(lifter=F("asker")), name="hold_has_four_eyes"),
            models.UniqueConstraint(
                fields=["stream", "matter"], condition=~Q(state=HoldState.LIFTED), name="one_hold_per_matter"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.matter}: {self.stream}"


class Keeping(models.Model):
    """The retention class that somebody chose for a stream; without a row the data file says which."""

    stream = models.OneToOneField(Stream, PROTECT, related_name="keeping")
    retention = models.CharField(max_length=40)
    reason = models.CharField(max_length=LONGEST_SAID)
    by = models.CharField(max_length=ACTOR_LENGTH)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.stream}: {self.retention}"
