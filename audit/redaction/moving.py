"""The one function that asks whether a redaction, an erasure or a hold may go from one state to another."""

from audit.models import ErasureRequest, Hold, RedactionSet
from audit.models.redaction import LONGEST_SAID, MOVES
from audit.redaction.errors import BadRequest, IllegalMove, ReasonMissing

Thing = RedactionSet | ErasureRequest | Hold
WORDS = {RedactionSet: "redaction", ErasureRequest: "erasure", Hold: "hold"}


def move(thing: Thing, target: str) -> None:
    """Set the state of a row that the caller holds and saves. Raises IllegalMove unless the table allows it."""
    word = WORDS[type(thing)]
    if target not in MOVES[word][thing.state]:
        raise IllegalMove(word, thing.state, target)
    thing.state = target


def reasoned(text: str) -> str:
    """A reason without blanks around it. Raises ReasonMissing, BadRequest when it is too long."""
    found = " ".join(text.split())
    if not found:
        raise ReasonMissing
    if len(found) > LONGEST_SAID:
        raise BadRequest(f"The reason has {len(found)} characters; at most {LONGEST_SAID} fit.")
    return found
