"""Versions of policies that people wrote, and who covers for whom."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from approvals.states import PolicyState
from catalog.models import HEX_DIGITS, Service, new_uid


class PolicyVersion(models.Model):
    """One version of one policy. Version 1 of those that come with Muster has no row: it is the text as shipped."""

    slug = models.SlugField(max_length=60)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    text = models.TextField()
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=PolicyState.choices, default=PolicyState.PROPOSED)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=500, help_text="why it is changed")
    proposed_at = models.DateTimeField()
    decider = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("slug", "-number")
        constraints = [
            models.UniqueConstraint(fields=["slug", "number"], name="policy_number_is_unique"),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(state=PolicyState.IN_FORCE), name="one_policy_version_in_force"
            ),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(state=PolicyState.PROPOSED), name="one_proposed_policy_version"
            ),
            models.CheckConstraint(condition=Q(state__in=PolicyState.values), name="policy_state_is_known"),
            models.CheckConstraint(
                condition=Q(decider__isnull=True) | ~Q(decider=F("author")), name="policy_has_four_eyes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug} v{self.number}"


class Delegation(models.Model):
    """Somebody stands in for another, in a scope, for a time. Empty scopes mean everything the giver decides."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_given")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_taken")
    services = models.ManyToManyField(Service, blank=True, related_name="+")
    classes = models.JSONField(default=list, help_text="classes of acts; empty means all")
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.CharField(max_length=500)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="when it was ended before its time")

    class Meta:
        default_permissions = ()
        ordering = ("-since",)
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="delegation_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="nobody_delegates_to_themselves"),
        ]

    def __str__(self) -> str:
        return f"{self.taker} stands in for {self.giver} until {self.until:%d %b %H:%M}"
