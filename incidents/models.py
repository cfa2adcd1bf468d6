"""Incidents, the signals that made them, and who does what in them. History is in the ledger alone."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models import HEX_DIGITS, Service, Team, new_uid
from incidents.states import IncidentRole, Phase, Severity, SignalState
from runbooks.models import Run, Runbook

LONGEST_TITLE = 160
LONGEST_TEXT = 4_000  # characters of a note, decision or update


class Incident(models.Model):
    """What people work on. `number` is what they say aloud; `uid` is what URLs carry."""

    uid = models.CharField(max_length=HEX_DIGITS, unique=True, default=new_uid, editable=False)
    number = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=LONGEST_TITLE)
    severity = models.CharField(max_length=4, choices=Severity.choices, default=Severity.SEV3)
    phase = models.CharField(max_length=20, choices=Phase.choices, default=Phase.DETECTION)
    phase_since = models.DateTimeField()
    began_at = models.DateTimeField(help_text="when the earliest signal says that it began")
    declared_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    next_update_due = models.DateTimeField(null=True)
    services = models.ManyToManyField(Service, related_name="incidents")
    teams = models.ManyToManyField(Team, related_name="incidents", help_text="whose members may see it")
    rule = models.ForeignKey("IntakeRule", null=True, on_delete=models.PROTECT, related_name="incidents")
    declarer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-number",)
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(phase__in=Phase.values), name="incident_phase_is_known"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="incident_severity_is_known"),
        ]

    def __str__(self) -> str:
        return f"INC-{self.number} {self.title}"

    @property
    def stream(self) -> str:
        """uid of its ledger stream."""
        return f"inc_{self.uid}"

    @property
    def label(self) -> str:
        return f"INC-{self.number}"


class Series(models.Model):
    """Numbers given out one after the other. Its row is the turnstile: who takes a number holds it until commit."""

    name = models.CharField(max_length=20, unique=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.last}"


class RoleHolder(models.Model):
    """Who holds a role in an incident now."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="role_holders")
    role = models.CharField(max_length=20, choices=IncidentRole.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="incident_roles")
    since = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["incident", "role", "user"], name="one_role_once_per_person"),
            models.UniqueConstraint(
                fields=["incident", "role"],
                condition=Q(role__in=["commander", "communications", "scribe"]),
                name="one_holder_of_a_single_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"


class IncidentRun(models.Model):
    """A run that was started for an incident, and why that runbook."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="incident_runs")
    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="incident_run")
    because = models.CharField(max_length=200)

    class Meta:
        default_permissions = ()
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.incident.label}: {self.run}"


class SignalSource(models.Model):
    """A tool that sends signals, with the machine user that its token belongs to."""

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=20, help_text="alertmanager, pagerduty")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="signal_source")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="signal_sources")
    heard_at = models.DateTimeField(null=True, help_text="last post of any kind, the watchdog's too")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class IntakeRule(models.Model):
    """Which signals open an incident, which only join one, and what starts then. First match by `position` wins."""

    position = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=120)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="intake_rules")
    matches = models.JSONField(default=dict, help_text='labels that must be equal: {"severity": "critical"}')
    verb = models.CharField(
        max_length=10, choices=[("open", "Open or join"), ("join", "Only join"), ("ignore", "Ignore")]
    )
    severity = models.CharField(max_length=4, choices=Severity.choices, default=Severity.SEV3)
    title = models.CharField(max_length=200, blank=True, help_text="{{ service.name }} is failing")
    join_within_s = models.PositiveIntegerField(
        default=60, help_text="signals that began so close together are one fault"
    )
    runbook = models.ForeignKey(Runbook, null=True, blank=True, on_delete=models.PROTECT, related_name="intake_rules")
    inputs = models.JSONField(default=dict, help_text='{"service": "{{ service.slug }}"}')

    class Meta:
        default_permissions = ()
        ordering = ("position",)

    def __str__(self) -> str:
        return self.name


class Signal(models.Model):
    """One firing of one alert: the same fingerprint beginning at another moment is another signal."""

    source = models.ForeignKey(SignalSource, on_delete=models.PROTECT, related_name="signals")
    fingerprint = models.CharField(max_length=128)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=SignalState.choices)
    name = models.CharField(max_length=200)
    summary = models.CharField(max_length=500, blank=True)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)
    link = models.CharField(max_length=1_000, blank=True)
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="signals")
    rule = models.ForeignKey(IntakeRule, null=True, on_delete=models.PROTECT, related_name="signals")
    incident = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="signals")
    first_heard_at = models.DateTimeField()
    last_heard_at = models.DateTimeField()
    heard = models.PositiveIntegerField(default=1, help_text="in how many posts it came")

    class Meta:
        default_permissions = ()
        ordering = ("began_at", "pk")
        indexes = [
            models.Index(fields=["began_at"], name="signal_began"),
            models.Index(fields=["incident"], condition=Q(state="firing"), name="signal_firing"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "fingerprint", "began_at"], name="one_row_per_firing"),
            models.CheckConstraint(condition=Q(state__in=SignalState.values), name="signal_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"
