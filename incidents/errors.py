"""Refusals of the incidents room."""

from plumbing.errors import MusterError


class IncidentError(MusterError):
    """A rule of incidents was broken. Nothing was written."""

    code = "incident_refused"


class IllegalTransition(IncidentError):
    """The incident's phase doesn't allow this move."""

    code = "illegal_transition"

    def __init__(self, current: str, target: str) -> None:
        super().__init__(current, target)
        self.current, self.target = current, target

    def __str__(self) -> str:
        return f"An incident can't go from {self.current} to {self.target}."


class StillFailing(IncidentError):
    """A probe of an affected service is red: the incident can't be resolved without force."""

    code = "still_failing"

    def __init__(self, probes: tuple[str, ...]) -> None:
        super().__init__(probes)
        self.probes = probes

    def __str__(self) -> str:
        return (
            f"Still red: {', '.join(self.probes)}. Repair it first, or resolve with force and a reason "
            "(needs the right to close)."
        )


class ReviewOpen(IncidentError):
    """Somebody broke the glass, and nobody has reviewed it: the incident can't be closed. request: its uid."""

    code = "review_open"
    href_words = "Open the review"

    def __init__(self, question: str, request: str, count: int) -> None:
        super().__init__(question, request, count)
        self.question, self.request, self.count = question, request, count
        self.href = f"/approvals/{request}/"

    def __str__(self) -> str:
        more = f" and {self.count - 1} more" if self.count > 1 else ""
        return (
            f"The glass was broken for “{self.question}”{more}, and nobody independent has reviewed it yet. "
            "The incident can be closed when that is decided."
        )


class StaleIncident(IncidentError):
    """The incident moved since the page was rendered."""

    code = "stale_incident"

    def __init__(self, found: str, who: str) -> None:
        super().__init__(found, who)
        self.found, self.who = found, who

    def __str__(self) -> str:
        return f"It changed: the incident is in {self.found} now ({self.who}). Look again before you act."


class IncidentClosed(IncidentError):
    """A closed incident takes no more work."""

    code = "incident_closed"

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.label = label

    def __str__(self) -> str:
        return f"{self.label} is closed: its record is complete and takes no more entries."


class ReasonMissing(IncidentError):
    """This act is kept as evidence together with a reason."""

    code = "reason_missing"
    status = 422

    def __str__(self) -> str:
        return "Say why in a sentence: the reason is kept as evidence."


class NoService(IncidentError):
    """An incident needs a service or a team: otherwise nobody would see it."""

    code = "no_service"
    status = 422

    def __str__(self) -> str:
        return "Name an affected service, or the team that works on it: otherwise nobody would see the incident."


class NothingPublished(IncidentError):
    """A runbook without a published version can't be started."""

    code = "nothing_published"

    def __init__(self, runbook: str) -> None:
        super().__init__(runbook)
        self.runbook = runbook

    def __str__(self) -> str:
        return f"“{self.runbook}” has no published version. Publish one, then start it."


class NoSuchEntry(IncidentError):
    """A correction must name a note, decision or update of the same incident."""

    code = "no_such_entry"
    status = 422

    def __init__(self, seq: int) -> None:
        super().__init__(seq)
        self.seq = seq

    def __str__(self) -> str:
        return f"Entry {self.seq} is no note, decision or update of this incident, so it can't be corrected."


class RoleTaken(IncidentError):
    """Somebody holds this incident role already."""

    code = "role_taken"

    def __init__(self, role: str, who: str) -> None:
        super().__init__(role, who)
        self.role, self.who = role, who

    def __str__(self) -> str:
        return f"{self.who} is {self.role} already. Ask them to hand over."


class NotHeld(IncidentError):
    """The role isn't held by the person who would leave it."""

    code = "role_not_held"

    def __init__(self, role: str) -> None:
        super().__init__(role)
        self.role = role

    def __str__(self) -> str:
        return f"You are not {self.role} of this incident (any more)."


class BadPost(IncidentError):
    """A webhook's body isn't what its format demands."""

    code = "bad_post"
    status = 400

    def __init__(self, where: str, found: str, expected: str) -> None:
        super().__init__(where, found, expected)
        self.where, self.found, self.expected = where, found, expected

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}, expected {self.expected}. Nothing was stored."


class PostTooLarge(IncidentError):
    """A webhook's body is over the limit."""

    code = "post_too_large"
    status = 413

    def __init__(self, found: int, limit: int) -> None:
        super().__init__(found, limit)
        self.found, self.limit = found, limit

    def __str__(self) -> str:
        return f"The post has {self.found} bytes or more; the limit is {self.limit}. Set max_alerts or split the group."


class NoSource(IncidentError):
    """The token's machine user is registered for no source of signals of this kind."""

    code = "no_source"
    status = 403

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind

    def __str__(self) -> str:
        return f"This token's user is no source of kind {self.kind}. Register it as one, or post to its own address."


class UnknownPerson(IncidentError):
    """Nobody whom the caller can call into an incident has this username."""

    code = "unknown_person"
    status = 422

    def __init__(self, username: str) -> None:
        super().__init__(username)
        self.username = username

    def __str__(self) -> str:
        return f"Nobody in your teams has the username {self.username!r}. Name an active person of your teams."
