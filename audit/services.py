"""What people do with evidence besides reading it. Each is itself recorded, in the stream `portal`."""

from audit import ledger
from audit.canonical import Json
from audit.errors import NoSuchStream
from audit.ledger import Actor
from audit.models import Stream
from audit.verify import Verdict, verify_stream
from plumbing.database import atomic


def verify(stream_uid: str, *, actor: Actor) -> Verdict:
    """Read a whole stream, and record that it was verified, by whom, with what result. Raises NoSuchStream."""
    try:
        verdict = verify_stream(stream_uid)
    except Stream.DoesNotExist:
        raise NoSuchStream(stream_uid) from None
    told: dict[str, Json] = {
        "stream": stream_uid,
        "size": verdict.size,
        "is_whole": verdict.ok,
        "result": verdict.sentence,
    }
    with atomic():
        ledger.record("portal", "stream.verified", actor, told)
    return verdict
