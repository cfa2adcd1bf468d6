"""Words of the catalog: kinds, roles, rights, health. No queries, no clock."""

from django.db.models import TextChoices

from catalog.errors import IllegalNoticeMove


class UserKind(TextChoices):
    PERSON = "person", "Person"
    MACHINE = "machine", "Machine user"
    AUDITOR = "auditor", "Auditor"  # from outside: reads some evidence for some time, and is in no team


SIGN_IN = frozenset({UserKind.PERSON, UserKind.AUDITOR})
"""Who has a password; machine users have tokens."""


class TokenScope(TextChoices):
    """Which doors a machine token opens."""

    API = "api", "API"  # everything below /api/v1/, with the rights of its machine user
    INTAKE = "intake", "Intake"  # posts signals, nothing else


class Role(TextChoices):
    """What somebody is in a team. Which rights that gives: ROLE_RIGHTS."""

    VIEWER = "viewer", "Viewer"
    RESPONDER = "responder", "Responder"
    COMMANDER = "commander", "Commander"
    AUTHOR = "author", "Author"
    APPROVER = "approver", "Approver"
    COMPLIANCE = "compliance", "Compliance officer"
    ADMINISTRATOR = "administrator", "Administrator"


class Right(TextChoices):
    """What may be done in the things of a team. The value is the codename of the guardian permission on Team."""

    VIEW = "may_view", "View"
    CONTRIBUTE = "may_contribute", "Write notes and decisions, take a role"
    EXECUTE = "may_execute", "Start runs, start and finish steps"
    COMMAND = "may_command", "Declare, move phases, give roles"
    APPROVE = "may_approve", "Decide approvals asked of one"
    BREAK_GLASS = "may_break_glass", "Go on without the approver in an emergency"
    REVIEW = "may_review", "Decide reviews of broken glass"
    RULE = "may_rule", "Propose approval policies and put them in force"
    AUTHOR = "may_author", "Write and publish runbooks"
    CLOSE = "may_close", "Resolve and close, also with force"
    DELETE = "may_delete", "Delete drafts and catalog entries"
    EXPORT = "may_export", "Verify evidence, issue packs"
    REDACT = "may_redact", "Withhold and erase what evidence shows, and hold it"
    FILE = "may_file", "Classify incidents, file reports with authorities"
    AUDIT = "may_audit", "Read who had which right, and who signed in"
    ADMINISTER = "may_administer", "Manage members, tokens, sources"


ROLE_RIGHTS: dict[str, frozenset[str]] = {
    Role.VIEWER: frozenset({Right.VIEW}),
    Role.RESPONDER: frozenset({Right.VIEW, Right.CONTRIBUTE, Right.EXECUTE}),
    Role.COMMANDER: frozenset(
        {Right.VIEW, Right.CONTRIBUTE, Right.EXECUTE, Right.COMMAND, Right.BREAK_GLASS, Right.CLOSE, Right.EXPORT}
    ),
    Role.AUTHOR: frozenset({Right.VIEW, Right.AUTHOR}),
    Role.APPROVER: frozenset({Right.VIEW, Right.CONTRIBUTE, Right.APPROVE, Right.REVIEW}),
    Role.COMPLIANCE: frozenset(
        {Right.VIEW, Right.EXPORT, Right.REDACT, Right.FILE, Right.AUDIT, Right.REVIEW, Right.RULE}
    ),
    Role.ADMINISTRATOR: frozenset({Right.VIEW, Right.ADMINISTER, Right.DELETE, Right.AUDIT, Right.RULE}),
}


class ServiceKind(TextChoices):
    API = "api", "API"
    WEBSITE = "website", "Website"
    DATABASE = "database", "Database"
    QUEUE = "queue", "Queue"
    CACHE = "cache", "Cache"
    STORAGE = "storage", "Storage"
    HOST = "host", "Host"
    LIBRARY = "library", "Library"
    SYSTEM = "system", "System"
    BATCH = "batch", "Batch job"
    MAINFRAME = "mainframe", "Mainframe subsystem"
    VENDOR = "vendor", "Vendor"
    OTHER = "other", "Other"


class DependencyKind(TextChoices):
    """Read as: consumer, label, provider."""

    CALLS = "calls", "calls"
    READS = "reads", "reads"
    FEEDS = "feeds", "is fed by"
    RUNS_AFTER = "runs_after", "runs after"
    RUNS_ON = "runs_on", "runs on"
    HAS_PART = "has_part", "has part"


class Origin(TextChoices):
    """Where a fact of the catalog came from."""

    PERSON = "person", "Entered by a person"
    BACKSTAGE = "backstage", "Backstage catalog file"
    TRACE = "trace", "Trace"


class Outcome(TextChoices):
    """What became of one statement of an imported file."""

    TAKEN = "taken", "Taken"
    CHANGED = "changed", "Changed"
    UNCHANGED = "unchanged", "Unchanged"
    REMOVED = "removed", "Removed"
    REFUSED = "refused", "Refused"


class ProbeKind(TextChoices):
    HTTP = "http", "HTTP"
    TCP = "tcp", "TCP"


class Health(TextChoices):
    """What a probe knows of its service."""

    UNKNOWN = "unknown", "Not checked yet"
    GREEN = "green", "Healthy"
    RED = "red", "Failing"
    PAUSED = "paused", "Paused"  # not asked on purpose; counts neither way


HEALTH_MOVES: dict[Health, frozenset[Health]] = {
    Health.UNKNOWN: frozenset({Health.GREEN, Health.RED, Health.PAUSED}),
    Health.GREEN: frozenset({Health.RED, Health.PAUSED}),
    Health.RED: frozenset({Health.GREEN, Health.PAUSED}),
    Health.PAUSED: frozenset({Health.UNKNOWN}),  # resumed: asked afresh
}


def health_after(current: Health, ok: bool, failed_before: bool) -> Health:
    """The colour after one more answer. failed_before: whether the answer before this one was a failure, too.

    Green on the first good answer; red on the second bad one in a row, because one lost packet must wake nobody.
    A probe that was never green is red at its first failure.
    """
    if current == Health.PAUSED:
        return Health.PAUSED
    if ok:
        return Health.GREEN
    if current == Health.GREEN and not failed_before:
        return Health.GREEN
    return Health.RED


class ContactKind(TextChoices):
    """By what means an address is reached."""

    EMAIL = "email", "E-mail"
    APPRISE = "apprise", "Chat or pager"


class NoticeState(TextChoices):
    """What became of a notice."""

    QUEUED = "queued", "Waiting to be sent"
    FAILED = "failed", "Failed, tried again"  # another try follows at next_at
    SENT = "sent", "Sent"  # the channel took it; whether somebody read it, nobody knows
    GIVEN_UP = "given_up", "Not delivered"  # there was no way, or the last try failed


NOTICE_MOVES: dict[NoticeState, frozenset[NoticeState]] = {
    NoticeState.QUEUED: frozenset({NoticeState.SENT, NoticeState.FAILED, NoticeState.GIVEN_UP}),
    NoticeState.FAILED: frozenset({NoticeState.SENT, NoticeState.FAILED, NoticeState.GIVEN_UP}),
    NoticeState.SENT: frozenset(),
    NoticeState.GIVEN_UP: frozenset(),
}


def check_notice_move(current: str, target: str) -> None:
    """Raises IllegalNoticeMove unless the table allows current -> target."""
    if NoticeState(target) not in NOTICE_MOVES[NoticeState(current)]:
        raise IllegalNoticeMove(current, target)


TO_SEND = (NoticeState.QUEUED, NoticeState.FAILED)
