"""Refusals of redaction, erasure, retention and holds. Nothing was written when one of these is raised."""

from collections.abc import Sequence

from audit.errors import LedgerError
from plumbing.errors import Plain


class RedactionError(Plain, LedgerError):
    """Base of every refusal here, with one sentence of why."""

    code = "redaction_refused"
    status = 409


class IllegalMove(RedactionError):
    """The thing is in a state that doesn't lead there: somebody was quicker, or it is over."""

    code = "illegal_transition"

    def __init__(self, what: str, current: str, target: str) -> None:
        super().__init__(f"This {what} is {current}; from there it can't become {target}.")
        self.what, self.current, self.target = what, current, target
        self.args = (what, current, target)


class SamePerson(RedactionError):
    """Four eyes: whoever asked can't be who agrees."""

    code = "same_person"
    status = 403

    def __init__(self, what: str) -> None:
        super().__init__(f"You asked for this {what}, so somebody else decides on it: four eyes.")
        self.args = (what,)


class ReasonMissing(RedactionError):
    """Something is withheld, erased, kept or refused only with a reason."""

    code = "reason_missing"
    status = 422

    def __init__(self) -> None:
        super().__init__("Say why, in a sentence. It is kept as evidence.")
        self.args = ()


class BadRequest(RedactionError):
    """What was sent can't be understood; the sentence says what would be right."""

    code = "bad_request"
    status = 422


class BadProfile(RedactionError):
    """A data file of profiles or of retention is wrong. Says in which file, where, and what would be right."""

    code = "bad_profile"
    status = 500

    def __init__(self, file: str, problems: Sequence[str]) -> None:
        super().__init__(f"{file}: {' '.join(problems)}")
        self.file, self.problems = file, list(problems)
        self.args = (file, self.problems)


class Grew(RedactionError):
    """What was looked at is not what is there now: the approval was of exactly that, and is void."""

    code = "grew"


class NeedsApproval(RedactionError):
    """For this audience a second person has to agree to what is shown."""

    code = "needs_approval"


class OnHold(RedactionError):
    """A legal hold keeps everything as it is."""

    code = "on_hold"
