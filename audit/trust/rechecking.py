"""Whether what others attested still holds: tokens and cosignatures, for the nightly audit, a slice at a time.

What can't be judged any more, because its authority or witness was taken out of the settings, is passed over: the
attestation itself is as good as before, and whoever has their certificate or key can check it in a pack.
"""

from collections.abc import Iterator

from audit.cosigning import Verifier, find_cosigned
from audit.errors import BadNote
from audit.inspection import Break
from audit.models import Anchor, Checkpoint, Cosignature, Holder, Timestamp
from audit.trust import reviews, witnesses
from audit.trust.holders.errors import BadSetting
from audit.trust.reviews import Reviewed
from audit.trust.stamps import BadToken, roots, verify

AT_ONCE = 25  # tokens take 10 ms each


def connect() -> None:
    """Called once, when the app is ready."""
    reviews.register("time stamps", time_stamps)
    reviews.register("witnesses", cosignatures)
    reviews.register("holders", holders)


def time_stamps(beyond: int) -> Reviewed:
    """Verify the next tokens after row `beyond`, each at its own time."""
    try:
        trusted = roots()
    except BadSetting as error:
        return Reviewed([Break("time stamps", str(error), "the certificates to judge them by")])
    if not trusted:
        return Reviewed()
    rows = list(Timestamp.objects.filter(pk__gt=beyond).select_related("checkpoint").order_by("pk")[:AT_ONCE])
    breaks: list[Break] = []
    for row in rows:
        place = f"time stamp {row.pk} of checkpoint {row.checkpoint.size}"
        try:
            token = verify(bytes(row.response), bytes(row.checkpoint.note), trusted)
        except BadToken as error:
            breaks.append(Break(place, error.reason, "a token over the checkpoint by an authority that is trusted"))
            continue
        if token.gen_time.replace(microsecond=0) != row.gen_time.replace(microsecond=0):
            breaks.append(Break(place, f"the time {row.gen_time}", f"{token.gen_time}, which its token says"))
    return Reviewed(breaks, rows[-1].pk if len(rows) == AT_ONCE else None)


def cosignatures(beyond: int) -> Reviewed:
    """Verify the next cosignatures after row `beyond`, under the keys that are configured."""
    try:
        keys = {one.verifier.name: one.verifier for one in witnesses.known()}
    except BadSetting as error:
        return Reviewed([Break("cosignatures", str(error), "the keys to judge them by")])
    kept = Cosignature.objects.filter(pk__gt=beyond, witness__in=keys)
    rows = list(kept.select_related("checkpoint").order_by("pk")[: AT_ONCE * 20])
    breaks = [broken for row in rows for broken in _cosignature(row, keys[row.witness])]
    return Reviewed(breaks, rows[-1].pk if len(rows) == AT_ONCE * 20 else None)


def _cosignature(row: Cosignature, verifier: Verifier) -> Iterator[Break]:
    place = f"cosignature of checkpoint {row.checkpoint.size} by {row.witness}"
    try:
        find_cosigned(f"{row.line}\n".encode(), bytes(row.checkpoint.note), verifier)
    except BadNote as error:
        yield Break(place, error.reason, "a line by that witness's key over the checkpoint")


def holders(_: int) -> Reviewed:
    """Whether what places outside were given last is still on record here: a row that vanished was deleted."""
    breaks = []
    for row in Holder.objects.exclude(checkpoint=None).select_related("checkpoint"):
        if row.checkpoint and not _on_record(row, row.checkpoint):
            told = f"its attestation of checkpoint {row.checkpoint.size}"
            breaks.append(Break(f"{row.kind} {row.name}", "nothing", told))
    return Reviewed(breaks)


def _on_record(row: Holder, checkpoint: Checkpoint) -> bool:
    if row.kind == "witness":
        return Cosignature.objects.filter(checkpoint=checkpoint, witness=row.name).exists()
    if row.kind == "anchor":
        return Anchor.objects.filter(checkpoint=checkpoint, place=row.name).exists()
    return Timestamp.objects.filter(checkpoint=checkpoint).exists()
