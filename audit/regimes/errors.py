"""Refusals about regimes, entities, classification and clocks. Nothing was changed when one of these is raised."""

from audit.errors import LedgerError


class RegimeError(LedgerError):
    """Base of every refusal of this part."""

    code = "regulation_refused"


class RegimeRefused(RegimeError):
    """A file of rules can't be taken. `problems` names each mistake with file and line."""

    code = "regime_refused"
    status = 422

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return " ".join(self.problems)


class NoSuchRule(RegimeError):
    """No regime, stage or worksheet has this name."""

    code = "no_such_rule"
    status = 404

    def __init__(self, what: str, name: str) -> None:
        super().__init__(what, name)
        self.what, self.name = what, name

    def __str__(self) -> str:
        return f"There is no {self.what} {self.name!r}."


class StaleWorksheet(RegimeError):
    """Somebody changed the worksheet since the reader opened it: what they decide on is no longer what it says."""

    code = "stale_worksheet"

    def __init__(self, seen: int, reached: int, who: str) -> None:
        super().__init__(seen, reached, who)
        self.seen, self.reached, self.who = seen, reached, who

    def __str__(self) -> str:
        return (
            f"The worksheet changed while you had it open: {self.who} wrote entry {self.reached}, and you saw it as it "
            f"was at entry {self.seen}. Open it again, and then decide."
        )


class StaleEntity(RegimeError):
    """Somebody saved the entity since the reader opened its form."""

    code = "stale_entity"

    def __init__(self, name: str, version: int) -> None:
        super().__init__(name, version)
        self.name, self.version = name, version

    def __str__(self) -> str:
        return f"{self.name} was changed by somebody else meanwhile (version {self.version}). Open it again."


class IllegalTransition(RegimeError):
    """The state doesn't allow this move."""

    code = "illegal_transition"

    def __init__(self, what: str, current: str, target: str) -> None:
        super().__init__(what, current, target)
        self.what, self.current, self.target = what, current, target

    def __str__(self) -> str:
        return f"{self.what} that is {self.current} can't become {self.target}."


class OwnVersion(RegimeError):
    """Whoever proposed a version of a regime can't put it in force: four eyes. The attempt is on record."""

    code = "own_version"
    status = 403

    def __str__(self) -> str:
        return "You wrote this version, so somebody else puts it in force. The attempt is on record."


class VersionWaits(RegimeError):
    """Another version of the regime waits for its second person."""

    code = "version_waits"

    def __init__(self, slug: str, number: int) -> None:
        super().__init__(slug, number)
        self.slug, self.number = slug, number

    def __str__(self) -> str:
        return f"Version {self.number} of {self.slug} waits for a second person. It is decided first."
