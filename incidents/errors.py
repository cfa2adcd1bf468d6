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


class StaleIncident(IncidentError):
    """The incident moved since the page was rendered."""

    code = "stale_incident"

    def __init__(self, found: str, who: str) -> None:
        super().__init__(found, who)
        self.found, self.who = found, who

    def __str__(self) -> str:
        return f"It changed: the incident is in {self.found} now ({self.who}). Look again before you act."


class RoleTaken(IncidentError):
    """Somebody holds this incident role already."""

    code = "role_taken"

    def __init__(self, role: str, who: str) -> None:
        super().__init__(role, who)
        self.role, self.who = role, who

    def __str__(self) -> str:
        return f"{self.who} is {self.role} already. Ask them to hand over."


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
        return f"The post has {self.found} bytes; the limit is {self.limit}. Set max_alerts or split the group."
