"""Tables of trust: which keys sign the ledger, under which name, how signing goes, and what the nightly audit found."""

from django.db import models
from django.db.models import PROTECT, Q

from audit.models.ledger import Octets


class SigningState(models.TextChoices):
    """How signing goes."""

    WELL = "well", "Signing"  # the last checkpoint was signed
    AWAY = "away", "Signer away"  # it doesn't answer, or can't sign: heads wait for it
    REFUSED = "refused", "Refused"  # the signer signed another history than this database holds


class AuditState(models.TextChoices):
    """How far a pass over the whole ledger has come."""

    RUNNING = "running", "Running"
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"


class LedgerKey(models.Model):
    """A public log key. It signs checkpoints over more than `since` heads. Append-only."""

    public = Octets(max_length=32, unique=True)
    since = models.BigIntegerField()
    added = models.DateTimeField()
    entry = models.UUIDField(null=True)  # key.added of the stream portal; none for the first key

    class Meta:
        db_table = "ledger_key"

    def __str__(self) -> str:
        return bytes(self.public).hex()[:16]


class LedgerKeyRetirement(models.Model):
    """Says that a key signs no checkpoint over more than `until` heads. Append-only."""

    key = models.OneToOneField(LedgerKey, PROTECT, related_name="retirement")
    until = models.BigIntegerField()
    retired = models.DateTimeField()
    entry = models.UUIDField()

    class Meta:
        db_table = "ledger_key_retirement"

    def __str__(self) -> str:
        return f"until {self.until}"


class LedgerEpoch(models.Model):
    """A new name for the log, after what was signed under the old one was lost. Append-only.

    Checkpoints over more than `since` heads carry this origin. lost_size and lost_root: the last that the signer had
    signed under the old origin, which this database can't continue."""

    number = models.IntegerField(unique=True)
    origin = models.CharField(max_length=200, unique=True)
    since = models.BigIntegerField()
    lost_size = models.BigIntegerField()
    lost_root = Octets(max_length=32)
    opened = models.DateTimeField()
    entry = models.UUIDField()

    class Meta:
        db_table = "ledger_epoch"
        constraints = [models.CheckConstraint(condition=Q(number__gte=2), name="ledger_epoch_number")]

    def __str__(self) -> str:
        return self.origin


class Signing(models.Model):
    """How signing goes: one row. Its moves are audit.trust.watch's."""

    state = models.CharField(max_length=10, choices=SigningState.choices, default=SigningState.WELL)
    since = models.DateTimeField()
    detail = models.TextField(blank=True)

    class Meta:
        db_table = "trust_signing"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="trust_signing_one"),
            models.CheckConstraint(condition=Q(state__in=SigningState.values), name="trust_signing_state"),
        ]

    def __str__(self) -> str:
        return self.state


class AuditRun(models.Model):
    """One pass over the whole ledger, in slices. `place` is where the next slice begins (audit.nightly)."""

    state = models.CharField(max_length=10, choices=AuditState.choices, default=AuditState.RUNNING)
    started = models.DateTimeField()
    finished = models.DateTimeField(null=True)
    turn = models.BigIntegerField(default=0)  # of two that work on it at once, one loses
    place = models.JSONField(default=dict)
    streams = models.IntegerField(default=0)
    entries = models.BigIntegerField(default=0)
    findings = models.JSONField(default=list)

    class Meta:
        db_table = "trust_audit_run"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=AuditState.values), name="trust_audit_run_state"),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=AuditState.RUNNING), name="trust_audit_run_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.started:%Y-%m-%d %H:%M}"


class Finding(models.Model):
    """Something wrong that people were told about: once, however often it is found again."""

    place = models.CharField(max_length=200, unique=True)
    sentence = models.TextField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    alarm = models.CharField(max_length=200, blank=True)  # what was raised about it: an incident's reference

    class Meta:
        db_table = "trust_finding"

    def __str__(self) -> str:
        return self.place
