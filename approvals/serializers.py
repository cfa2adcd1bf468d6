"""Approvals as the API gives and takes them."""

from typing import Any

from rest_framework import serializers

from approvals.models import LONGEST_REASON, ApprovalRequest, Asked, Decision
from approvals.states import Verdict


class PersonField(serializers.CharField):
    """Somebody, as {"id": "usr_…", "name": "Lena Vogt"}."""

    def to_representation(self, value: Any) -> Any:
        return {"id": value.actor_id, "name": str(value)}


class AskedSerializer(serializers.ModelSerializer[Asked]):
    user = PersonField(read_only=True)

    class Meta:
        model = Asked
        fields = ("user", "because", "asked_at")


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    user = PersonField(read_only=True)

    class Meta:
        model = Decision
        fields = ("user", "verdict", "reason", "digest", "decided_at")


class RequestSerializer(serializers.ModelSerializer[ApprovalRequest]):
    """One request: the question, whom it was asked of and why, exactly what it binds, and what was decided."""

    id = serializers.CharField(source="uid", read_only=True)
    service = serializers.CharField(source="service.slug", default=None, read_only=True)
    requester = PersonField(read_only=True)
    executor = PersonField(read_only=True)
    asked = AskedSerializer(many=True, read_only=True)
    decisions = DecisionSerializer(many=True, read_only=True)

    class Meta:
        model = ApprovalRequest
        fields = (
            "id", "state", "question", "effect", "undo", "proof", "subject", "stream", "service", "digest", "binds",
            "requester", "executor", "asked", "skipped", "asked_at", "due_at", "settled_at", "why", "decisions",
        )  # fmt: skip
        read_only_fields = fields


class VerdictSerializer(serializers.Serializer[Any]):
    """A decision. `seen_digest` is the digest of the request that was read before deciding."""

    verdict = serializers.ChoiceField(choices=Verdict.choices)
    reason = serializers.CharField(max_length=LONGEST_REASON, allow_blank=True, default="")
    seen_digest = serializers.RegexField(r"^[0-9a-f]{64}$")
