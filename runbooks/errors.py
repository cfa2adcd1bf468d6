"""Refusals of the runbooks room. Each says what was found and what would be right."""

from plumbing.errors import MusterError, Plain


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


class StaleRun(RunbookError):
    """Somebody acted on the run as a whole since the page was rendered."""

    code = "stale_run"

    def __init__(self, run: str, found: str, who: str) -> None:
        super().__init__(run, found, who)
        self.run, self.found, self.who = run, found, who

    def __str__(self) -> str:
        meanwhile = f" ({self.who.rstrip('.')})" if self.who else ""
        return f"The run of {self.run} is {self.found.lower()} by now{meanwhile}. Look again before you act."


class NestedRefused(RunbookError):
    """A runbook can't be a step of this one, or not now."""

    code = "nested_refused"

    def __init__(self, runbook: str, reason: str) -> None:
        super().__init__(runbook, reason)
        self.runbook, self.reason = runbook, reason

    def __str__(self) -> str:
        return f"Runbook {self.runbook}: {self.reason}"


class ProposalOver(RunbookError):
    """A proposal of a watch was answered already, or what it is about has begun."""

    code = "proposal_over"

    def __init__(self, state: str, who: str) -> None:
        super().__init__(state, who)
        self.state, self.who = state, who

    def __str__(self) -> str:
        return f"This proposal is {self.state.lower()} by now ({self.who}). Look again before you act."


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


class BadPerson(RunbookError):
    """Nobody of that name may do this."""

    code = "bad_person"
    status = 422

    def __init__(self, username: str) -> None:
        super().__init__(username)
        self.username = username

    def __str__(self) -> str:
        return f"Nobody called {self.username!r} may do steps of this run."


class MoveRefused(RunbookError):
    """The run can't follow that version: it would change what happened, or what is over."""

    code = "move_refused"

    def __init__(self, version: str, why: list[str]) -> None:
        super().__init__(version, why)
        self.version, self.problems = version, why

    def __str__(self) -> str:
        return f"The run can't move to {self.version}: {' '.join(self.problems)}"


class MoveOver(RunbookError):
    """Somebody decided about the move already, or it is about something else by now."""

    code = "move_over"

    def __init__(self, found: str, who: str, why: str) -> None:
        super().__init__(found, who, why)
        self.found, self.who, self.why = found, who, why

    def __str__(self) -> str:
        return f"The proposed move is {self.found.lower()} by now ({self.who}: {self.why.rstrip('.')}). Look again."


class NotTheProposer(RunbookError):
    """Who proposes a move doesn't decide it."""

    code = "not_the_proposer"
    status = 403

    def __str__(self) -> str:
        return "You proposed this move; somebody else who may approve has to agree to it."


class NothingToUndo(RunbookError):
    """Nothing in this scope happened, or nothing of it can be taken back."""

    code = "nothing_to_undo"

    def __init__(self, what: str, stays: list[str]) -> None:
        super().__init__(what, stays)
        self.what, self.stays = what, stays

    def __str__(self) -> str:
        stays = f" What happened stays: {' '.join(self.stays)}" if self.stays else ""
        return f"Nothing of {self.what} has to be taken back, or can be.{stays}"


class NotSafe(RunbookError):
    """Something would be done a second time, and nobody promised that this is harmless: it takes an explicit yes."""

    code = "not_safe"
    status = 422

    def __init__(self, steps: list[tuple[str, str, str]]) -> None:
        super().__init__(steps)
        self.steps = steps

    @property
    def problems(self) -> list[str]:
        """For the API: what to accept by name."""
        return [f"{step}: {why}" for step, _, why in self.steps]

    def __str__(self) -> str:
        titles = ", ".join(f"“{title}”" for _, title, _ in self.steps)
        return (
            f"Done a second time: {titles}. Nobody promised that this is harmless: accept each of them, or begin later."
        )


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


class NoSuchResource(RunbookError):
    """A step names a resource that nobody has entered: how many may use it at once is unknown."""

    code = "no_such_resource"
    status = 422

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug

    def __str__(self) -> str:
        return f"There is no resource {self.slug}. Enter it with its capacity, or take it out of `resources`."


class ResourceNotMade(RunbookError):
    """A resource can't be entered or changed like this. Nothing was written."""

    code = "resource_not_made"
    status = 422


class NotWaiting(RunbookError):
    """The step waits for no lock: there is nothing to override."""

    code = "not_waiting"

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step

    def __str__(self) -> str:
        return f"“{self.step}” waits for no lock any more. Look again before you act."


class QueueMoved(RunbookError):
    """Another step came into this one's way while the override was on its way."""

    code = "queue_moved"

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step

    def __str__(self) -> str:
        return f"Somebody else works there by now. Look again whom “{self.step}” would run beside, then decide."


class NothingToAttach(RunbookError):
    """The other step doesn't do the same, may change something, or is over."""

    code = "nothing_to_attach"

    def __init__(self, step: str, why: str) -> None:
        super().__init__(step, why)
        self.step, self.why = step, why

    def __str__(self) -> str:
        return f"“{self.step}” can't use that result: {self.why}"


class NoPreview(Plain, RunbookError):
    """What the step would do can't be told, or not now."""

    code = "no_preview"


class BadMoment(RunbookError):
    """A step's `not_before` came out as no moment that can be told in one way."""

    code = "bad_moment"
    status = 422

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(found, remedy)
        self.found, self.remedy = found, remedy

    def __str__(self) -> str:
        return f"not_before is “{self.found}”, which is no moment. {self.remedy}"


class NoConsent(RunbookError):
    """The approval of a step can't be used: it waits to be asked anew."""

    code = "no_consent"

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because

    def __str__(self) -> str:
        return f"It can't begin: {self.because}. Consent is asked anew."
