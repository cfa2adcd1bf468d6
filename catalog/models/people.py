"""People, machine users, teams, and how they sign in."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import salted_hmac

from catalog.states import Right, Role, UserKind

HEX_DIGITS = 32


def new_uid() -> str:
    """32 hex digits that nobody can guess or count."""
    return uuid.uuid4().hex


class User(AbstractUser):
    """A person or a machine user. The ledger knows it by `actor_id` alone, never by name."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    kind = models.CharField(max_length=10, choices=UserKind.choices, default=UserKind.PERSON)
    name = models.CharField(max_length=120, help_text="As it is shown: Lena Vogt")
    title = models.CharField(max_length=120, blank=True, help_text="Head of data platform")
    time_zone = models.CharField(max_length=64, default="Europe/Berlin")
    manager = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="reports",
        help_text="to whom this person reports, where it is known: nobody decides for their own line",
    )  # fmt: skip
    session_salt = models.CharField(max_length=HEX_DIGITS, blank=True, default="", editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=UserKind.values), name="user_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def actor_id(self) -> str:
        """What the ledger calls this user: opaque, stable, without a name."""
        return f"usr_{self.uid}"

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must carry to be this user's: another `session_salt`, as another password, ends them all."""
        of_password: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        if not self.session_salt:
            return of_password
        said = f"{of_password} {self.session_salt}"
        return salted_hmac("catalog.session", said, secret=secret, algorithm="sha256").hexdigest()


class Absence(models.Model):
    """Somebody is away and isn't asked for anything meanwhile. `until` is the first moment at which they are back."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True, help_text="On leave")

    class Meta:
        default_permissions = ()
        ordering = ("since",)
        constraints = [models.CheckConstraint(condition=Q(until__gt=F("since")), name="absence_ends_after_it_begins")]

    def __str__(self) -> str:
        return f"{self.user}: away until {self.until:%d %b %H:%M}"


class Team(models.Model):
    """People who own services. Every right in Muster is a guardian permission on a team, held by its role groups."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=2_000)

    class Meta:
        ordering = ("name",)
        default_permissions = ()
        permissions: ClassVar = [(right.value, right.label) for right in Right]

    def __str__(self) -> str:
        return self.name


class RoleGroup(models.Model):
    """The group that holds the rights of one role in one team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="role_groups")
    role = models.CharField(max_length=20, choices=Role.choices)
    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="role_group")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "role"], name="one_group_per_role"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="role_group_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.role}"


class Membership(models.Model):
    """Somebody has a role in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user", "role"], name="one_membership_per_role"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} in {self.team}"


class MachineToken(models.Model):
    """A secret of a machine user. Only its SHA-256 is kept; the first digits tell it apart in lists."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    hashed = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list, help_text='["intake", "api"]')
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SignInFailure(models.Model):
    """A refused sign-in, kept for as long as it counts against further tries. `key` is a hash: no name, no address."""

    key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["key", "at"], name="sign_in_failures_by_key")]

    def __str__(self) -> str:
        return f"{self.key[:12]}… {self.at:%H:%M:%S}"
