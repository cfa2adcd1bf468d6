"""People from outside who may read some evidence for some time."""

import datetime as dt

from django.db import models
from django.db.models import F, Q

from catalog.models.people import HEX_DIGITS, User, new_uid


class AuditorAccess(models.Model):
    """What an auditor may read, and until when. Never more than whoever let them in may hand out at that moment."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="auditor_accesses")
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    scopes = models.JSONField(help_text='["inc_*", "portal", "inc_0190…"]')
    may_export = models.BooleanField(default=False)
    reason = models.CharField(max_length=500)
    since = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("-pk",)
        constraints = [models.CheckConstraint(condition=Q(until__gt=F("since")), name="auditor_access_ends_after")]

    def __str__(self) -> str:
        return f"{self.user} until {self.until:%Y-%m-%d %H:%M}"

    def holds(self, now: dt.datetime) -> bool:
        """Whether it gives sight at this moment."""
        return self.ended_at is None and self.since <= now < self.until
