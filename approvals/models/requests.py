"""Requests bound to exactly what would be done, whom they were asked of, and what was decided."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from approvals.states import LIVE, AlarmKind, ConditionKind, Ground, RequestState, Verdict
from catalog.models import HEX_DIGITS, Service, Team, User, new_uid

LONGEST_REASON = 2_000  # characters; forms and the API refuse more
LONGEST_CONDITION = 1_000


class ApprovalRequest(models.Model):
    """One question to whoever is accountable. `binds` is the canonical text that `digest` is the SHA-256 of: the act,
    the touched services and the policies that were in force."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    stream = models.CharField(max_length=40, db_index=True, help_text="uid of the ledger stream it belongs to")
    subject = models.CharField(max_length=120, db_index=True, help_text="what waits for it: run/<uid>/<step>")
    question = models.TextField()
    effect = models.TextField(blank=True)
    undo = models.TextField(blank=True)
    proof = models.TextField(blank=True)
    binds = models.TextField(
        help_text="canonical JSON of action, inputs, targets, environment, version, step, policies"
    )
    digest = models.CharField(max_length=64)
    facts = models.JSONField(default=dict, help_text="what policies looked at: action, environment, class, …")
    demand = models.JSONField(default=dict, help_text="what the policies in force demand together, and which says what")
    risk = models.CharField(max_length=10, default="low")
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="approval_requests")
    touches = models.ManyToManyField(Service, related_name="touched_by_requests")
    teams = models.ManyToManyField(Team, related_name="approval_requests")
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="requested_approvals"
    )
    executor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="executed_approvals"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="authored_approvals",
        help_text="who wrote the version of the runbook",
    )  # fmt: skip
    shapers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="shaped_approvals", help_text="on whose acts depends what would be done"
    )
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.PENDING)
    ground = models.CharField(max_length=12, choices=Ground.choices, default=Ground.DECIDED)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="until when a yes may be used")
    used_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True, help_text="since when a question holds the clock")
    was_held = models.BooleanField(default=False)
    why = models.TextField(blank=True, help_text="why it is withdrawn, expired or void")
    skipped = models.JSONField(default=list, help_text="who was passed over: [{part, who, because}]")

    class Meta:
        default_permissions = ()
        ordering = ("-asked_at",)
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RequestState.values), name="request_state_is_known"),
            models.CheckConstraint(condition=Q(ground__in=Ground.values), name="request_ground_is_known"),
            models.UniqueConstraint(
                fields=["subject"], condition=Q(state=RequestState.PENDING), name="one_pending_request_per_subject"
            ),
        ]

    def __str__(self) -> str:
        return self.question

    @property
    def is_pending(self) -> bool:
        """Whether a decision is still awaited."""
        return self.state == RequestState.PENDING

    @property
    def waits_for(self) -> list[User]:
        """Who was asked and hasn't decided, each once, in the order in which they were asked."""
        decided = {decision.user_id for decision in self.decisions.all()}
        return list({row.user_id: row.user for row in self.asked.all() if row.user_id not in decided}.values())

    @property
    def is_live(self) -> bool:
        """Whether something may still happen to it: it waits, or its yes wasn't used yet."""
        return self.state in LIVE

    @property
    def was_approved(self) -> bool:
        """Whether somebody's yes stands: it may be used, or was."""
        return self.state in (RequestState.APPROVED, RequestState.USED)


class Seat(models.Model):
    """One part that somebody must decide from. `key` names it within the request; `place` is its turn."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="seats")
    key = models.CharField(max_length=200)
    label = models.CharField(max_length=200, help_text="accountable owner of orders-db")
    who = models.CharField(max_length=10)
    service = models.CharField(max_length=80, blank=True)
    team = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=150, blank=True)
    count = models.PositiveSmallIntegerField(default=1, help_text="how many of those asked must agree")
    place = models.PositiveSmallIntegerField(default=0)
    lacks = models.PositiveSmallIntegerField(default=0, help_text="how many people could not be found")

    class Meta:
        default_permissions = ()
        ordering = ("place",)
        constraints = [models.UniqueConstraint(fields=["request", "key"], name="one_seat_per_key")]

    def __str__(self) -> str:
        return self.label


class Asked(models.Model):
    """Whom a request was routed to, why that person, and by which path."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="asked")
    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="asked")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="asked_of")
    because = models.CharField(max_length=250, help_text="accountable owner of orders-db")
    path = models.JSONField(default=list, help_text="sentences: how the request came to this person")
    basis = models.JSONField(default=dict, help_text="on what their say rests, to be asked again when they decide")
    asked_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["seat", "user"], name="asked_once_per_seat")]

    def __str__(self) -> str:
        return f"{self.user}: {self.because}"


class Decision(models.Model):
    """Who said what, when, why, about which digest, and with which second factor. One person decides once."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="decisions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.TextField(blank=True, max_length=LONGEST_REASON)
    digest = models.CharField(max_length=64)
    decided_at = models.DateTimeField()
    seats = models.ManyToManyField(Seat, related_name="decisions")
    factor = models.CharField(max_length=20, blank=True, help_text="webauthn or totp, where one was demanded or given")
    factor_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["request", "user"], name="one_decision_per_person"),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="decision_verdict_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.verdict}"


class Condition(models.Model):
    """What a yes was given under: an expression that is checked at its use, or a note that the executor confirms."""

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="conditions")
    kind = models.CharField(max_length=10, choices=ConditionKind.choices)
    text = models.CharField(max_length=LONGEST_CONDITION)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ConditionKind.values), name="condition_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.text


class Message(models.Model):
    """One line of the discussion of a request: a question of somebody who decides, or an answer."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="messages")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=LONGEST_REASON)
    is_answer = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.user}: {self.text}"


class Alarm(models.Model):
    """Something that happens to a request at a time, once. `link` counts the links of the escalation chain."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="alarms")
    kind = models.CharField(max_length=10, choices=AlarmKind.choices)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)
    link = models.PositiveSmallIntegerField(default=0)

    class Meta:
        default_permissions = ()
        ordering = ("due_at", "pk")
        indexes = [models.Index(fields=["due_at"], condition=Q(fired_at__isnull=True), name="alarm_due")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=AlarmKind.values), name="alarm_kind_is_known"),
            models.UniqueConstraint(fields=["request", "kind", "link"], name="one_alarm_of_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.due_at:%H:%M:%S}"
