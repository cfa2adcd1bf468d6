"""Refusals of the runbooks room. Each says what was found and what would be right."""

from plumbing.errors import MusterError


class RunbookError(MusterError):
    """A rule of runbooks or runs was broken. Nothing was written."""

    code = "runbook_refused"


class IllegalTransition(RunbookError):
    """The state of a run, step or attempt doesn't allow this move."""

    code = "illegal_transition"

    def __init__(self, subject: str, current: str, target: str) -> None:
        super().__init__(subject, current, target)
        self.subject, self.current, self.target = subject, current, target

    def __str__(self) -> str:
        return f"{self.subject} is {self.current}; it can't go to {self.target} from there."


class StaleStep(RunbookError):
    """The step changed since the page was rendered."""

    code = "stale_step"

    def __init__(self, step: str, found: str, who: str) -> None:
        super().__init__(step, found, who)
        self.step, self.found, self.who = step, found, who

    def __str__(self) -> str:
        return f"“{self.step}” is {self.found.lower()} by now ({self.who.rstrip('.')}). Look again before you act."


class NotYours(RunbookError):
    """The step waits for somebody else."""

    code = "not_yours"
    status = 403

    def __init__(self, step: str, whose: str) -> None:
        super().__init__(step, whose)
        self.step, self.whose = step, whose

    def __str__(self) -> str:
        return f"“{self.step}” waits for {self.whose}. Ask them, or take it over first."


class BadInput(RunbookError):
    """An input of a run is missing, unknown or of the wrong type."""

    code = "bad_input"
    status = 422

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, message)
        self.name, self.message = name, message

    def __str__(self) -> str:
        return f"Input {self.name}: {self.message}"


class ReasonNeeded(RunbookError):
    """The act needs a sentence of reason: it is kept as evidence."""

    code = "reason_needed"
    status = 422

    def __str__(self) -> str:
        return "Say why in a sentence: the reason is kept as evidence."


class VersionNotPublished(RunbookError):
    """Only a published version may run."""

    code = "version_not_published"

    def __init__(self, version: str, state: str) -> None:
        super().__init__(version, state)
        self.version, self.state = version, state

    def __str__(self) -> str:
        return f"{self.version} is {self.state}; only a published version may run. Publish it first."


class VersionFrozen(RunbookError):
    """A published version can't change; write a new one."""

    code = "version_frozen"

    def __init__(self, runbook: str, number: int) -> None:
        super().__init__(runbook, number)
        self.runbook, self.number = runbook, number

    def __str__(self) -> str:
        return f"{self.runbook} version {self.number} is published and never changes. Save a new version instead."


class IllegalVersion(RunbookError):
    """The text belongs to another runbook."""

    code = "illegal_version"
    status = 422

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected

    def __str__(self) -> str:
        return f"name: found {self.found}, this runbook is {self.expected}. Change the name, or make a new runbook."


class BadConfig(RunbookError):
    """A field of a step's `with` is missing, unknown or wrong."""

    code = "bad_config"
    status = 422

    def __init__(self, action: str, name: str, message: str) -> None:
        super().__init__(action, name, message)
        self.action, self.name, self.message = action, name, message

    def __str__(self) -> str:
        return f"{self.action}, field {self.name}: {self.message}."


class UnknownAction(RunbookError):
    """No action of this kind is registered."""

    code = "unknown_action"
    status = 422

    def __init__(self, kind: str, near: str, known: tuple[str, ...]) -> None:
        super().__init__(kind, near, known)
        self.kind, self.near, self.known = kind, near, known

    def __str__(self) -> str:
        hint = f"Did you mean {self.near}?" if self.near else f"Known: {', '.join(self.known)}."
        return f"There is no action {self.kind}. {hint}"
