"""Runbooks and their immutable versions."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models import HEX_DIGITS, Team, new_uid


class VersionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"  # never changes again
    RETIRED = "retired", "Retired"  # no new run may start


class Runbook(models.Model):
    """A plan that a team keeps; its versions hold the text."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=4_000)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="runbooks")

    class Meta:
        ordering = ("title",)
        default_permissions = ()

    def __str__(self) -> str:
        return self.title

    @property
    def stream(self) -> str:
        """uid of the ledger stream that keeps its versions' history."""
        return f"rbk_{self.uid}"


class RunbookVersion(models.Model):
    """One text of a runbook. `digest` is the SHA-256 of `source` in UTF-8; published, it never changes."""

    runbook = models.ForeignKey(Runbook, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    source = models.TextField()
    digest = models.CharField(max_length=64)
    model = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=VersionState.choices, default=VersionState.DRAFT)
    created_at = models.DateTimeField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)
    publisher = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-number",)
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["runbook", "number"], name="one_version_per_number"),
            models.CheckConstraint(condition=Q(state__in=VersionState.values), name="version_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.runbook} v{self.number}"
