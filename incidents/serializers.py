"""Incidents as JSON: what the API shows, and what it takes."""

from typing import Any

from rest_framework import serializers

from catalog.models import Service, Team, User
from incidents.models import LONGEST_TEXT, LONGEST_TITLE, Incident, RoleHolder
from incidents.states import IncidentRole, Phase, Severity, Source
from runbooks.models import Runbook


class RefusalSerializer(serializers.Serializer[dict[str, Any]]):
    """Why something was refused. `code` is stable."""

    code = serializers.CharField()
    detail = serializers.CharField()


class TakenSerializer(serializers.Serializer[dict[str, Any]]):
    """The receipt of a post. opened: labels of the incidents it opened."""

    heard = serializers.IntegerField()
    new = serializers.IntegerField()
    ended = serializers.IntegerField()
    joined = serializers.IntegerField()
    opened = serializers.ListField(child=serializers.CharField())


class RoleHolderSerializer(serializers.ModelSerializer[RoleHolder]):
    user = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.name")

    class Meta:
        model = RoleHolder
        fields = ("role", "user", "name", "since")


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """An incident as it is now. `at` is the ledger sequence that the feed and the entries continue from."""

    severity = serializers.ChoiceField(choices=Severity.choices)
    phase = serializers.ChoiceField(choices=Phase.choices, read_only=True)
    services = serializers.SlugRelatedField("slug", many=True, read_only=True)  # type: ignore[var-annotated]
    teams = serializers.SlugRelatedField("slug", many=True, read_only=True)  # type: ignore[var-annotated]
    roles = RoleHolderSerializer(source="role_holders", many=True, read_only=True)

    class Meta:
        model = Incident
        fields = (
            "uid",
            "label",
            "stream",
            "title",
            "severity",
            "phase",
            "phase_since",
            "began_at",
            "declared_at",
            "resolved_at",
            "next_update_due",
            "services",
            "teams",
            "roles",
        )
        read_only_fields = fields


class DeclareSerializer(serializers.Serializer[dict[str, Any]]):
    """What declares an incident. commander: username; nobody when it is left out."""

    title = serializers.CharField(max_length=LONGEST_TITLE)
    severity = serializers.ChoiceField(choices=Severity.choices)
    services = serializers.SlugRelatedField("slug", many=True, queryset=Service.objects.none(), required=False)
    team = serializers.SlugRelatedField("slug", queryset=Team.objects.none(), required=False, allow_null=True)
    commander = serializers.SlugRelatedField("username", queryset=User.objects.none(), required=False, allow_null=True)
    description = serializers.CharField(max_length=LONGEST_TEXT, required=False, allow_blank=True)


class MoveSerializer(serializers.Serializer[dict[str, Any]]):
    """A move to another phase. seen_phase: the phase that the caller decided on; another one is a 409."""

    target = serializers.ChoiceField(choices=Phase.choices)
    seen_phase = serializers.ChoiceField(choices=Phase.choices)
    reason = serializers.CharField(max_length=2_000, required=False, allow_blank=True, default="")
    force = serializers.BooleanField(required=False, default=False)


class TextSerializer(serializers.Serializer[dict[str, Any]]):
    """Somebody's words."""

    text = serializers.CharField(max_length=LONGEST_TEXT)


class SaidSerializer(TextSerializer):
    """Somebody's words. occurred_at and source, both or none: it happened earlier, and stood on paper or in a chat."""

    occurred_at = serializers.DateTimeField(required=False)
    source = serializers.ChoiceField(choices=Source.choices, required=False)  # type: ignore[assignment]  # a field of that name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("occurred_at" in attrs) != ("source" in attrs):
            raise serializers.ValidationError("Give occurred_at and source, or neither.")
        return attrs


class CorrectionSerializer(TextSerializer):
    """What is right instead of what the entry `seq` says."""

    seq = serializers.IntegerField(min_value=0)


class RoleSerializer(serializers.Serializer[dict[str, Any]]):
    """A role to take, or to give to `user` (a username)."""

    role = serializers.ChoiceField(choices=IncidentRole.choices)
    user = serializers.CharField(required=False, allow_blank=True, default="")


class StartRunSerializer(serializers.Serializer[dict[str, Any]]):
    """A runbook to start, with its inputs by name."""

    runbook = serializers.SlugRelatedField("slug", queryset=Runbook.objects.none())
    inputs = serializers.DictField(required=False, default=dict)


class WrittenSerializer(serializers.Serializer[dict[str, Any]]):
    """Where in the incident's ledger the words now stand."""

    seq = serializers.IntegerField()
    time = serializers.DateTimeField()


class EntrySerializer(serializers.Serializer[Any]):
    """One entry of the incident's ledger, with its fields as they were recorded."""

    seq = serializers.IntegerField()
    time = serializers.DateTimeField()
    kind = serializers.CharField()
    actor = serializers.CharField()
    fields = serializers.DictField()  # type: ignore[assignment]  # an entry has a field of that name
