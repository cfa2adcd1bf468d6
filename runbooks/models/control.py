"""What keeps runs apart and in time: locks and resources, timers, proposals of watches, live workers."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models import HEX_DIGITS, Service, Team, new_uid
from runbooks.models.runs import Run, StepRun
from runbooks.models.texts import RunbookVersion
from runbooks.states import LockState


class Resource(models.Model):
    """Something of which only so many steps may use a unit at a time, such as db-cluster-a."""

    slug = models.SlugField(max_length=60, unique=True)
    capacity = models.PositiveIntegerField(default=1)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="resources")

    class Meta:
        ordering = ("slug",)
        default_permissions = ()

    def __str__(self) -> str:
        return self.slug


class Lock(models.Model):
    """One thing that a step wants or holds: a service, or a unit of a resource. `pk` is its place in the queue.

    All locks of a step are asked for and given together, so they share `state` and `held_at`."""

    step_run = models.ForeignKey(StepRun, on_delete=models.PROTECT, related_name="lock_rows")
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="+")
    resource = models.ForeignKey(Resource, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=LockState.choices(), default=LockState.QUEUED)
    asked_at = models.DateTimeField()
    held_at = models.DateTimeField(null=True)
    overridden_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["step_run", "service"], name="one_lock_per_service"),
            models.UniqueConstraint(fields=["step_run", "resource"], name="one_lock_per_resource"),
            models.CheckConstraint(
                condition=Q(service__isnull=False, resource__isnull=True)
                | Q(service__isnull=True, resource__isnull=False),
                name="a_lock_is_on_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id or self.resource_id} for {self.step_run_id}: {self.state}"


class Turnstile(models.Model):
    """Its one row is passed by whoever asks for locks or gives them back, and held until commit: one at a time.

    `turns` counts the passages. Entries about locks carry it, so that those of all streams have one order."""

    name = models.CharField(max_length=20, unique=True)
    turns = models.PositiveBigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.turns}"


class Timer(models.Model):
    """Something that becomes due in a run: a reminder, an escalation, the end of a lock wait. Fires once."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="timers")
    step_run = models.ForeignKey(StepRun, null=True, on_delete=models.PROTECT, related_name="timers")
    kind = models.CharField(max_length=20)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["due_at"], condition=Q(fired_at__isnull=True), name="timer_due")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.due_at:%H:%M:%S}"


class ProposalState(models.TextChoices):
    OPEN = "open", "Open"
    TAKEN = "taken", "Taken"
    DECLINED = "declined", "Declined"
    LAPSED = "lapsed", "Lapsed"  # what it was about has begun meanwhile


class Proposal(models.Model):
    """What a watch would do, put to the commander; or what it did by itself, where the author allowed that."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="proposals")
    watch = models.CharField(max_length=60)
    verb = models.CharField(max_length=10)
    steps = models.JSONField(default=list)
    why = models.CharField(max_length=500)
    seen = models.JSONField(default=dict, help_text="the values, with their ages")
    state = models.CharField(max_length=10, choices=ProposalState.choices, default=ProposalState.OPEN)
    made_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("pk",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.watch}: {self.verb} {', '.join(self.steps)}, {self.state}"


class RunMigration(models.Model):
    """A live run is to follow another version. Somebody proposes it, somebody else agrees to exactly this difference.

    `digest` is the SHA-256 of what would change at the moment of asking: the difference, and what has begun by then."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="migrations")
    was = models.ForeignKey(RunbookVersion, on_delete=models.PROTECT, related_name="+")
    to = models.ForeignKey(RunbookVersion, on_delete=models.PROTECT, related_name="+")
    difference = models.JSONField(help_text="steps added, removed, changed, moved; and which stay as they ran")
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=ProposalState.choices, default=ProposalState.OPEN)
    asked_at = models.DateTimeField()
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    settled_at = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    said = models.CharField(max_length=500, blank=True, help_text="why it was agreed to, or not")

    class Meta:
        ordering = ("pk",)
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["run"], condition=Q(state=ProposalState.OPEN), name="one_open_migration_per_run"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run} to version {self.to.number}, {self.state}"


class Worker(models.Model):
    """A worker process that says it is alive. Its leases end when it falls silent, or when it starts anew."""

    name = models.CharField(max_length=120, unique=True)
    executor = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    is_draining = models.BooleanField(default=False)
    slots = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("name",)
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
