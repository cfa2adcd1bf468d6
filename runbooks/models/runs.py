"""What happened when a version ran: the run, its steps and groups, the attempts at them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models import HEX_DIGITS, Team, new_uid
from runbooks.models.texts import RunbookVersion
from runbooks.states import OPEN_ATTEMPTS, AttemptState, Choice, Goal, GroupState, LockState, Role, RunState, StepState


class RunMode(models.TextChoices):
    LIVE = "live", "Live"
    REHEARSAL = "rehearsal", "Rehearsal"


class AttemptKind(models.TextChoices):
    WHEN = "when", "Condition"
    ITEMS = "items", "List"
    ACT = "act", "Act"
    VERIFY = "verify", "Verify"
    CHECK = "check", "Check"


class Run(models.Model):
    """One execution of one version. Its history is in `stream`, usually an incident's."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    version = models.ForeignKey(RunbookVersion, on_delete=models.PROTECT, related_name="runs")
    stream = models.CharField(max_length=40, db_index=True)
    mode = models.CharField(max_length=10, choices=RunMode.choices, default=RunMode.LIVE)
    environment = models.CharField(max_length=40, default="production")
    state = models.CharField(max_length=10, choices=RunState.choices(), default=RunState.RUNNING)
    why = models.CharField(max_length=300, blank=True, help_text="why it ended as it did")
    seen_at = models.PositiveIntegerField(default=0, help_text="grows with every act of control on the run as a whole")
    rev = models.PositiveIntegerField(default=0, help_text="transactions that changed it; rows carry their last one")
    goal = models.CharField(max_length=10, choices=Goal.choices(), default=Goal.FINISH)
    goal_why = models.CharField(max_length=300, blank=True)
    width = models.PositiveIntegerField(null=True, help_text="how many steps may be live at a time")
    is_linear = models.BooleanField(default=False, help_text="a policy made one chain of everything")
    edits = models.JSONField(default=list, help_text="what people changed in this run's plan, in order")
    parent = models.ForeignKey("StepRun", null=True, on_delete=models.PROTECT, related_name="nested")
    origin = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="reruns")
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
    rev = models.PositiveIntegerField(default=0, help_text="the run's `rev` when it changed last")
    role = models.CharField(max_length=10, choices=Role.choices(), default=Role.STEP)
    of = models.CharField(max_length=60, blank=True, help_text="the step that an item or an undo belongs to")
    needs = models.JSONField(default=list, help_text="of an undo: the undo rows before it")
    scope = models.JSONField(default=dict, help_text="what its own expressions see beside the run's values: the item")
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
    effect = models.CharField(max_length=10, default="none", help_text="what it may have changed: none, maybe, unknown")
    rounds = models.PositiveIntegerField(default=0, help_text="of `until`")
    items = models.PositiveIntegerField(null=True, help_text="how long the loop's list is")
    condition = models.BooleanField(null=True, help_text="what `when` came to")
    locks = models.CharField(max_length=10, choices=LockState.choices(), default=LockState.NONE, blank=True)
    choice = models.CharField(max_length=12, choices=Choice.choices(), default=Choice.NONE, blank=True)
    choice_why = models.CharField(max_length=500, blank=True)
    held = models.CharField(max_length=300, blank=True, help_text="who holds it back and why; empty when nobody does")
    first = models.BooleanField(default=False, help_text="put first by a watch")
    is_kept = models.BooleanField(
        default=False, help_text="done by the run that this one repeats; only its output is ours"
    )
    decision = models.JSONField(default=dict, help_text='of a decision: {"case", "go", "back", "values"}')
    visits = models.PositiveIntegerField(default=0, help_text="how often this decision went back")
    overdue = models.BooleanField(default=False)
    not_before = models.DateTimeField(null=True)
    because = models.CharField(max_length=60, blank=True, help_text="the step whose end opened it")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="assigned_steps"
    )

    class Meta:
        ordering = ("position",)
        default_permissions = ()
        indexes = [models.Index(fields=["run", "rev"], name="step_rev")]
        constraints = [
            models.UniqueConstraint(fields=["run", "step"], name="one_row_per_step"),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in StepState]), name="step_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.step}: {self.state}"


class GroupRun(models.Model):
    """One group of a run: a section with a strategy; `group` is its id, empty for the run as a whole."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="groups")
    group = models.CharField(max_length=60, blank=True)
    rev = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=GroupState.choices(), default=GroupState.OPEN)
    why = models.CharField(max_length=500, blank=True)
    choice = models.CharField(max_length=12, choices=Choice.choices(), default=Choice.NONE, blank=True)
    choice_why = models.CharField(max_length=500, blank=True)
    changed_at = models.DateTimeField()
    seen_at = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["run", "group"], name="one_row_per_group"),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in GroupState]), name="group_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.group or 'run'}: {self.state}"


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
    executor = models.CharField(max_length=40, blank=True, help_text="only workers with this label take it")
    holds = models.BooleanField(null=True, help_text="what a condition or a check found; whether `until` was met")
    baseline = models.JSONField(default=dict, help_text="what the probe saw before the action")
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


class OutputChunk(models.Model):
    """A piece of what an attempt prints while it runs, redacted. Bounded per attempt; the outcome has its own copy."""

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering = ("number",)
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["attempt", "number"], name="one_chunk_per_number")]

    def __str__(self) -> str:
        return f"{self.attempt_id}.{self.number}"


class Preview(models.Model):
    """What a step would do, as a worker told it before; `digest` says of exactly what. Told once, never changed."""

    step_run = models.ForeignKey(StepRun, on_delete=models.PROTECT, related_name="previews")
    digest = models.CharField(max_length=64, help_text="of what the step would have done when it was asked for")
    executor = models.CharField(max_length=40, blank=True, help_text="only workers with this label tell it")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    text = models.TextField(blank=True)
    problem = models.CharField(max_length=1_000, blank=True, help_text="why it could not be told")

    class Meta:
        ordering = ("pk",)
        default_permissions = ()
        indexes = [models.Index(fields=["asked_at"], condition=Q(told_at__isnull=True), name="preview_untold")]

    def __str__(self) -> str:
        return f"{self.step_run_id}: {'told' if self.told_at else 'asked'}"
