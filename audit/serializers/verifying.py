"""What the API takes and gives about a pack that is checked."""

from rest_framework import serializers

from audit.forms.verifying import LONGEST_CERTIFICATES, LONGEST_KEYS


class PackCheckSerializer(serializers.Serializer[object]):
    """A pack, and what its reader obtained elsewhere."""

    pack = serializers.FileField(allow_empty_file=True, help_text="the zip as it was received")
    keys = serializers.CharField(
        default="", allow_blank=True, max_length=LONGEST_KEYS, help_text="fingerprints, vkeys or PEM of the log's key"
    )
    trust = serializers.CharField(
        default="", allow_blank=True, max_length=LONGEST_CERTIFICATES, help_text="certificates that you trust, PEM"
    )
    tagmanifest = serializers.RegexField(
        "^[0-9a-f]{64}$",
        default="",
        allow_blank=True,
        help_text="SHA-256 of tagmanifest-sha256.txt, obtained elsewhere",
    )


class CheckedStreamSerializer(serializers.Serializer[object]):
    """A stream in a pack that holds."""

    uid = serializers.CharField()
    size = serializers.IntegerField()
    root = serializers.CharField()  # type: ignore[assignment]
    disclosed = serializers.IntegerField()
    withheld = serializers.IntegerField()
    erased = serializers.IntegerField()
    earlier = serializers.IntegerField(help_text="earlier packs that are prefixes of this one")


class CheckedSerializer(serializers.Serializer[object]):
    """The result of a check."""

    holds = serializers.BooleanField()
    sentence = serializers.CharField(help_text="what verify.py says")
    place = serializers.CharField(help_text="of the first thing that doesn't hold")
    vouched = serializers.CharField(help_text="whose key signed it; empty: only the pack says so")
    name = serializers.CharField()
    zip_sha256 = serializers.CharField()
    tagmanifest = serializers.CharField()
    format = serializers.IntegerField()
    origin = serializers.CharField()
    fingerprint = serializers.CharField()
    heads = serializers.IntegerField()
    streams = CheckedStreamSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())
