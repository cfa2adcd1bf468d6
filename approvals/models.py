"""Requests bound to exactly what would be done, whom they were asked of, and what was decided."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from approvals.states import RequestState, Verdict
from catalog.models import HEX_DIGITS, Service, Team, new_uid

LONGEST_REASON = 2_000  # characters; forms and the API refuse more


class ApprovalRequest(models.Model):
    """One question to the accountable owner. `binds` is the canonical text that `digest` is the SHA-256 of."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    stream = models.CharField(max_length=40, db_index=True, help_text="uid of the ledger stream it belongs to")
    subject = models.CharField(max_length=120, db_index=True, help_text="what waits for it: run/<uid>/<step>")
    question = models.TextField()
    effect = models.TextField(blank=True)
    undo = models.TextField(blank=True)
    proof = models.TextField(blank=True)
    binds = models.TextField(help_text="canonical JSON of action, inputs, targets, environment, version, step")
    digest = models.CharField(max_length=64)
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="approval_requests")
    teams = models.ManyToManyField(Team, related_name="approval_requests")
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="requested_approvals"
    )
    executor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="executed_approvals"
    )
    shapers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="shaped_approvals", help_text="on whose acts depends what would be done"
    )
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.PENDING)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    void_reason = models.TextField(blank=True)
    skipped = models.JSONField(default=list, help_text="who was passed over: [{part, who, because}]")

    class Meta:
        default_permissions = ()
        ordering = ("-asked_at",)
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RequestState.values), name="request_state_is_known"),
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


class Asked(models.Model):
    """Whom a request was routed to, and why that person."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="asked")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="asked_of")
    because = models.CharField(max_length=200, help_text="accountable owner of orders-db")
    asked_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["request", "user"], name="asked_once_per_request")]

    def __str__(self) -> str:
        return f"{self.user}: {self.because}"


class Decision(models.Model):
    """Who said what, when, why, and about which digest."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="decisions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.TextField(blank=True, max_length=LONGEST_REASON)
    digest = models.CharField(max_length=64)
    decided_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["request", "user"], name="one_decision_per_person"),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="decision_verdict_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.verdict}"
