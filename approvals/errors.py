"""Refusals of the approvals room."""

from plumbing.errors import MusterError

SHORT = 8  # digits of a digest that people compare by eye


class ApprovalError(MusterError):
    """A rule of approvals was broken. Nothing was decided."""

    code = "approval_refused"


class IllegalTransition(ApprovalError):
    """The request's state doesn't allow this move."""

    code = "illegal_transition"

    def __init__(self, current: str, target: str) -> None:
        super().__init__(current, target)
        self.current, self.target = current, target

    def __str__(self) -> str:
        return f"A request that is {self.current} can't become {self.target}."


class AlreadySettled(ApprovalError):
    """Somebody was faster, or the request is void."""

    code = "already_settled"

    def __init__(self, state: str, who: str, when: str) -> None:
        super().__init__(state, who, when)
        self.state, self.who, self.when = state, who, when

    def __str__(self) -> str:
        return f"This request is {self.state} already: {self.who}, {self.when}. Your decision was not counted."


class NotEntitled(ApprovalError):
    """The person may not decide this request. The attempt is on record."""

    code = "not_entitled"
    status = 403

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because

    def __str__(self) -> str:
        return f"You can't decide this: {self.because}. The attempt is on record."


class OtherDigest(ApprovalError):
    """The decision names another digest than the request is bound to: its page showed something else."""

    code = "other_digest"

    def __init__(self, seen: str, bound: str) -> None:
        super().__init__(seen, bound)
        self.seen, self.bound = seen, bound

    def __str__(self) -> str:
        seen = f"{self.seen[:SHORT]}…" if self.seen else "no digest"
        return (
            f"Your decision was about {seen}, but this request is bound to {self.bound[:SHORT]}…. "
            "Open it again, read what it binds, and decide on that."
        )


class BindingChanged(ApprovalError):
    """What would be done is no longer what was asked. The request is void now; where it still waits, it is asked anew.

    found: digest of what would be done now, "" when nothing would be."""

    code = "binding_changed"
    aftermath = "Your decision was not counted, and this request is void now."

    def __init__(self, asked: str, found: str) -> None:
        super().__init__(asked, found)
        self.asked, self.found = asked, found

    def __str__(self) -> str:
        if not self.found:
            return "Nothing waits for this decision any more. The request is void, and your decision was not counted."
        return (
            f"What would be done has changed since you were asked (bound {self.asked[:SHORT]}…, "
            f"now {self.found[:SHORT]}…). This request is void; look at the new one."
        )


class ReasonMissing(ApprovalError):
    """A rejection needs a reason."""

    code = "reason_missing"
    status = 422

    def __str__(self) -> str:
        return "Say why in a sentence: the reason is kept as evidence."
