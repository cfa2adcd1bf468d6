"""Refusals of filings. Nothing was written when one of these is raised."""

from audit.errors import LedgerError
from plumbing.errors import BadField, Plain


class FilingError(LedgerError):
    """Base of every refusal of this part."""

    code = "filing_refused"


class BadFieldData(FilingError):
    """A file of data fields isn't well-formed. Says where."""

    code = "bad_field_data"
    status = 500

    def __init__(self, file: str, place: str, reason: str) -> None:
        super().__init__(file, place, reason)
        self.file, self.place, self.reason = file, place, reason

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.reason}."


class BadValue(BadField, FilingError):
    """What was entered can't be a value of this field. field: its number; message says what would be right."""

    code = "bad_value"
    status = 422


class NoSuchForm(FilingError):
    """The regime has no such report."""

    code = "no_such_form"
    status = 422

    def __init__(self, regime: str, stage: str) -> None:
        super().__init__(regime, stage)
        self.regime, self.stage = regime, stage

    def __str__(self) -> str:
        return f"The regime {self.regime!r} has no report {self.stage!r}."


class NoSuchField(FilingError):
    """The form has no such field."""

    code = "no_such_field"
    status = 404

    def __init__(self, form: str, field: str) -> None:
        super().__init__(form, field)
        self.form, self.field = form, field

    def __str__(self) -> str:
        return f"The form {self.form} has no field {self.field!r}."


class IllegalFilingMove(FilingError):
    """The filing's state doesn't allow this."""

    code = "illegal_filing_move"

    def __init__(self, current: str, target: str) -> None:
        super().__init__(current, target)
        self.current, self.target = current, target

    def __str__(self) -> str:
        return f"A filing can't go from {self.current} to {self.target}."


class NotADraft(FilingError):
    """Values of a filing change only while it is a draft."""

    code = "filing_not_draft"

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state

    def __str__(self) -> str:
        return f"The filing is {self.state}. Take it back to draft, with a reason, to change what it says."


class ChangedMeanwhile(FilingError):
    """Somebody changed the same thing since it was read. changes: sentences, who changed what."""

    code = "filing_changed"

    def __init__(self, changes: list[str]) -> None:
        super().__init__(changes)
        self.changes = self.problems = changes

    def __str__(self) -> str:
        return f"It changed while you had it open. {' '.join(self.changes)}"


class NotReady(FilingError):
    """The filing has errors or gaps, which are listed."""

    code = "filing_not_ready"
    status = 422

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        count = len(self.problems)
        return f"The report isn't complete: {count} thing{'' if count == 1 else 's'} to settle. {self.problems[0]}"


class NoConsent(FilingError):
    """Nobody approved exactly these bytes."""

    code = "filing_no_consent"

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because

    def __str__(self) -> str:
        return f"The filing can't be recorded as submitted: {self.because}."


class ReasonNeeded(FilingError):
    """This needs a reason."""

    code = "reason_needed"
    status = 422

    def __str__(self) -> str:
        return "Say why: the reason becomes part of the record."


class AlreadyOpen(FilingError):
    """There is a filing of this kind that isn't finished."""

    code = "filing_already_open"

    def __init__(self, uid: str, name: str) -> None:
        super().__init__(uid, name)
        self.uid, self.name = uid, name
        self.href, self.href_words = f"/regulation/filings/{uid}/", f"Go to {name}"

    def __str__(self) -> str:
        return f"{self.name} is open already and not submitted. Go on with that one, or withdraw it first."


class TooEarly(Plain, FilingError):
    """What it builds on hasn't happened."""

    code = "filing_too_early"
