"""Tables of the ledger itself. Rows are appended, never changed: audit.guards makes the database itself refuse it.

Rule zero: `body` and `payload` are the bytes that were hashed. The other columns are copies for search, and
audit.verify compares them. Nothing here cascades.
"""

from django.db import models
from django.db.models import PROTECT, Q


class Octets(models.BinaryField):  # type: ignore[type-arg]
    """Bytes, even where an intruder left text: SQLite would hand out a str, and verification must name it, not fall."""

    def from_db_value(self, value: object, *_: object) -> bytes | None:
        if value is None:
            return None
        return value.encode() if isinstance(value, str) else bytes(value)  # type: ignore[call-overload]


class Stream(models.Model):
    """One history that is exported as one piece. Only size, head and time ever change, and only forward."""

    uid = models.CharField(max_length=64, unique=True)
    size = models.BigIntegerField(default=0)
    head = Octets(max_length=32, default=bytes(32))  # leaf of the last entry
    time = models.DateTimeField(null=True)  # of the last entry: the next one is never earlier

    class Meta:
        db_table = "ledger_stream"
        constraints = [models.CheckConstraint(condition=Q(size__gte=0), name="ledger_stream_size")]

    def __str__(self) -> str:
        return self.uid


class Entry(models.Model):
    """One thing that happened."""

    uid = models.UUIDField(unique=True)
    stream = models.ForeignKey(Stream, PROTECT, related_name="entries", db_index=False)
    seq = models.BigIntegerField()
    time = models.DateTimeField()
    kind = models.CharField(max_length=64)
    actor = models.CharField(max_length=64)
    body = Octets()
    leaf = Octets(max_length=32)

    class Meta:
        db_table = "ledger_entry"
        constraints = [
            models.UniqueConstraint(fields=["stream", "seq"], name="ledger_entry_place"),
            models.CheckConstraint(condition=Q(seq__gte=0), name="ledger_entry_seq"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class Disclosure(models.Model):
    """The value of one field of one entry, with its salt. Absent once it was erased."""

    entry = models.ForeignKey(Entry, PROTECT, related_name="disclosures", db_index=False)
    name = models.CharField(max_length=40)
    payload = Octets()
    key_id = models.CharField(max_length=64, null=True)  # of the data key, where the payload is encrypted at rest

    class Meta:
        db_table = "ledger_disclosure"
        constraints = [models.UniqueConstraint(fields=["entry", "name"], name="ledger_disclosure_field")]

    def __str__(self) -> str:
        return self.name


class Erasure(models.Model):
    """Says that a disclosure was erased, and by which entry of the same stream."""

    entry = models.ForeignKey(Entry, PROTECT, related_name="erasures", db_index=False)
    name = models.CharField(max_length=40)
    stream_seq = models.BigIntegerField()

    class Meta:
        db_table = "ledger_erasure"
        constraints = [models.UniqueConstraint(fields=["entry", "name"], name="ledger_erasure_field")]

    def __str__(self) -> str:
        return self.name


class Head(models.Model):
    """A line of the portal-wide heads log: how large a stream was, and the root of its tree."""

    idx = models.BigIntegerField(unique=True)
    stream = models.ForeignKey(Stream, PROTECT, related_name="heads")
    size = models.BigIntegerField()
    root = Octets(max_length=32)
    body = Octets()
    leaf = Octets(max_length=32)

    class Meta:
        db_table = "ledger_head"
        constraints = [models.UniqueConstraint(fields=["stream", "size"], name="ledger_head_size")]

    def __str__(self) -> str:
        return f"{self.idx} {self.size}"


class Checkpoint(models.Model):
    """The heads log's size and root, signed."""

    size = models.BigIntegerField(unique=True)
    root = Octets(max_length=32)
    note = Octets()
    key_id = models.CharField(max_length=8)
    made = models.DateTimeField(null=True)  # by our own clock; what proves a time is a token

    class Meta:
        db_table = "ledger_checkpoint"

    def __str__(self) -> str:
        return f"checkpoint {self.size}"


class Timestamp(models.Model):
    """An RFC 3161 response over a checkpoint file, whole."""

    checkpoint = models.ForeignKey(Checkpoint, PROTECT, related_name="timestamps")
    gen_time = models.DateTimeField()
    response = Octets()

    class Meta:
        db_table = "ledger_timestamp"

    def __str__(self) -> str:
        return f"timestamp {self.gen_time:%Y-%m-%d %H:%M}"


class Cosignature(models.Model):
    """A witness's note line under a checkpoint."""

    checkpoint = models.ForeignKey(Checkpoint, PROTECT, related_name="cosignatures", db_index=False)
    witness = models.CharField(max_length=200)
    line = models.TextField()

    class Meta:
        db_table = "ledger_cosignature"
        constraints = [models.UniqueConstraint(fields=["checkpoint", "witness"], name="ledger_cosignature_witness")]

    def __str__(self) -> str:
        return self.witness


class Pack(models.Model):
    """An evidence pack that was handed out. The entry pack.issued of stream portal with this uid says who and when."""

    uid = models.UUIDField(unique=True)
    stream = models.ForeignKey(Stream, PROTECT, related_name="packs")
    size = models.BigIntegerField()
    root = Octets(max_length=32)
    tagmanifest_sha256 = models.CharField(max_length=64)
    zip_sha256 = models.CharField(max_length=64)

    class Meta:
        db_table = "ledger_pack"

    def __str__(self) -> str:
        return f"pack {self.uid}"
