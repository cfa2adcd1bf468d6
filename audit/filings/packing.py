"""What filings add to an evidence pack of their stream: the exact bytes that were sent, below data/forms/."""

from collections.abc import Sequence
from hashlib import sha256

from audit.models import Exported, Filing, FilingValue
from audit.selectors import EntryRow


def forms_of(stream_uid: str, rows: Sequence[EntryRow]) -> dict[str, bytes]:
    """forms/<regime>-<stage>-<number>-<uid>.<format> of every report that was sent up to these entries.

    Only what an entry of the pack names by its digest: a reader compares the two. A report that says what the pack
    withholds stays out of it: one with a withheld value, or with a value read from an entry of which a field is."""
    sent = {str(row.fields.get("filing")): row for row in rows if row.kind == "filing.submitted"}
    hidden = {row.seq for row in rows if row.erased}
    if not sent or any(row.seq in hidden for row in rows if row.kind.startswith("filing.")):
        return {}
    files: dict[str, bytes] = {}
    for filing in Filing.objects.filter(stream__uid=stream_uid, uid__in=sent).order_by("pk"):
        if _reads(filing, stream_uid) & hidden:
            continue
        named = sent[filing.uid].fields.get("files")
        for kept in Exported.objects.filter(filing=filing).order_by("form"):
            content = bytes(kept.content)
            digest = named.get(kept.form) if isinstance(named, dict) else None
            if digest == sha256(content).hexdigest():
                name = f"{filing.regime}-{filing.stage}-{filing.number}-{filing.uid[:8]}"
                files[f"forms/{name}.{kept.form}"] = content
    return files


def _reads(filing: Filing, stream_uid: str) -> set[int]:
    """The entries of the stream that the report's values rest on."""
    found = FilingValue.objects.filter(filing=filing).values_list("supports", flat=True)
    return {int(seq) for supports in found for stream, seq in supports if stream == stream_uid}
