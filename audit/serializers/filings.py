"""What the API of filings takes and gives."""

from rest_framework import serializers

from audit.filings.editing import LONGEST_REASON
from audit.filings.exports.report import SCALES
from audit.filings.moving import LONGEST_LINE
from audit.models import FilingState


class NewFilingSerializer(serializers.Serializer[object]):
    """A report to begin."""

    stream = serializers.CharField(max_length=64)
    regime = serializers.CharField(max_length=64, help_text="eu_dora_major_incident")
    stage = serializers.CharField(max_length=64, help_text="initial, intermediate, final …")
    entity = serializers.CharField(max_length=64, help_text="uid of the legal entity")


class ValuesSerializer(serializers.Serializer[object]):
    """Values to enter. `seen` is the version that was read; a field that somebody else changed since is a 409."""

    values = serializers.DictField(
        child=serializers.JSONField(allow_null=True), help_text="number of the field or fact.<name> -> value"
    )
    seen = serializers.IntegerField(min_value=0)
    reason = serializers.CharField(max_length=LONGEST_REASON)
    entries = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**53), default=list, max_length=200,
        help_text="entries of the stream that bear them out",
    )  # fmt: skip


class SeenVersionSerializer(serializers.Serializer[object]):
    """The version that was read."""

    seen = serializers.IntegerField(min_value=0)


class HowSerializer(SeenVersionSerializer):
    """How its files are written."""

    scale = serializers.ChoiceField(choices=list(SCALES))
    schema = serializers.CharField(max_length=20, allow_blank=True)


class FilingReasonSerializer(serializers.Serializer[object]):
    """Why."""

    reason = serializers.CharField(max_length=LONGEST_REASON)


class SubmitSerializer(serializers.Serializer[object]):
    """What the sender says, once it was sent."""

    at = serializers.DateTimeField()
    channel = serializers.CharField(max_length=LONGEST_LINE)
    file = serializers.CharField(max_length=8, default="", allow_blank=True, help_text="json, xlsx, pdf, or empty")
    reference = serializers.CharField(max_length=LONGEST_LINE, default="", allow_blank=True)


class AcknowledgeSerializer(serializers.Serializer[object]):
    """What the authority answered."""

    at = serializers.DateTimeField()
    reference = serializers.CharField(max_length=LONGEST_LINE, default="", allow_blank=True)


class FilingFindingSerializer(serializers.Serializer[object]):
    """One thing to settle, or worth a look."""

    severity = serializers.CharField()
    field = serializers.CharField()
    words = serializers.CharField()
    rule = serializers.CharField()


class FilingValueSerializer(serializers.Serializer[object]):
    """One value with where it comes from."""

    key = serializers.CharField()
    value = serializers.JSONField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]
    provider = serializers.CharField()
    supports = serializers.JSONField(help_text="[[stream, seq], ...]")
    reason = serializers.CharField()
    actor = serializers.CharField()
    at = serializers.DateTimeField()
    version = serializers.IntegerField()


class FilingSerializer(serializers.Serializer[object]):
    """A filing."""

    uid = serializers.CharField()
    stream = serializers.CharField(source="stream.uid")
    regime = serializers.CharField()
    stage = serializers.CharField()
    number = serializers.IntegerField()
    entity = serializers.CharField()
    entity_name = serializers.CharField()
    state = serializers.CharField(help_text=", ".join(FilingState.values))
    version = serializers.IntegerField()
    scale = serializers.CharField()
    schema = serializers.CharField()
    why = serializers.CharField()
    digests = serializers.JSONField(help_text="format -> SHA-256 of the bytes that were sent to review")
    changed_at = serializers.DateTimeField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    channel = serializers.CharField()
    reference = serializers.CharField()
    acknowledged_at = serializers.DateTimeField(allow_null=True)


class FilingDetailSerializer(FilingSerializer):
    """A filing with its values and what is to settle."""

    values = serializers.ListField(child=FilingValueSerializer(), source="value_rows")
    findings = serializers.ListField(child=FilingFindingSerializer())
