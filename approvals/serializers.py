"""Approvals as the API gives and takes them."""

from typing import Any

from rest_framework import serializers

from approvals.models import (
    LONGEST_CONDITION,
    LONGEST_REASON,
    ApprovalRequest,
    Asked,
    Condition,
    Decision,
    Message,
    Seat,
)
from approvals.states import ConditionKind, Verdict

DIGEST = r"^[0-9a-f]{64}$"


class PersonField(serializers.CharField):
    """Somebody, as {"id": "usr_…", "name": "Lena Vogt"}."""

    def to_representation(self, value: Any) -> Any:
        return {"id": value.actor_id, "name": str(value)}


class AskedSerializer(serializers.ModelSerializer[Asked]):
    user = PersonField(read_only=True)
    seat = serializers.CharField(source="seat.label", read_only=True)

    class Meta:
        model = Asked
        fields = ("user", "seat", "because", "path", "asked_at")


class SeatSerializer(serializers.ModelSerializer[Seat]):
    class Meta:
        model = Seat
        fields = ("label", "who", "service", "team", "role", "count", "lacks")


class ConditionSerializer(serializers.ModelSerializer[Condition]):
    confirmed_by = PersonField(read_only=True)

    class Meta:
        model = Condition
        fields = ("id", "kind", "text", "confirmed_by", "confirmed_at")


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    user = PersonField(read_only=True)
    conditions = ConditionSerializer(many=True, read_only=True)

    class Meta:
        model = Decision
        fields = ("user", "verdict", "reason", "digest", "decided_at", "factor", "factor_at", "conditions")


class MessageSerializer(serializers.ModelSerializer[Message]):
    user = PersonField(read_only=True)

    class Meta:
        model = Message
        fields = ("user", "text", "is_answer", "at")


class RequestSerializer(serializers.ModelSerializer[ApprovalRequest]):
    """One request: the question, whom it was asked of and why, exactly what it binds, and what was decided."""

    id = serializers.CharField(source="uid", read_only=True)
    service = serializers.CharField(source="service.slug", default=None, read_only=True)
    requester = PersonField(read_only=True)
    executor = PersonField(read_only=True)
    seats = SeatSerializer(many=True, read_only=True)
    asked = AskedSerializer(many=True, read_only=True)
    decisions = DecisionSerializer(many=True, read_only=True)
    messages = MessageSerializer(many=True, read_only=True)

    class Meta:
        model = ApprovalRequest
        fields = (
            "id", "state", "ground", "question", "effect", "undo", "proof", "subject", "stream", "service", "risk",
            "demand", "digest", "binds", "requester", "executor", "seats", "asked", "skipped", "messages", "asked_at",
            "due_at", "held_at", "settled_at", "expires_at", "used_at", "why", "decisions",
        )  # fmt: skip
        read_only_fields = fields


class GivenCondition(serializers.Serializer[Any]):
    """A condition of a yes."""

    kind = serializers.ChoiceField(choices=ConditionKind.choices)
    text = serializers.CharField(max_length=LONGEST_CONDITION)


class VerdictSerializer(serializers.Serializer[Any]):
    """A decision. `seen_digest` is the digest of the request that was read before deciding; `typed` its first eight
    signs, where the policies demand a typed confirmation."""

    verdict = serializers.ChoiceField(choices=Verdict.choices)
    reason = serializers.CharField(max_length=LONGEST_REASON, allow_blank=True, default="")
    seen_digest = serializers.RegexField(DIGEST)
    typed = serializers.CharField(max_length=64, allow_blank=True, default="")
    conditions = GivenCondition(many=True, default=list)


class TakenBackSerializer(serializers.Serializer[Any]):
    """Why something is done."""

    reason = serializers.CharField(max_length=LONGEST_REASON)


class SentenceSerializer(serializers.Serializer[Any]):
    """A question or an answer."""

    text = serializers.CharField(max_length=LONGEST_REASON)


class GlassSerializer(TakenBackSerializer):
    """Going on without the approver. `typed` is "break glass"."""

    typed = serializers.CharField(max_length=40)
    seen_digest = serializers.RegexField(DIGEST)


class FindingSerializer(serializers.Serializer[Any]):
    """What a review found."""

    justified = serializers.BooleanField()
    finding = serializers.CharField(max_length=LONGEST_REASON)


class OutsideSerializer(serializers.Serializer[Any]):
    """A request from outside. `name`: the caller's own name for what it would do; asking again under it for something
    else voids what was asked. `does`: exactly what would be done."""

    stream = serializers.CharField(max_length=40)
    name = serializers.RegexField(r"^[A-Za-z0-9._-]{1,60}$")
    question = serializers.CharField(max_length=200)
    effect = serializers.CharField(max_length=500, allow_blank=True, default="")
    undo = serializers.CharField(max_length=500, allow_blank=True, default="")
    proof = serializers.CharField(max_length=500, allow_blank=True, default="")
    services = serializers.ListField(child=serializers.SlugField(max_length=80), min_length=1, max_length=20)
    does = serializers.DictField()
    environment = serializers.CharField(max_length=40, default="production")

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "class": serializers.CharField(max_length=60, allow_blank=True, default="")}


class UseSerializer(serializers.Serializer[Any]):
    """The digest that was approved, as the caller was told."""

    digest = serializers.RegexField(DIGEST)
