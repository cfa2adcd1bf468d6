"""What a reader is told about a step before it runs, as the API says it."""

from typing import Any

from rest_framework import serializers

from runbooks.serializers import PersonField


class TwinSerializer(serializers.Serializer[Any]):
    """An attempt that does right now what the step would do. run, step: where it stands; by: who began that run."""

    attempt = serializers.IntegerField(source="attempt.pk")
    run = serializers.CharField(source="run.uid")
    runbook = serializers.CharField()
    step = serializers.CharField()
    title = serializers.CharField()
    by = PersonField(allow_null=True)
    since = serializers.DateTimeField()
    is_queued = serializers.BooleanField(help_text="no worker has begun it yet")


class TouchedSerializer(serializers.Serializer[Any]):
    """A service, by its name in the catalog."""

    service = serializers.CharField(source="slug")
    name = serializers.CharField()
    tier = serializers.IntegerField()
    owner = PersonField(allow_null=True)


class AffectedSerializer(serializers.Serializer[Any]):
    """A service that needs what is touched. distance: hops from there."""

    service = serializers.CharField(source="service.slug")
    name = serializers.CharField(source="service.name")
    tier = serializers.IntegerField(source="service.tier")
    team = serializers.CharField(source="service.team.slug")
    owner = PersonField(allow_null=True)
    distance = serializers.IntegerField()


class BurningSerializer(serializers.Serializer[Any]):
    """An open incident at one of the services."""

    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    title = serializers.CharField()
    severity = serializers.CharField()
    url = serializers.CharField()


class AtWorkSerializer(serializers.Serializer[Any]):
    """A step that holds one of the services, or waits for one."""

    run = serializers.CharField(source="row.run.uid")
    step = serializers.CharField(source="row.step")
    title = serializers.CharField()
    is_waiting = serializers.BooleanField()


class ImpactSerializer(serializers.Serializer[Any]):
    """Whom a step can hurt, nearest first, as far as the caller may see it; hidden: how many there are besides."""

    touched = TouchedSerializer(many=True)
    affected = AffectedSerializer(many=True)
    burning = BurningSerializer(many=True)
    at_work = AtWorkSerializer(many=True)
    hidden_touched = serializers.IntegerField()
    hidden_affected = serializers.IntegerField()
    hidden_burning = serializers.IntegerField()
    hidden_at_work = serializers.IntegerField()


class ForeseenSerializer(serializers.Serializer[Any]):
    """What a worker said that the step would do. digest: of exactly what; told_at: null until a worker answers."""

    digest = serializers.CharField()
    asked_at = serializers.DateTimeField()
    by = PersonField()
    told_at = serializers.DateTimeField(allow_null=True)
    text = serializers.CharField()
    problem = serializers.CharField(help_text="why it could not be told; empty when it was")


class PreviewSerializer(serializers.Serializer[Any]):
    """is_offered: whether one may be asked for now. is_current: whether the latest is of what the step would do now."""

    is_offered = serializers.BooleanField()
    is_current = serializers.BooleanField()
    latest = ForeseenSerializer(allow_null=True)


class ActionSerializer(serializers.Serializer[Any]):
    """An action of this installation. origin: `built in`, or package and version. problem: why it isn't used."""

    kind = serializers.CharField()
    title = serializers.CharField()
    origin = serializers.CharField()
    problem = serializers.CharField()
