"""Runbooks, versions and runs as the API gives and takes them."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from catalog.models import Team
from catalog.permissions import Right, teams_where
from runbooks.models import Run, Runbook, RunbookVersion
from runbooks.selectors import StepOverview

LONGEST = 2_000  # characters of a reason or note


class PersonField(serializers.CharField):
    """Somebody, as {"id": "usr_…", "name": "Lena Vogt"}."""

    def to_representation(self, value: Any) -> Any:
        return {"id": value.actor_id, "name": str(value)}


class SeenTeamField(serializers.SlugRelatedField[Team]):
    """A team by its slug, among those that the caller sees: what is hidden isn't there."""

    def get_queryset(self) -> QuerySet[Team]:
        request = self.context.get("request")
        return teams_where(request.user, Right.VIEW) if request else Team.objects.none()


class RunbookSerializer(serializers.ModelSerializer[Runbook]):
    """One runbook. current: number of the published version, newest: of the newest, drafts included."""

    team = SeenTeamField(slug_field="slug", queryset=Team.objects.none())
    current = serializers.IntegerField(read_only=True, allow_null=True, default=None)
    newest = serializers.IntegerField(read_only=True, allow_null=True, default=None)
    last_run = serializers.DateTimeField(read_only=True, allow_null=True, default=None)
    last_rehearsal = serializers.DateTimeField(read_only=True, allow_null=True, default=None)

    class Meta:
        model = Runbook
        fields = ("slug", "title", "description", "team", "current", "newest", "last_run", "last_rehearsal")


class VersionSerializer(serializers.ModelSerializer[RunbookVersion]):
    """One version. digest: SHA-256 of the source in UTF-8."""

    author = PersonField(read_only=True)
    publisher = PersonField(read_only=True)

    class Meta:
        model = RunbookVersion
        fields = (
            "number", "state", "model", "digest", "source", "created_at", "author", "published_at", "publisher",
        )  # fmt: skip
        read_only_fields = fields


class SourceSerializer(serializers.Serializer[Any]):
    """The YAML text of a new version, byte for byte."""

    source = serializers.CharField(trim_whitespace=False)  # type: ignore[assignment]  # a field of that name


RUN_FIELDS: tuple[str, ...] = (
    "id", "runbook", "version", "stream", "mode", "environment", "state", "why", "inputs", "starter", "started_at",
    "ended_at",
)  # fmt: skip


class RunSerializer(serializers.ModelSerializer[Run]):
    """One run, without its steps."""

    id = serializers.CharField(source="uid", read_only=True)
    runbook = serializers.CharField(source="version.runbook.slug", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    starter = PersonField(read_only=True)

    class Meta:
        model = Run
        fields = read_only_fields = RUN_FIELDS


class StepSerializer(serializers.Serializer[StepOverview]):
    """One step of a run. `seen` is what an act on it must carry back."""

    id = serializers.CharField(source="step.id")
    title = serializers.CharField(source="step.title")
    action = serializers.CharField(source="step.action")
    human = serializers.BooleanField(source="step.human")
    needs = serializers.ListField(child=serializers.CharField(), source="step.needs")
    state = serializers.CharField()
    why = serializers.CharField(source="row.why")
    since = serializers.DateTimeField(source="row.changed_at")
    tries = serializers.IntegerField(source="row.tries")
    output = serializers.JSONField(source="row.output")
    assignee = PersonField(allow_null=True)
    approval = serializers.CharField(source="request.uid", default=None, allow_null=True)
    seen = serializers.IntegerField(source="seen_at")


class RunDetailSerializer(RunSerializer):
    """One run with its steps in the author's order."""

    steps = StepSerializer(many=True, read_only=True)

    class Meta(RunSerializer.Meta):
        fields = read_only_fields = (*RUN_FIELDS, "steps")


class SeenSerializer(serializers.Serializer[Any]):
    """Every act on a step carries the `seen` that the run said of it."""

    seen = serializers.IntegerField(min_value=0)


class ReasonSerializer(SeenSerializer):
    reason = serializers.CharField(max_length=LONGEST)


class FinishSerializer(SeenSerializer):
    """outputs: by name, of the types that the step declares."""

    worked = serializers.BooleanField()
    note = serializers.CharField(max_length=LONGEST, allow_blank=True, default="")
    outputs = serializers.DictField(default=dict)


class SettleSerializer(SeenSerializer):
    happened = serializers.BooleanField()
    evidence = serializers.CharField(max_length=LONGEST)


class InputSerializer(serializers.Serializer[Any]):
    """value: of the type that the definition declares."""

    name = serializers.CharField(max_length=60)
    value = serializers.JSONField()
    reason = serializers.CharField(max_length=LONGEST)


class CancelSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST)
