"""Legal entities, an institution's own regimes in versions, and clocks. Their history is in the ledger.

Mutable: entities and clocks say how things stand now, derived or decided; stream `regulation` and the streams of the
incidents say how they came to be so.
"""

from uuid import uuid4

from django.db import models
from django.db.models import PROTECT, F, Q

from audit.models.ledger import Stream


class Nis2Status(models.TextChoices):
    UNKNOWN = "", "Not determined yet"
    NONE = "none", "Neither essential nor important"
    ESSENTIAL = "essential", "Essential entity"
    IMPORTANT = "important", "Important entity"


class VersionState(models.TextChoices):
    PROPOSED = "proposed", "Proposed"  # waits for a second person
    IN_FORCE = "in_force", "In force"
    RETIRED = "retired", "Retired"  # another version took its place
    REFUSED = "refused", "Refused"


class ClockState(models.TextChoices):
    RUNNING = "running", "Running"
    LATE = "late", "Late"  # the legal limit passed, and nothing was submitted
    MET = "met", "Met"
    MET_LATE = "met_late", "Met late"
    NOT_NEEDED = "not_needed", "Not needed"  # a person said so, with a reason
    VOID = "void", "Void"  # what had started it no longer holds


OPEN_CLOCKS = (ClockState.RUNNING, ClockState.LATE)


def new_uid() -> str:
    return uuid4().hex


class LegalEntity(models.Model):
    """Who owes reports. `version` counts its changes: who saves names the one they saw."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    name = models.CharField(max_length=200, unique=True)
    lei = models.CharField(max_length=20, blank=True, help_text="ISO 17442; empty where there is none")
    types = models.JSONField(default=list, help_text="codes of audit/regimes/data/terms.yaml")
    home_state = models.CharField(max_length=2, blank=True, help_text="ISO 3166 alpha-2")
    other_states = models.JSONField(default=list, help_text="where it also does business")
    zone = models.CharField(max_length=64, default="UTC", help_text="in whose days its limits end")
    country = models.CharField(max_length=2, help_text="whose public holidays it keeps")
    subdivision = models.CharField(max_length=10, blank=True)
    days_off = models.JSONField(default=list, help_text="ISO dates beside the public holidays")
    currency = models.CharField(max_length=3, default="EUR")
    nis2 = models.CharField(max_length=10, choices=Nis2Status.choices, blank=True, default="")
    significant = models.BooleanField(null=True, help_text="designated as significant or systemic; null: unknown")
    count_home_state = models.BooleanField(default=True, help_text="in the geographical spread")
    parent_name = models.CharField(max_length=200, blank=True)
    parent_lei = models.CharField(max_length=20, blank=True)
    services = models.JSONField(default=list, help_text="slugs of the services that are its")
    teams = models.JSONField(default=list, help_text="slugs of the teams whose services are its")
    decided = models.JSONField(default=dict, help_text="regime -> {applies, reason}: where a person decided")
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "legal_entity"
        ordering = ("name",)
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["lei"], condition=~Q(lei=""), name="one_entity_per_lei"),
            models.CheckConstraint(condition=Q(nis2__in=Nis2Status.values), name="entity_nis2_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


class RegimeVersion(models.Model):
    """One version of one regime of the institution's own."""

    slug = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    text = models.TextField()
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=VersionState.choices, default=VersionState.PROPOSED)
    author = models.CharField(max_length=64, help_text="actor id")
    note = models.CharField(max_length=500, help_text="why it is changed")
    proposed_at = models.DateTimeField()
    decider = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "regime_version"
        ordering = ("slug", "-number")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["slug", "number"], name="regime_number_is_unique"),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(state=VersionState.IN_FORCE), name="one_regime_version_in_force"
            ),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(state=VersionState.PROPOSED), name="one_proposed_regime_version"
            ),
            models.CheckConstraint(condition=Q(state__in=VersionState.values), name="regime_version_state_is_known"),
            models.CheckConstraint(condition=~Q(decider=F("author")), name="regime_version_has_four_eyes"),
        ]

    def __str__(self) -> str:
        return f"{self.slug} v{self.number}"


class Clock(models.Model):
    """When one report of one entity about one stream is due. Derived from the stream's entries; see regimes.keeping."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    stream = models.ForeignKey(Stream, PROTECT, related_name="clocks", db_index=False)
    entity = models.ForeignKey(LegalEntity, PROTECT, related_name="clocks")
    regime = models.CharField(max_length=64)
    stage = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=ClockState.choices, default=ClockState.RUNNING)
    start_event = models.CharField(max_length=80)
    start_seq = models.BigIntegerField(help_text="entry of the stream that started it")
    is_presumed = models.BooleanField(default=False, help_text="the moment is presumed; nobody has stated it")
    started_at = models.DateTimeField()
    legal_at = models.DateTimeField(null=True, help_text="null: the rule gives no moment")
    safe_at = models.DateTimeField(null=True, help_text="exact hour, no weekend extension")
    limit = models.CharField(max_length=40)
    because = models.JSONField(default=list)
    met_at = models.DateTimeField(null=True)
    met_seq = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=2_000, blank=True, help_text="why it isn't needed")
    told = models.JSONField(default=list, help_text="reminders that were sent")
    next_at = models.DateTimeField(null=True, db_index=True, help_text="when the sweep looks at it again")

    class Meta:
        db_table = "regulation_clock"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["stream", "entity", "regime", "stage"], name="one_clock_per_report"),
            models.CheckConstraint(condition=Q(state__in=ClockState.values), name="clock_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.regime} {self.stage}: {self.state}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to submit something."""
        return self.state in OPEN_CLOCKS
