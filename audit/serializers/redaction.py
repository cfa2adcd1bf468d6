"""Redactions, erasures, holds and retention as JSON: what the API shows, and what it takes."""

from typing import Any

from rest_framework import serializers

from audit.models import ErasureRequest, Hold, RedactionSet
from audit.models.redaction import LONGEST_SAID
from audit.redaction.holds import LONGEST_MATTER
from audit.redaction.sets import LONGEST_WHY, MOST_CHOICES


class RedactionSerializer(serializers.ModelSerializer[RedactionSet]):
    """A redaction set. digest: what an approval binds, and what `seen` must be."""

    stream = serializers.CharField(source="stream.uid")
    state = serializers.CharField()

    class Meta:
        model = RedactionSet
        fields = (
            "uid", "stream", "audience", "purpose", "state", "choices", "size", "withheld", "digest", "author",
            "made_at", "asked_at", "decider", "decided_at", "said",
        )  # fmt: skip
        read_only_fields = fields


class NewRedactionSerializer(serializers.Serializer[dict[str, Any]]):
    """A new set: for which stream, for whom, why."""

    stream = serializers.CharField(max_length=64)
    audience = serializers.CharField(max_length=40)
    purpose = serializers.CharField(max_length=LONGEST_SAID)


class RedactionChoiceSerializer(serializers.Serializer[dict[str, Any]]):
    """What is chosen for one field. then: show, withhold, or profile (as the profile says)."""

    seq = serializers.IntegerField(min_value=0)
    name = serializers.CharField(max_length=40)
    then = serializers.ChoiceField(choices=["show", "withhold", "profile"])
    reason = serializers.CharField(max_length=LONGEST_WHY, required=False, allow_blank=True, default="")


class RedactionChoicesSerializer(serializers.Serializer[dict[str, Any]]):
    """Choices by hand."""

    choices = RedactionChoiceSerializer(many=True, max_length=MOST_CHOICES)  # type: ignore[call-arg]


class EvidenceReasonSerializer(serializers.Serializer[dict[str, Any]]):
    """Why."""

    reason = serializers.CharField(max_length=LONGEST_SAID)


class SecondPersonSerializer(EvidenceReasonSerializer):
    """A second person's word. seen: the digest of what they looked at; needed for a yes."""

    approve = serializers.BooleanField()
    seen = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class LiftHoldSerializer(EvidenceReasonSerializer):
    """A second person's word on lifting a hold."""

    lift = serializers.BooleanField()


class ReaderFieldSerializer(serializers.Serializer[Any]):
    """One field as the reader sees it. value is null unless it is shown."""

    name = serializers.CharField()
    state = serializers.CharField()
    value = serializers.JSONField()
    reason = serializers.CharField()


class ReaderEntrySerializer(serializers.Serializer[Any]):
    """One entry as the reader sees it."""

    seq = serializers.IntegerField()
    time = serializers.DateTimeField()
    kind = serializers.CharField()
    who = serializers.CharField()
    fields = ReaderFieldSerializer(many=True)  # type: ignore[assignment]  # an entry has a field of that name


class ReaderCountsSerializer(serializers.Serializer[Any]):
    """How much is shown."""

    entries = serializers.IntegerField()
    shown = serializers.IntegerField()
    withheld = serializers.IntegerField()
    erased = serializers.IntegerField()
    by_hand = serializers.IntegerField()
    reasons = serializers.DictField(child=serializers.IntegerField())


class RedactionPreviewSerializer(serializers.Serializer[Any]):
    """What the reader of a pack would see: a page of entries, and figures over all of them."""

    title = serializers.CharField()
    size = serializers.IntegerField()
    counts = ReaderCountsSerializer()
    entries = ReaderEntrySerializer(many=True)


class ErasureSerializer(serializers.ModelSerializer[ErasureRequest]):
    """A request for erasure. What it looks for is not shown here."""

    kind = serializers.CharField()
    state = serializers.CharField()

    class Meta:
        model = ErasureRequest
        fields = (
            "uid", "kind", "subject", "covers", "copies", "digest", "reason", "state", "author", "asked_at", "decider",
            "decided_at", "said", "done_at", "outcome",
        )  # fmt: skip
        read_only_fields = fields


class FieldPlaceSerializer(serializers.Serializer[dict[str, Any]]):
    """One field of one entry."""

    seq = serializers.IntegerField(min_value=0)
    name = serializers.CharField(max_length=40)


class NewErasureSerializer(EvidenceReasonSerializer):
    """What is to be erased: words or an account everywhere (or in one stream), or named fields of one stream."""

    words = serializers.ListField(child=serializers.CharField(max_length=200), required=False, default=list)
    person = serializers.CharField(max_length=150, required=False, allow_blank=True, default="")
    stream = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    fields = FieldPlaceSerializer(many=True, required=False, default=list)  # type: ignore[assignment]


class LegalHoldSerializer(serializers.ModelSerializer[Hold]):
    """A legal hold."""

    stream = serializers.CharField(source="stream.uid")
    state = serializers.CharField()

    class Meta:
        model = Hold
        fields = (
            "uid", "stream", "matter", "reason", "state", "setter", "set_at", "asker", "asked_at", "why_lift", "lifter",
            "lifted_at", "said",
        )  # fmt: skip
        read_only_fields = fields


class NewLegalHoldSerializer(EvidenceReasonSerializer):
    """A new hold."""

    stream = serializers.CharField(max_length=64)
    matter = serializers.CharField(max_length=LONGEST_MATTER)


class KeptSerializer(serializers.Serializer[Any]):
    """How a stream is kept. until: null for good. fields: how many are past their time now."""

    stream = serializers.CharField(source="stream.uid")
    retention = serializers.CharField(source="retention.slug")
    until = serializers.DateTimeField()
    fields = serializers.IntegerField()  # type: ignore[assignment]
    on_hold = serializers.SerializerMethodField()

    def get_on_hold(self, row: Any) -> bool:
        return bool(row.holds)


class NewKeepingSerializer(EvidenceReasonSerializer):
    """Another retention class for a stream."""

    stream = serializers.CharField(max_length=64)
    retention = serializers.CharField(max_length=40)
