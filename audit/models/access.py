"""How far the stream of security events was delivered."""

from django.db import models
from django.db.models import Q

from audit.models.ledger import Stream


class EventFeed(models.Model):
    """The one outlet for security events: whether somebody is sending, and what went wrong last."""

    name = models.CharField(max_length=40, unique=True)
    since = models.DateTimeField(help_text="entries from before are not sent")
    tries = models.IntegerField(default=0)  # that failed in a row
    next_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent = models.BigIntegerField(default=0)  # events, since the beginning
    error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(tries__gte=0), name="event_feed_tries")]

    def __str__(self) -> str:
        return self.name


class EventCursor(models.Model):
    """How many entries of a stream were looked at for a feed. Moves forward only once they were delivered."""

    feed = models.ForeignKey(EventFeed, models.CASCADE, related_name="cursors")
    stream = models.ForeignKey(Stream, models.PROTECT, related_name="+")
    size = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["feed", "stream"], name="event_cursor_place")]

    def __str__(self) -> str:
        return f"{self.feed}: {self.stream} {self.size}"
