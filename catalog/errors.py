"""Refusals of the catalog room: people, rights, services, probes."""

from plumbing.errors import BadField, MusterError, Plain


class CatalogError(MusterError):
    """A rule of the catalog was broken. Nothing was written."""

    code = "catalog_refused"


class TokenRefused(CatalogError):
    """A machine token is unknown, expired or revoked. The reader learns which only for a token that exists."""

    code = "token_refused"
    status = 401

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"This token was refused: {self.why}."


class ScopeMissing(CatalogError):
    """A machine token is valid, but not for this door."""

    code = "scope_missing"
    status = 403

    def __init__(self, scope: str, scopes: list[str]) -> None:
        super().__init__(scope, scopes)
        self.scope, self.scopes = scope, scopes

    def __str__(self) -> str:
        return f"This address needs a token with the scope '{self.scope}'; yours has: {', '.join(self.scopes)}."


class TokenNotIssued(CatalogError):
    """A token can't be issued as asked."""

    code = "token_not_issued"
    status = 422

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"No token was issued: {self.why}."


class NotAMember(CatalogError):
    """Somebody can't leave a role that they don't have."""

    code = "not_a_member"

    def __init__(self, user: str, role: str, team: str) -> None:
        super().__init__(user, role, team)
        self.user, self.role, self.team = user, role, team

    def __str__(self) -> str:
        return f"{self.user} is no {self.role} in {self.team}."


class UnreadableFile(CatalogError):
    """A file from outside can't be read at all. Nothing of it was taken."""

    code = "unreadable_file"
    status = 422

    def __init__(self, file: str, line: int, why: str) -> None:
        super().__init__(file, line, why)
        self.file, self.line, self.why = file, line, why

    def __str__(self) -> str:
        return f"{self.file}{f', line {self.line}' if self.line else ''}: {self.why}."


class ProbeNotMade(CatalogError):
    """A probe can't be made as asked."""

    code = "probe_not_made"
    status = 422

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"No probe was made: {self.why}."


class IllegalHealthMove(CatalogError):
    """A probe can't go from one colour to the other: it is paused already, or isn't paused."""

    code = "illegal_health_move"

    def __init__(self, current: str, target: str) -> None:
        super().__init__(current, target)
        self.current, self.target = current, target

    def __str__(self) -> str:
        return f"A probe can't go from {self.current} to {self.target}."


class WrongCredentials(CatalogError):
    """Nobody may sign in with this user name and password. Doesn't say which of them is wrong."""

    code = "wrong_credentials"
    status = 403

    def __str__(self) -> str:
        return "This user name and password don't belong together. Passwords know upper and lower case."


class TooManyTries(CatalogError):
    """Too many wrong sign-ins; nothing was looked up."""

    code = "too_many_tries"
    status = 429

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        minutes = max(1, -(-self.retry_after_s // 60))
        return f"Too many wrong tries. Try again in {minutes} minute{'s' if minutes > 1 else ''}."


class ServiceNotMade(CatalogError):
    """A service or dependency can't be entered as asked."""

    code = "service_not_made"
    status = 422

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"Nothing was entered: {self.why}."


class BadNotice(CatalogError):
    """A notice can't be written down as asked: a mistake of the room that calls, not of a person."""

    code = "bad_notice"
    status = 500

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"Nobody was told: {self.why}."


class AddressRefused(Plain, CatalogError):
    """An address can't be one at which somebody is reached. Its words are for whoever typed it: never log them."""

    code = "address_refused"
    status = 422


class NotSent(Plain, CatalogError):
    """A channel didn't take a message. Its words hold nothing of the address, and nothing of what the channel said."""

    code = "not_sent"
    status = 502


class IllegalNoticeMove(CatalogError):
    """A notice that was sent or given up stays so."""

    code = "illegal_notice_move"

    def __init__(self, current: str, target: str) -> None:
        super().__init__(current, target)
        self.current, self.target = current, target

    def __str__(self) -> str:
        return f"A notice can't go from {self.current} to {self.target}."


class ContactRefused(Plain, CatalogError):
    """A contact point can't be added or tried as asked."""

    code = "contact_refused"
    status = 422


class WrongFactor(CatalogError):
    """A code or passkey is wrong, or was used before. Doesn't say which."""

    code = "wrong_factor"
    status = 422

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        if self.what == "passkey":
            return "This passkey was not accepted. It must be one that you added here, and ask for finger, face or PIN."
        return "This code was not accepted. A code counts once, and for a minute: wait for the next one."


class FactorNotAdded(CatalogError):
    """A second factor can't be added as asked."""

    code = "factor_not_added"
    status = 422

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"Nothing was added: {self.why}."


class BadAbsence(BadField, CatalogError):
    """An absence can't be made or ended so. field: what to change."""

    code = "bad_absence"
    status = 422


class AuditorStaysOut(CatalogError):
    """An auditor was to join a team."""

    code = "auditor_stays_out"
    status = 422

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"{self.name} is an auditor and joins no team. Somebody who works here needs an account of their own."


class BadInvitation(BadField, CatalogError):
    """An auditor can't be let in as asked."""

    code = "bad_invitation"
    status = 422


class AlreadyEnded(CatalogError):
    """An auditor's access is over."""

    code = "access_is_over"
    status = 409

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"The access of {self.name} is over already."
