"""The catalog as the API gives and takes it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.forms import MOST_FILES
from catalog.models import ContactPoint, Dependency, Membership, Notice, Probe, Service, Team, User
from catalog.states import Outcome, UserKind
from catalog.yaml_text import LARGEST_FILE


@extend_schema_field({"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}})
class PersonField(serializers.Field[User, Any, Any, Any]):
    """Somebody, as {"id": "usr_…", "name": "Lena Vogt"}."""

    def to_representation(self, value: User) -> dict[str, str]:
        return {"id": value.actor_id, "name": str(value)}


class ProbeSerializer(serializers.ModelSerializer[Probe]):
    """A probe and what it found last."""

    class Meta:
        model = Probe
        fields = (
            "id", "name", "kind", "target", "expect_status", "interval_s", "timeout_s",
            "health", "health_since", "checked_at", "latency_ms", "detail",
        )  # fmt: skip
        read_only_fields = fields


class ServiceSerializer(serializers.ModelSerializer[Service]):
    """A service: who answers for it and how it is. `health`: unknown, green, red or paused."""

    team = serializers.CharField(source="team.slug", read_only=True)
    owner = PersonField(read_only=True)
    deputy = PersonField(read_only=True)
    health = serializers.CharField(source="colour", read_only=True)

    class Meta:
        model = Service
        fields = (
            "slug", "name", "kind", "tier", "description", "team", "owner", "deputy", "health", "origin", "origin_ref",
            "recovery_time_s",
        )  # fmt: skip
        read_only_fields = fields


class NeighbourSerializer(serializers.ModelSerializer[Dependency]):
    """One edge, with the service at its other end."""

    service = serializers.SerializerMethodField()

    class Meta:
        model = Dependency
        fields = ("service", "kind", "origin", "origin_ref", "last_seen")
        read_only_fields = fields

    def get_service(self, edge: Dependency) -> str:
        here = self.context["service"]
        return edge.provider.slug if edge.consumer_id == here.pk else edge.consumer.slug


class ServiceDetailSerializer(ServiceSerializer):
    """A service with its probes and its neighbourhood, as far as the caller sees it."""

    probes = ProbeSerializer(many=True, read_only=True)
    needs = serializers.SerializerMethodField()
    needed_by = serializers.SerializerMethodField()
    blast_radius = serializers.SerializerMethodField()

    class Meta(ServiceSerializer.Meta):
        fields = (*ServiceSerializer.Meta.fields, "probes", "needs", "needed_by", "blast_radius")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    @extend_schema_field(NeighbourSerializer(many=True))
    def get_needs(self, service: Service) -> Any:
        return self._edges(service, "providers")

    @extend_schema_field(NeighbourSerializer(many=True))
    def get_needed_by(self, service: Service) -> Any:
        return self._edges(service, "consumers")

    def _edges(self, service: Service, side: str) -> Any:
        edges = [neighbour.edge for neighbour in getattr(self.context["around"], side)]
        return NeighbourSerializer(edges, many=True, context={"service": service}).data

    def get_blast_radius(self, service: Service) -> list[dict[str, str | int]]:
        return [{"service": each.service.slug, "distance": each.distance} for each in self.context["around"].hurt]


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """Somebody has a role in a team."""

    user = PersonField(read_only=True)

    class Meta:
        model = Membership
        fields = ("user", "role")
        read_only_fields = fields


class TeamSerializer(serializers.ModelSerializer[Team]):
    """A team and who is what in it."""

    members = MembershipSerializer(source="memberships", many=True, read_only=True)
    services = serializers.IntegerField(source="service_count", read_only=True)

    class Meta:
        model = Team
        fields = ("slug", "name", "description", "services", "members")
        read_only_fields = fields


class MeSerializer(serializers.Serializer[Any]):
    """Who the caller is, and what they may do in which team."""

    id = serializers.CharField(source="actor_id")
    username = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=UserKind.choices)
    rights = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class FileSerializer(serializers.Serializer[Any]):
    """A catalog file as text."""

    name = serializers.CharField(max_length=200)
    content = serializers.CharField(max_length=LARGEST_FILE, trim_whitespace=False)


class ImportSerializer(serializers.Serializer[Any]):
    """Files that are imported together."""

    files = serializers.ListField(child=FileSerializer(), min_length=1, max_length=MOST_FILES)


class ReportLineSerializer(serializers.Serializer[Any]):
    """What became of one statement. `document` and `line` count from 1; 0 means the whole file."""

    outcome = serializers.ChoiceField(choices=Outcome.choices)
    what = serializers.CharField()
    why = serializers.CharField()
    file = serializers.CharField()
    document = serializers.IntegerField()
    line = serializers.IntegerField()


class ReportSerializer(serializers.Serializer[Any]):
    """What an import did."""

    counts = serializers.DictField(child=serializers.IntegerField())
    lines = ReportLineSerializer(many=True)


class SwitchSerializer(serializers.Serializer[Any]):
    """Whether the probes of a service are asked."""

    paused = serializers.BooleanField()


class ContactPointSerializer(serializers.ModelSerializer[ContactPoint]):
    """A contact point of the caller. Of its address `tail` is all that is ever shown."""

    class Meta:
        model = ContactPoint
        fields = ("uid", "kind", "channel", "label", "tail", "created_at", "verified_at")
        read_only_fields = fields


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """What was sent to the caller, or should have been. `error` is of the last try."""

    class Meta:
        model = Notice
        fields = (
            "uid", "about", "kind", "channel", "title", "text", "path", "state", "tries", "error",
            "created_at", "next_at", "sent_at",
        )  # fmt: skip
        read_only_fields = fields
