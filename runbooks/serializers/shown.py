"""Runbooks, versions, runs, workers and resources as the API shows them, and as it takes new ones."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from catalog.models import Team
from catalog.permissions import Right, teams_where
from runbooks.models import GroupRun, Resource, Run, Runbook, RunbookVersion, RunMigration, Worker
from runbooks.selectors import StepOverview


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


VERSION_FIELDS: tuple[str, ...] = (
    "number", "state", "model", "digest", "created_at", "author", "published_at", "publisher",
)  # fmt: skip


class VersionRowSerializer(serializers.ModelSerializer[RunbookVersion]):
    """One version, without its text: that may have megabytes. digest: SHA-256 of the text in UTF-8."""

    author = PersonField(read_only=True)
    publisher = PersonField(read_only=True)

    class Meta:
        model = RunbookVersion
        fields = VERSION_FIELDS
        read_only_fields = fields


class VersionSerializer(VersionRowSerializer):
    """One version with its text."""

    class Meta:
        model = RunbookVersion
        fields = (*VERSION_FIELDS, "source")
        read_only_fields = fields


class SourceSerializer(serializers.Serializer[Any]):
    """The YAML text of a new version, byte for byte."""

    source = serializers.CharField(trim_whitespace=False)  # type: ignore[assignment]  # a field of that name


RUN_FIELDS: tuple[str, ...] = (
    "id", "runbook", "version", "stream", "mode", "environment", "state", "why", "goal", "width", "inputs", "starter",
    "started_at", "ended_at", "repeats", "seen",
)  # fmt: skip


class RunSerializer(serializers.ModelSerializer[Run]):
    """One run, without its steps."""

    id = serializers.CharField(source="uid", read_only=True)
    runbook = serializers.CharField(source="version.runbook.slug", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    starter = PersonField(read_only=True)
    width = serializers.IntegerField(read_only=True, allow_null=True, help_text="steps at a time; null for no limit")
    repeats = serializers.CharField(source="origin.uid", read_only=True, allow_null=True, default=None)
    seen = serializers.IntegerField(source="seen_at", read_only=True, help_text="an act on the run carries it back")

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
    why = serializers.CharField(help_text="what its last move said, or which worker it waits for")
    since = serializers.DateTimeField(source="row.changed_at")
    held = serializers.CharField(source="row.held", help_text="who holds it back and why; empty when nobody does")
    kept = serializers.BooleanField(source="row.is_kept", help_text="done by the run that this one repeats")
    choice = serializers.CharField(source="row.choice", help_text="what a person said about its failure")
    tries = serializers.IntegerField(source="row.tries")
    output = serializers.JSONField(source="row.output")
    assignee = PersonField(allow_null=True)
    approval = serializers.CharField(source="request.uid", default=None, allow_null=True)
    seen = serializers.IntegerField(source="seen_at")


class GroupSerializer(serializers.ModelSerializer[GroupRun]):
    """One group of a run; id is its section's, empty for the run as a whole."""

    id = serializers.CharField(source="group")
    since = serializers.DateTimeField(source="changed_at")
    seen = serializers.IntegerField(source="seen_at")

    class Meta:
        model = GroupRun
        fields = read_only_fields = ("id", "state", "why", "choice", "since", "seen")


class RunDetailSerializer(RunSerializer):
    """One run with its steps in the author's order, and its groups."""

    steps = StepSerializer(many=True, read_only=True)
    groups = GroupSerializer(many=True, read_only=True)

    class Meta(RunSerializer.Meta):
        fields = read_only_fields = (*RUN_FIELDS, "steps", "groups")


class TwiceSerializer(serializers.Serializer[Any]):
    step = serializers.CharField()
    title = serializers.CharField()
    why = serializers.CharField()


class RepetitionSerializer(serializers.Serializer[Any]):
    """What a rerun keeps, and what it would do a second time."""

    kept = serializers.ListField(child=serializers.CharField())
    safe = TwiceSerializer(many=True)
    unsafe = TwiceSerializer(many=True)
    fresh = serializers.ListField(child=serializers.CharField())


class UndoneSerializer(serializers.Serializer[Any]):
    """One step that is taken back. asks: whose consent or hand its undo needs; live: the step ends first."""

    step = serializers.CharField()
    title = serializers.CharField(source="spec.title")
    action = serializers.CharField(source="spec.action")
    live = serializers.BooleanField()


class UndoForecastSerializer(serializers.Serializer[Any]):
    """What an undo would do, the first one first; what stays and why; who is asked, by step."""

    order = UndoneSerializer(many=True)
    stays = TwiceSerializer(many=True)
    asks = serializers.DictField(child=serializers.CharField())


class MigrationSerializer(serializers.ModelSerializer[RunMigration]):
    """A proposed move of a run to another version; a decision about it carries `digest` back."""

    id = serializers.CharField(source="uid")
    was = serializers.IntegerField(source="was.number")
    to = serializers.IntegerField(source="to.number")
    asker = PersonField()
    by = PersonField(allow_null=True)

    class Meta:
        model = RunMigration
        fields = read_only_fields = (
            "id", "was", "to", "state", "difference", "digest", "asked_at", "asker", "reason", "settled_at", "by",
            "said",
        )  # fmt: skip


class WorkerSerializer(serializers.ModelSerializer[Worker]):
    """A worker that was heard of."""

    class Meta:
        model = Worker
        fields = read_only_fields = ("id", "name", "executor", "started_at", "seen_at", "is_draining", "slots")


class ResourceSerializer(serializers.ModelSerializer[Resource]):
    """A resource and how many steps may use it at a time."""

    team = SeenTeamField(slug_field="slug", queryset=Team.objects.none())

    class Meta:
        model = Resource
        fields = ("slug", "capacity", "team")
