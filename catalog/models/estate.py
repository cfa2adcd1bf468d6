"""Services, what they depend on, and the probes that ask for them."""

from django.db import models
from django.db.models import F, Q

from catalog.models.people import Team, User
from catalog.states import DependencyKind, Health, Origin, ProbeKind, ServiceKind


class Service(models.Model):
    """Anything that can fail and has an owner: API, database, batch job, mainframe subsystem, vendor."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=ServiceKind.choices, default=ServiceKind.OTHER)
    tier = models.PositiveSmallIntegerField(default=3, help_text="1 is the most important, 4 the least")
    description = models.TextField(blank=True, max_length=4_000)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="services")
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="owned_services")
    deputy = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="deputised_services")
    recovery_time_s = models.PositiveIntegerField(
        null=True, blank=True, help_text="recovery time objective: seconds that it may be down; empty when none is set"
    )
    origin = models.CharField(max_length=20, choices=Origin.choices, default=Origin.PERSON)
    origin_ref = models.CharField(max_length=200, blank=True, help_text="component:default/artist-web")
    providers = models.ManyToManyField(
        "self",
        through="Dependency",
        through_fields=("consumer", "provider"),
        symmetrical=False,
        related_name="consumers",
    )

    class Meta:
        ordering = ("tier", "name")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(tier__gte=1, tier__lte=4), name="service_tier_is_1_to_4"),
            models.CheckConstraint(condition=Q(kind__in=ServiceKind.values), name="service_kind_is_known"),
            models.UniqueConstraint(
                fields=["origin_ref"], condition=~Q(origin_ref=""), name="service_origin_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Dependency(models.Model):
    """A directed edge: the consumer fails when the provider does."""

    consumer = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="needs")
    provider = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="needed_by")
    kind = models.CharField(max_length=20, choices=DependencyKind.choices, default=DependencyKind.CALLS)
    origin = models.CharField(max_length=20, choices=Origin.choices, default=Origin.PERSON)
    origin_ref = models.CharField(max_length=200, blank=True, help_text="the entity that declares it")
    last_seen = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["consumer", "provider", "kind"], name="one_edge_per_kind"),
            models.CheckConstraint(condition=~Q(consumer=F("provider")), name="nothing_depends_on_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.consumer.slug} {self.get_kind_display()} {self.provider.slug}"


class Probe(models.Model):
    """A check of a service that Muster makes itself, every `interval_s` seconds."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="probes")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=ProbeKind.choices, default=ProbeKind.HTTP)
    target = models.CharField(max_length=500, help_text="http://127.0.0.1:18081/healthz, or host:port")
    expect_status = models.CharField(max_length=40, default="2xx", help_text="2xx, or 200,204")
    interval_s = models.PositiveIntegerField(default=10)
    timeout_s = models.PositiveIntegerField(default=3)
    health = models.CharField(max_length=10, choices=Health.choices, default=Health.UNKNOWN)
    health_since = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    due_at = models.DateTimeField(db_index=True, help_text="When it is checked next, unless it is paused")
    recent = models.JSONField(default=list, help_text="Up to 60 of [epoch seconds, ok, milliseconds], newest last")

    class Meta:
        default_permissions = ()
        ordering = ("service__tier", "service__name", "name")
        constraints = [
            models.UniqueConstraint(fields=["service", "name"], name="probe_name_is_unique_in_service"),
            models.CheckConstraint(condition=Q(health__in=Health.values), name="probe_health_is_known"),
            models.CheckConstraint(condition=Q(interval_s__gte=1, timeout_s__gte=1), name="probe_times_are_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.name}"
