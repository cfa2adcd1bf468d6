"""Why a report can't be made."""

from audit.errors import LedgerError


class ReportError(LedgerError):
    """Base of what goes wrong with a report."""


class UnknownLanguage(ReportError):
    """There is no table of words for this language."""

    code = "unknown_language"

    def __init__(self, language: str, known: tuple[str, ...]) -> None:
        super().__init__(language, known)
        self.language, self.known = language, known

    def __str__(self) -> str:
        return f"A report can't be written in {self.language!r}; it can be in {', '.join(self.known)}."


class UnknownPaper(ReportError):
    """There is no such size of paper."""

    code = "unknown_paper"

    def __init__(self, paper: str, known: tuple[str, ...]) -> None:
        super().__init__(paper, known)
        self.paper, self.known = paper, known

    def __str__(self) -> str:
        return f"A report can't be set on {self.paper!r}; it can be on {', '.join(self.known)}."


class UnknownZone(ReportError):
    """The time zone has no such name."""

    code = "unknown_zone"
    status = 422

    def __init__(self, zone: str) -> None:
        super().__init__(zone)
        self.zone = zone

    def __str__(self) -> str:
        return f"There is no time zone {self.zone!r}; expected a name such as Europe/Berlin."


class NotTypeset(ReportError):
    """The typesetter refused; `reason` is in its own words."""

    code = "not_typeset"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The report could not be set: {self.reason}."
