"""Filings: reports made under a regime, their values with evidence, and the exact bytes that were approved and sent.

Not append-only: a draft changes. Every change is an entry of the stream, and `Exported` names bytes by digest.
"""

from uuid import uuid4

from django.db import models
from django.db.models import PROTECT, Q

from audit.models.ledger import Octets, Stream


class FilingState(models.TextChoices):
    DRAFT = "draft", "Draft"  # values change
    LEGAL_REVIEW = "legal_review", "Legal review"  # read by whoever is asked to approve exactly these bytes
    APPROVED = "approved", "Approved"  # may be sent, as it is
    SUBMITTED = "submitted", "Submitted"  # a person sent it and said how
    ACKNOWLEDGED = "acknowledged", "Acknowledged"  # the authority confirmed that it has it
    REJECTED = "rejected", "Rejected by the authority"  # it didn't take it; a new one is made
    WITHDRAWN = "withdrawn", "Withdrawn"  # never sent, or taken back from the authority


class Source(models.TextChoices):
    """Where a value comes from."""

    PREFILLED = "prefilled", "From the record"  # a provider read it from ledger entries
    CARRIED = "carried", "From the earlier report"  # the same field of the report before
    ENTERED = "entered", "Entered"  # a person said so, with a reason


UNSENT = (FilingState.DRAFT, FilingState.LEGAL_REVIEW, FilingState.APPROVED)


def filing_uid() -> str:
    return uuid4().hex


class Filing(models.Model):
    """One report of one entity about one stream. `version` counts its changes: who writes names the one they saw."""

    uid = models.CharField(max_length=32, unique=True, default=filing_uid, editable=False)
    stream = models.ForeignKey(Stream, PROTECT, related_name="filings")
    regime = models.CharField(max_length=64)
    stage = models.CharField(max_length=64)
    flags = models.CharField(max_length=64, help_text="the stage whose mandatory flags hold")
    number = models.PositiveSmallIntegerField(default=1, help_text="nth of this stage")
    entity = models.CharField(max_length=64, help_text="uid of the legal entity")
    entity_name = models.CharField(max_length=300)
    state = models.CharField(max_length=16, choices=FilingState.choices, default=FilingState.DRAFT)
    version = models.PositiveIntegerField(default=0)
    scale = models.CharField(max_length=10, help_text="of amounts in the files")
    schema = models.CharField(max_length=20, blank=True, help_text="version of the authority's JSON schema")
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=64)
    changed_at = models.DateTimeField(help_text="when a value changed last")
    digests = models.JSONField(default=dict, help_text="format -> SHA-256 of the bytes that were sent to review")
    why = models.TextField(blank=True, help_text="why it was returned, rejected or withdrawn")
    submitted_at = models.DateTimeField(null=True, help_text="when it was sent, as the sender says")
    submitted_by = models.CharField(max_length=64, blank=True)
    channel = models.CharField(max_length=200, blank=True, help_text="where and how it was sent")
    reference = models.CharField(max_length=200, blank=True, help_text="the authority's, in its own format")
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "filing"
        ordering = ("-pk",)
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(state__in=FilingState.values), name="filing_state_is_known"),
            models.UniqueConstraint(
                fields=["stream", "regime", "stage", "entity"], condition=Q(state__in=UNSENT), name="one_open_filing"
            ),
            models.UniqueConstraint(
                fields=["stream", "regime", "stage", "entity", "number"], name="filing_number_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.regime} {self.stage} {self.number}: {self.entity_name}"

    @property
    def subject(self) -> str:
        """What an approval of it is about."""
        return f"filing/{self.uid}"

    @property
    def is_draft(self) -> bool:
        return self.state == FilingState.DRAFT


class FilingValue(models.Model):
    """The value of one field, or the answer to one circumstance. value None: a person said that it stays empty."""

    filing = models.ForeignKey(Filing, PROTECT, related_name="values_of", db_index=False)
    key = models.CharField(max_length=40, help_text="number of the field, or fact.<circumstance>")
    value = models.JSONField(null=True)
    source = models.CharField(max_length=10, choices=Source.choices)
    provider = models.CharField(max_length=100, blank=True, help_text="which part of the record it was read from")
    supports = models.JSONField(default=list, help_text="[[stream, seq], ...]: entries that bear it out")
    reason = models.TextField(blank=True)
    actor = models.CharField(max_length=64)
    at = models.DateTimeField()
    version = models.PositiveIntegerField(help_text="of the filing, when this was written")

    class Meta:
        db_table = "filing_value"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["filing", "key"], name="one_value_per_field"),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="filing_value_source_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.source}"


class Exported(models.Model):
    """The exact bytes of an export that was sent to review. Named by their digest, and checked against it when read."""

    filing = models.ForeignKey(Filing, PROTECT, related_name="exports", db_index=False)
    form = models.CharField(max_length=8, help_text="json, xlsx or pdf")
    sha256 = models.CharField(max_length=64)
    content = Octets()

    class Meta:
        db_table = "filing_export"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["filing", "form", "sha256"], name="one_export_of_a_digest")]

    def __str__(self) -> str:
        return f"{self.form} {self.sha256[:12]}"
