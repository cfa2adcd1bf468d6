"""Runbooks, their immutable versions, and what happened when one ran."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models import HEX_DIGITS, Team, new_uid
from runbooks.states import OPEN_ATTEMPTS, AttemptState, RunState, StepState


class VersionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"  # never changes again
    RETIRED = "retired", "Retired"  # no new run may start


class RunMode(models.TextChoices):
    LIVE = "live", "Live"
    REHEARSAL = "rehearsal", "Rehearsal"


class AttemptKind(models.TextChoices):
    ACT = "act", "Act"
    VERIFY = "verify", "Verify"


class Runbook(models.Model):
    """A plan that a team keeps; its versions hold the text."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=4_000)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="runbooks")

    class Meta:
        ordering = ("title",)
        default_permissions = ()

    def __str__(self) -> str:
        return self.title

    @property
    def stream(self) -> str:
        """uid of the ledger stream that keeps its versions' history."""
        return f"rbk_{self.uid}"


class RunbookVersion(models.Model):
    """One text of a runbook. `digest` is the SHA-256 of `source` in UTF-8; published, it never changes."""

    runbook = models.ForeignKey(Runbook, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    source = models.TextField()
    digest = models.CharField(max_length=64)
    model = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=VersionState.choices, default=VersionState.DRAFT)
    created_at = models.DateTimeField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)
    publisher = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-number",)
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["runbook", "number"], name="one_version_per_number"),
            models.CheckConstraint(condition=Q(state__in=VersionState.values), name="version_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.runbook} v{self.number}"


class Run(models.Model):
    """One execution of one version. Its history is in `stream`, usually an incident's."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    version = models.ForeignKey(RunbookVersion, on_delete=models.PROTECT, related_name="runs")
    stream = models.CharField(max_length=40, db_index=True)
    mode = models.CharField(max_length=10, choices=RunMode.choices, default=RunMode.LIVE)
    environment = models.CharField(max_length=40, default="production")
    state = models.CharField(max_length=10, choices=RunState.choices(), default=RunState.RUNNING)
    why = models.CharField(max_length=300, blank=True, help_text="why it ended as it did")
    inputs = models.JSONField(default=dict)
    context = models.JSONField(default=dict, help_text='what its starter lets expressions see: {"incident": {...}}')
    teams = models.ManyToManyField(Team, related_name="runs")
    starter = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    shapers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", help_text="who changed inputs or asked for another try"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-started_at",)
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in RunState]), name="run_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.version}, {self.state}"


class StepRun(models.Model):
    """One step in one run. `step` is its id in the definition, `position` its place in the author's order."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=60)
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=StepState.choices(), default=StepState.WAITING)
    why = models.CharField(max_length=500, blank=True, help_text="why it is in this state, for the reader")
    changed_at = models.DateTimeField(help_text="when it came into this state")
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    output = models.JSONField(default=dict)
    seen_at = models.PositiveIntegerField(default=0, help_text="grows with every move; a late click carries an old one")
    tries = models.PositiveIntegerField(default=0, help_text="number of the newest act attempt")
    group = models.PositiveIntegerField(default=1, help_text="attempts of one group share an idempotency key")
    losses = models.PositiveIntegerField(default=0, help_text="workers that the last attempt has cost")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="assigned_steps"
    )

    class Meta:
        ordering = ("position",)
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["run", "step"], name="one_row_per_step"),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in StepState]), name="step_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.step}: {self.state}"


class Attempt(models.Model):
    """One try at a step, by a worker that holds it under a lease and a fencing token.

    `not_before` makes it a timer. `memo` is what the action wants to know when it is called again.
    """

    step_run = models.ForeignKey(StepRun, on_delete=models.PROTECT, related_name="attempts")
    kind = models.CharField(max_length=10, choices=AttemptKind.choices)
    number = models.PositiveIntegerField()
    group = models.PositiveIntegerField(default=1)
    idempotency_key = models.CharField(max_length=160)
    binding = models.CharField(max_length=64, help_text="digest of exactly what this attempt will do")
    state = models.CharField(max_length=10, choices=AttemptState.choices(), default=AttemptState.QUEUED)
    queued_at = models.DateTimeField()
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    memo = models.JSONField(default=dict)
    output = models.JSONField(default=dict)
    error = models.CharField(max_length=1_000, blank=True)
    retryable = models.BooleanField(default=False)
    effect = models.CharField(
        max_length=10, default="unknown", help_text="what a failed one may have changed: none, maybe, unknown"
    )

    class Meta:
        ordering = ("pk",)
        default_permissions = ()
        indexes = [models.Index(fields=["state", "not_before"], name="attempt_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["step_run"],
                condition=Q(state__in=[s.value for s in sorted(OPEN_ATTEMPTS)]),
                name="one_open_attempt_per_step",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in AttemptState]), name="attempt_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step_run_id} {self.kind} {self.number}: {self.state}"
