"""What the API says of the trust in the ledger."""

from rest_framework import serializers

from audit.models import Checkpoint


class CheckpointSerializer(serializers.Serializer[Checkpoint]):
    """The last checkpoint."""

    size = serializers.IntegerField(help_text="heads of streams that it covers")
    root = serializers.SerializerMethodField(  # type: ignore[assignment]  # Field has an attribute of this name
        help_text="hex"
    )
    made = serializers.DateTimeField(allow_null=True, help_text="by the portal's clock")
    key_id = serializers.CharField()
    note = serializers.SerializerMethodField(help_text="the signed note, as witnesses and verifiers take it")

    def get_root(self, checkpoint: Checkpoint) -> str:
        """Its root in hex."""
        return bytes(checkpoint.root).hex()

    def get_note(self, checkpoint: Checkpoint) -> str:
        """Its text."""
        return bytes(checkpoint.note).decode()


class UncoveredSerializer(serializers.Serializer[object]):
    """What no checkpoint covers yet: whoever owns the database could still change it unnoticed."""

    entries = serializers.IntegerField()
    streams = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True, help_text="time of the oldest of these entries")


class SigningSerializer(serializers.Serializer[object]):
    """How signing goes."""

    state = serializers.CharField(help_text="well, away or refused")
    since = serializers.DateTimeField()


class LogKeySerializer(serializers.Serializer[object]):
    """A key of the log."""

    key_id = serializers.CharField()
    fingerprint = serializers.CharField(help_text="SHA-256 of the 32 key bytes, hex")
    vkey = serializers.CharField()
    is_in_force = serializers.BooleanField()
    added = serializers.DateTimeField(allow_null=True)
    retired = serializers.DateTimeField(allow_null=True)


class HeldCopySerializer(serializers.Serializer[object]):
    """A place outside this portal, and the last checkpoint that it holds."""

    kind = serializers.CharField(help_text="time stamp, witness or anchor")
    name = serializers.CharField()
    size = serializers.IntegerField(allow_null=True)
    held_at = serializers.DateTimeField(allow_null=True)
    keeps_up = serializers.BooleanField()
    problem = serializers.CharField()


class AuditSerializer(serializers.Serializer[object]):
    """A nightly audit that ended."""

    state = serializers.CharField(help_text="passed or failed")
    started = serializers.DateTimeField()
    finished = serializers.DateTimeField()
    streams = serializers.IntegerField()
    entries = serializers.IntegerField()


class TrustSerializer(serializers.Serializer[object]):
    """What stands behind the ledger."""

    origin = serializers.CharField()
    epoch = serializers.IntegerField(help_text="1, unless a loss made a new name necessary")
    state = serializers.CharField(help_text="well, late, empty, away or refused")
    window_s = serializers.IntegerField(help_text="changes younger than this can go unnoticed")
    last = CheckpointSerializer(allow_null=True)
    age_s = serializers.IntegerField(allow_null=True)
    uncovered = UncoveredSerializer()
    signing = SigningSerializer()
    signer_is_apart = serializers.BooleanField(source="is_apart")
    keys = LogKeySerializer(many=True)
    copies = HeldCopySerializer(many=True)
    audited = AuditSerializer(allow_null=True)
    findings = serializers.IntegerField(source="finding_count")
