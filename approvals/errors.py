"""Refusals of the approvals room."""

from plumbing.errors import MusterError


class ApprovalError(MusterError):
    """A rule of approvals was broken. Nothing was decided."""

    code = "approval_refused"


class AlreadySettled(ApprovalError):
    """Somebody was faster, or the request is void."""

    code = "already_settled"

    def __init__(self, state: str, who: str, when: str) -> None:
        super().__init__(state, who, when)
        self.state, self.who, self.when = state, who, when

    def __str__(self) -> str:
        return f"This request is {self.state} already: {self.who}, {self.when}. Your decision was not counted."


class NotEntitled(ApprovalError):
    """The person may not decide this request."""

    code = "not_entitled"
    status = 403

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because

    def __str__(self) -> str:
        return f"You can't decide this: {self.because}"


class BindingChanged(ApprovalError):
    """What would be done is no longer what was asked. The request is void now; a new one is asked."""

    code = "binding_changed"

    def __init__(self, asked: str, found: str) -> None:
        super().__init__(asked, found)
        self.asked, self.found = asked, found

    def __str__(self) -> str:
        return (
            f"What would be done has changed since you were asked (bound {self.asked[:8]}…, now {self.found[:8]}…). "
            "This request is void; look at the new one."
        )


class ReasonMissing(ApprovalError):
    """A rejection, or a decision of high risk, needs a reason."""

    code = "reason_missing"
    status = 422

    def __str__(self) -> str:
        return "Say why in a sentence: the reason is kept as evidence."
