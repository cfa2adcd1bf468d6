"""What acts take over the API. Whether an act is allowed now is for the services to say."""

from typing import Any

from rest_framework import serializers

from runbooks.states import Choice, Found

LONGEST = 2_000  # characters of a reason or note
ANSWERS = [word.value for word in Choice if word not in (Choice.NONE, Choice.GIVE_UP)]


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


class EvidenceSerializer(SeenSerializer):
    evidence = serializers.CharField(max_length=LONGEST)


class SettleSerializer(EvidenceSerializer):
    found = serializers.ChoiceField(choices=Found.choices())


class HoldSerializer(ReasonSerializer):
    """branch: everything of the step's branch that has not begun, too."""

    branch = serializers.BooleanField(default=False)


class ReassignSerializer(ReasonSerializer):
    """to: username of somebody who may do steps of the run."""

    to = serializers.CharField(max_length=150)


class SpeedSerializer(ReasonSerializer):
    """width: steps at a time; null for no limit."""

    width = serializers.IntegerField(min_value=1, max_value=1_000, allow_null=True)


class AssessSerializer(ReasonSerializer):
    choice = serializers.ChoiceField(choices=ANSWERS)


class InputSerializer(serializers.Serializer[Any]):
    """value: of the type that the definition declares."""

    name = serializers.CharField(max_length=60)
    value = serializers.JSONField()
    reason = serializers.CharField(max_length=LONGEST)


class CaseSerializer(ReasonSerializer):
    """case: id of the decision's case to take."""

    case = serializers.CharField(max_length=60)


class WhySerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST)


class RerunSerializer(ReasonSerializer):
    """accept: ids of steps that may be done a second time although nobody promised that this is harmless.

    version: number of another published version; null for the same."""

    accept = serializers.ListField(child=serializers.CharField(), default=list)
    version = serializers.IntegerField(min_value=1, allow_null=True, default=None)


class RunMoveSerializer(ReasonSerializer):
    """version: number of a newer published one."""

    version = serializers.IntegerField(min_value=1)


class MoveVerdictSerializer(WhySerializer):
    digest = serializers.CharField(max_length=64)
    agree = serializers.BooleanField()


class DrainSerializer(WhySerializer):
    """drain: false lets it take work again."""

    drain = serializers.BooleanField(default=True)


class CapacitySerializer(serializers.Serializer[Any]):
    """Another capacity, and why."""

    capacity = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=LONGEST)


class AttachSerializer(SeenSerializer):
    """attempt: one of those that the same address lists."""

    attempt = serializers.IntegerField(min_value=1)
