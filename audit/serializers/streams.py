"""What the API takes and gives."""

from rest_framework import serializers

from audit.selectors import MOST


class StreamSerializer(serializers.Serializer[object]):
    """A stream."""

    uid = serializers.CharField()
    title = serializers.CharField(source="label.title")
    url = serializers.CharField(source="label.url")
    size = serializers.IntegerField(help_text="number of entries")
    time = serializers.DateTimeField(allow_null=True, help_text="of the last entry")
    signed = serializers.IntegerField(help_text="how many entries a checkpoint covers")
    packs = serializers.IntegerField()


class StreamPageSerializer(serializers.Serializer[object]):
    """A page of streams."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = StreamSerializer(many=True)


class PageSerializer(serializers.Serializer[object]):
    """Which entries are asked for."""

    after = serializers.IntegerField(default=-1, min_value=-1, help_text="entries with a greater seq; -1: all")
    limit = serializers.IntegerField(default=100, min_value=1, max_value=MOST)


class LedgerEntrySerializer(serializers.Serializer[object]):
    """An entry with its fields."""

    seq = serializers.IntegerField()
    uid = serializers.UUIDField()
    time = serializers.DateTimeField()
    kind = serializers.CharField()
    actor = serializers.CharField()
    fields = serializers.JSONField()  # type: ignore[assignment]
    leaf = serializers.CharField(help_text="SHA-256 of a zero byte and the entry's bytes, in hex")
    erased = serializers.ListField(child=serializers.CharField(), help_text="names of fields that were erased")


class LedgerEntryPageSerializer(serializers.Serializer[object]):
    """A page of entries."""

    size = serializers.IntegerField(help_text="of the stream: there are more while the last seq is below size - 1")
    results = LedgerEntrySerializer(many=True)


class BreakSerializer(serializers.Serializer[object]):
    """The first thing that is wrong."""

    place = serializers.CharField()
    found = serializers.CharField()
    expected = serializers.CharField()


class StreamVerdictSerializer(serializers.Serializer[object]):
    """The result of reading a whole stream."""

    stream = serializers.CharField(source="subject")
    is_whole = serializers.BooleanField(source="ok")
    sentence = serializers.CharField()
    size = serializers.IntegerField()
    signed = serializers.IntegerField()
    root = serializers.CharField()  # type: ignore[assignment]
    first_break = BreakSerializer(source="break_", allow_null=True)
