"""What the API of packs takes and gives."""

from rest_framework import serializers

from audit.models import Language, PackKind, Paper


class AskSerializer(serializers.Serializer[object]):
    """What a pack shall hold."""

    kind = serializers.ChoiceField(choices=PackKind.choices)
    subject = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=64, help_text="uid of the stream, approval or person"
    )
    since = serializers.DateTimeField(required=False, help_text="of a period")
    until = serializers.DateTimeField(required=False, help_text="of a period; entries before it")
    audience = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)
    redaction = serializers.CharField(required=False, default="", allow_blank=True, max_length=64)
    language = serializers.ChoiceField(choices=Language.choices, required=False, default=Language.ENGLISH)
    paper = serializers.ChoiceField(choices=Paper.choices, required=False, default=Paper.A4)
    zone = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=64,
        help_text="stands beside UTC in the report, such as Europe/Berlin; empty: UTC alone; left out: the caller's",
    )


class PackJobSerializer(serializers.Serializer[object]):
    """A pack that was asked for, and how far it is."""

    uid = serializers.CharField(source="job.uid")
    kind = serializers.CharField(source="job.kind")
    subject = serializers.CharField(source="job.subject")
    title = serializers.CharField()
    streams = serializers.ListField(source="job.streams", child=serializers.CharField())
    audience = serializers.CharField(source="job.audience")
    language = serializers.CharField(source="job.language")
    paper = serializers.CharField(source="job.paper")
    zone = serializers.CharField(source="job.zone")
    state = serializers.CharField(source="job.state")
    percent = serializers.IntegerField(source="job.percent")
    doing = serializers.CharField(source="job.doing")
    error = serializers.CharField(source="job.error")
    asked_at = serializers.DateTimeField(source="job.asked_at")
    ended_at = serializers.DateTimeField(source="job.ended_at", allow_null=True)
    bytes = serializers.IntegerField(source="job.file_size")
    size = serializers.IntegerField(source="job.pack.size", default=None, allow_null=True)
    root = serializers.SerializerMethodField()  # type: ignore[assignment]
    tagmanifest_sha256 = serializers.CharField(source="job.pack.tagmanifest_sha256", default=None, allow_null=True)
    zip_sha256 = serializers.CharField(source="job.pack.zip_sha256", default=None, allow_null=True)

    def get_root(self, line: object) -> str | None:
        pack = line.job.pack  # type: ignore[attr-defined]
        return bytes(pack.root).hex() if pack else None


class AttachedSerializer(serializers.Serializer[object]):
    """A file that was attached."""

    stream = serializers.CharField()
    seq = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    type = serializers.CharField()
    sha256 = serializers.CharField()
