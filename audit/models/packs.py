"""Packs that are asked for, made and kept, and files that entries name by digest.

`ledger_pack_part` is append-only like all of the ledger. A job and an attachment are not evidence: what happened to
them is in the ledger, and a job's row may be removed when its file is.
"""

from uuid import uuid4

from django.db import models
from django.db.models import PROTECT, Q

from audit.models.ledger import Octets, Pack, Stream

HEX_DIGITS = 32


def new_uid() -> str:
    """32 hex digits."""
    return uuid4().hex


class PackKind(models.TextChoices):
    """What a pack is about."""

    INCIDENT = "incident", "An incident"
    RUNBOOK = "runbook", "A runbook with its versions and rehearsals"
    APPROVAL = "approval", "An approval"
    PERIOD = "period", "A period"
    PERSON = "person", "A person's access"
    STREAM = "stream", "Another stream"


class PackState(models.TextChoices):
    """How far a pack is that was asked for."""

    QUEUED = "queued", "Queued"  # nobody makes it now
    MAKING = "making", "Being made"  # somebody does, until the lease ends
    DONE = "done", "Ready"
    FAILED = "failed", "Failed"  # it can't be made; the row says why
    CANCELLED = "cancelled", "Cancelled"


class Language(models.TextChoices):
    """Of the report."""

    ENGLISH = "en", "English"
    GERMAN = "de", "German"


class Paper(models.TextChoices):
    """Of the report."""

    A4 = "a4", "A4"
    LETTER = "letter", "Letter"


class PackPart(models.Model):
    """A further stream in a pack of several; the one that the pack is about stands in its own row."""

    pack = models.ForeignKey(Pack, PROTECT, related_name="parts", db_index=False)
    stream = models.ForeignKey(Stream, PROTECT, related_name="pack_parts")
    size = models.BigIntegerField()
    root = Octets(max_length=32)

    class Meta:
        db_table = "ledger_pack_part"
        constraints = [models.UniqueConstraint(fields=["pack", "stream"], name="ledger_pack_part_stream")]

    def __str__(self) -> str:
        return f"part {self.pk} of pack {self.pack_id}"


class PackJob(models.Model):
    """A pack that somebody asked for. `streams` are those it holds, chosen when it was asked for; the first is the one
    that it is about. `tries` is how often somebody began, and the fence of who makes it now."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    kind = models.CharField(max_length=10, choices=PackKind.choices)
    subject = models.CharField(max_length=64, blank=True, help_text="uid of the stream, the approval or the person")
    streams = models.JSONField(help_text="uids")
    since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    audience = models.CharField(max_length=40, blank=True, help_text="for whom; empty: nothing is withheld")
    redaction = models.CharField(max_length=64, blank=True, help_text="uid of an approved set of redactions")
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.ENGLISH)
    paper = models.CharField(max_length=10, choices=Paper.choices, default=Paper.A4)
    zone = models.CharField(max_length=64, blank=True, help_text="stands beside UTC in the report; empty: UTC alone")
    state = models.CharField(max_length=10, choices=PackState.choices, default=PackState.QUEUED)
    asked_by = models.CharField(max_length=64, help_text="actor id")
    asked_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True, help_text="somebody makes it until then")
    doing = models.CharField(max_length=80, blank=True, help_text="what is being done now, in words")
    percent = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    pack = models.OneToOneField(Pack, PROTECT, null=True, blank=True, related_name="job")
    file_size = models.BigIntegerField(default=0, help_text="bytes of the zip")

    class Meta:
        default_permissions = ()
        ordering = ("-pk",)
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(state__in=("queued", "making")), name="packs_to_make"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=PackState.values), name="pack_state_is_known"),
            models.CheckConstraint(condition=Q(kind__in=PackKind.values), name="pack_kind_is_known"),
            models.CheckConstraint(condition=~Q(state="done") | Q(pack__isnull=False), name="pack_done_has_a_pack"),
        ]

    def __str__(self) -> str:
        return f"pack {self.uid}: {self.state}"


class Attachment(models.Model):
    """That an entry names a stored file. Its name is in the entry's field alone, where it can be erased."""

    stream = models.ForeignKey(Stream, PROTECT, related_name="attachments")
    seq = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField(help_text="bytes")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="attachment_place")]

    def __str__(self) -> str:
        return f"file {self.sha256[:12]} of entry {self.seq}"
