"""The two ways past the usual question: a yes in advance, and a broken glass with its review."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from approvals.models.requests import LONGEST_REASON, ApprovalRequest, Seat
from approvals.states import ReviewState, StandingState
from catalog.models import HEX_DIGITS, Service, new_uid


class StandingApproval(models.Model):
    """A yes in advance for one step of one version, in a scope. It dies when version, policy or scope changes."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="standing_approvals")
    origin = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="standing_approvals")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    runbook = models.CharField(max_length=100)
    version = models.CharField(max_length=64, help_text="digest of the version")
    step = models.CharField(max_length=60)
    action = models.CharField(max_length=60)
    environment = models.CharField(max_length=40)
    incident_classes = models.JSONField(default=list, help_text="severities; empty means any")
    inputs = models.JSONField(default=dict, help_text='name -> {"is": value} or {"least": n, "most": n}')
    policies = models.JSONField(default=list, help_text="[slug, number, digest] of those in force when it was given")
    reason = models.TextField(max_length=LONGEST_REASON)
    state = models.CharField(max_length=10, choices=StandingState.choices, default=StandingState.ACTIVE)
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    most = models.PositiveIntegerField(help_text="how often it may be used")
    used = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=300, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("-given_at",)
        constraints = [
            models.CheckConstraint(condition=Q(state__in=StandingState.values), name="standing_state_is_known"),
            models.CheckConstraint(condition=Q(used__lte=F("most")), name="standing_is_not_overused"),
        ]

    def __str__(self) -> str:
        return f"{self.step} of {self.runbook}, until {self.expires_at:%d %b %H:%M}"


class StandingUse(models.Model):
    """One use of a yes in advance: it filled a seat of a request."""

    standing = models.ForeignKey(StandingApproval, on_delete=models.PROTECT, related_name="uses")
    seat = models.OneToOneField(Seat, on_delete=models.PROTECT, related_name="standing_use")
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.standing} at {self.at:%d %b %H:%M:%S}"


class Review(models.Model):
    """What is owed after somebody broke the glass: an independent person says whether it was justified."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    request = models.OneToOneField(ApprovalRequest, on_delete=models.PROTECT, related_name="review")
    stream = models.CharField(max_length=40, db_index=True)
    breaker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="broken_glass")
    reason = models.TextField(max_length=LONGEST_REASON)
    factor = models.CharField(max_length=20)
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=ReviewState.choices, default=ReviewState.OPEN)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="reviews")
    finding = models.TextField(blank=True, max_length=LONGEST_REASON)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ("-opened_at",)
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ReviewState.values), name="review_state_is_known"),
            models.CheckConstraint(
                condition=Q(reviewer__isnull=True) | ~Q(reviewer=F("breaker")), name="review_is_independent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.state}"
