"""How somebody is reached, and what was sent to them."""

from django.db import models
from django.db.models import Q

from catalog.models.people import HEX_DIGITS, User, new_uid
from catalog.reaching.names import name_of
from catalog.states import ContactKind, NoticeState

LONGEST_ADDRESS = 1_000  # characters, before it is sealed
LONGEST_PATH = 300


class ContactPoint(models.Model):
    """One address of somebody. It is kept sealed, bound to `uid`, and opened only where a notice is sent to it."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=10, choices=ContactKind.choices)
    channel = models.CharField(max_length=30, help_text="what carries it: email, slack, ntfys")
    label = models.CharField(max_length=60, help_text="On-call phone")
    sealed = models.TextField(help_text="the address, sealed (plumbing/sealing.py)")
    tail = models.CharField(max_length=4, blank=True, help_text="the last characters: all that is ever shown again")
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True, help_text="when a test notice was taken there")

    class Meta:
        default_permissions = ()
        ordering = ("created_at", "pk")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ContactKind.values), name="contact_kind_is_known"),
            models.UniqueConstraint(fields=["user", "label"], name="contact_label_is_unique_of_a_user"),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.channel_name})"

    @property
    def channel_name(self) -> str:
        """Slack, e-mail."""
        return name_of(self.channel)


class Notice(models.Model):
    """One message to one person over one channel. Its row is the order to send; the ledger has what became of it.

    `contact_point` is empty when it goes to the e-mail of the account, when nobody can be reached, or when the point
    was removed since: `channel` tells which."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    stream = models.CharField(max_length=40, db_index=True, help_text="uid of the ledger stream it belongs to")
    about = models.CharField(max_length=120, db_index=True, help_text="what it is about: uid of a request")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    contact_point = models.ForeignKey(
        ContactPoint, null=True, blank=True, on_delete=models.SET_NULL, related_name="notices"
    )
    channel = models.CharField(max_length=30, blank=True, help_text="empty: there was none")
    kind = models.CharField(max_length=30, help_text="asked, reminder, escalated, test")
    title = models.CharField(max_length=200)
    text = models.TextField(max_length=4_000, blank=True)
    path = models.CharField(max_length=LONGEST_PATH, help_text="address inside Muster, opened after sign-in")
    dedupe = models.CharField(max_length=HEX_DIGITS * 2, unique=True, help_text="hash of event and receiver")
    state = models.CharField(max_length=10, choices=NoticeState.choices, default=NoticeState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0, help_text="begun so far; also the fence of who sends it")
    next_at = models.DateTimeField(help_text="not sent before")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="somebody sends it until then")
    error = models.CharField(max_length=300, blank=True, help_text="of the last try; never holds an address")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("-created_at", "-pk")
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state__in=("queued", "failed")), name="notices_to_send"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="notice_state_is_known"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="notice_sent_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.user}: {self.state}"

    @property
    def channel_name(self) -> str:
        """Slack, e-mail; empty when there was none."""
        return name_of(self.channel)
