"""Refusals of the approvals room."""

from plumbing.durations import in_words
from plumbing.errors import BadField, MusterError

SHORT = 8  # digits of a digest that people compare by eye


class ApprovalError(MusterError):
    """A rule of approvals was broken. Nothing was decided."""

    code = "approval_refused"


class Because(ApprovalError):
    """A refusal with one reason, which its sentence ends with."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


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


class NotEntitled(Because):
    """The person may not do this with the request. The attempt is on record."""

    code = "not_entitled"
    status = 403

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

    def __init__(self, asked: str, found: str, differences: str = "") -> None:
        super().__init__(asked, found, differences)
        self.asked, self.found, self.differences = asked, found, differences

    def __str__(self) -> str:
        if not self.found:
            return "Nothing waits for this decision any more. The request is void, and your decision was not counted."
        return (
            f"What would be done has changed since you were asked (bound {self.asked[:SHORT]}…, "
            f"now {self.found[:SHORT]}…). {self.differences} This request is void; look at the new one."
        ).replace("  ", " ")


class ReasonMissing(ApprovalError):
    """A rejection needs a reason, and so does whatever the policies say."""

    code = "reason_missing"
    status = 422

    def __str__(self) -> str:
        return "Say why in a sentence: the reason is kept as evidence."


class PolicyRefused(ApprovalError):
    """The text is no valid policy. `problems`: every mistake, with its line and what would be right."""

    code = "policy_refused"
    status = 422

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


class ConfirmationMissing(ApprovalError):
    """The policies demand a typed confirmation, and what was typed is something else."""

    code = "confirmation_missing"
    status = 422

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected

    def __str__(self) -> str:
        return f"Type {self.expected} to confirm: the first signs of what this binds."


class FactorNeeded(ApprovalError):
    """The policies demand a second factor, and there is none that is fresh. Nothing was decided."""

    code = "factor_needed"
    status = 403

    def __init__(self, within_s: int) -> None:
        super().__init__(within_s)
        self.within_s = within_s

    def __str__(self) -> str:
        return (
            f"This needs your second factor, given within the last {in_words(self.within_s)}. "
            "Give it again, then decide."
        )


class NotYourTurn(ApprovalError):
    """The policies demand an order, and somebody else decides before."""

    code = "not_your_turn"

    def __init__(self, turn: str) -> None:
        super().__init__(turn)
        self.turn = turn

    def __str__(self) -> str:
        return f"One decides after the other here, and now it is the turn of: {self.turn}."


class BadCondition(Because):
    """A condition can't be kept."""

    code = "bad_condition"
    status = 422

    def __str__(self) -> str:
        return f"This condition can't be kept: {self.because}"


class PolicyBusy(ApprovalError):
    """Another version of the policy waits for its second person."""

    code = "policy_busy"

    def __init__(self, slug: str, number: int, author: str) -> None:
        super().__init__(slug, number, author)
        self.slug, self.number, self.author = slug, number, author

    def __str__(self) -> str:
        return (
            f"Version {self.number} of {self.slug}, by {self.author}, waits for its second person. "
            "Have it put in force or refused first."
        )


class BadDelegation(BadField, ApprovalError):
    """A delegation can't be made so. field: what to change."""

    code = "bad_delegation"
    status = 422


class NotTheirs(Because):
    """Somebody can't give, or end, what is another's. Nothing was written, also not to the ledger."""

    code = "not_theirs"
    status = 403

    def __str__(self) -> str:
        return f"This isn't yours to do: {self.because}."


class BadStanding(BadField, ApprovalError):
    """An approval in advance can't be given so. field: what to change."""

    code = "bad_standing"
    status = 422


class NotUsable(Because):
    """An approval can't be used. Nothing may be done on it."""

    code = "not_usable"

    def __str__(self) -> str:
        return f"The approval can't be used: {self.because}."


class NoCondition(ApprovalError):
    """The yes was given under no such note, so there is nothing to confirm."""

    code = "no_condition"
    status = 404

    def __str__(self) -> str:
        return "The yes was given under no such note, so there is nothing to confirm."


class NameInUse(ApprovalError):
    """The caller's own name for what it would do stands for something that is still open in another history."""

    code = "name_in_use"

    def __init__(self, name: str, stream: str) -> None:
        super().__init__(name, stream)
        self.name, self.stream = name, stream

    def __str__(self) -> str:
        return f"{self.name!r} is still open in {self.stream}. Withdraw it there, or choose another name."


class NoReview(ApprovalError):
    """Nobody broke the glass here, so there is nothing to review."""

    code = "no_review"
    status = 404

    def __str__(self) -> str:
        return "Nobody broke the glass here, so there is nothing to review."
