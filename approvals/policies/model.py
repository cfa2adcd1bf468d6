"""What an approval policy says: who is accountable, who is excluded, how long, who is next, how it is decided. Pure.

A policy is a text that people read and edit (reading.py); where several apply, the strictest of each rule wins
(strictest.py).
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Risk(StrEnum):
    """How bad it can get, from mild to severe."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        return list(Risk).index(self)


class Who(StrEnum):
    """Whom a seat or an escalation means."""

    OWNER = "owner"  # the accountable owner of each touched service; the deputy where the owner can't
    DEPUTY = "deputy"  # of the accountable owner; only to escalate to
    MANAGER = "manager"  # of the accountable owner, where known; only to escalate to
    ROLE = "role"  # whoever has the role in the team
    PERSON = "person"  # one person, by user name


class Reason(StrEnum):
    """When a decision needs a reason."""

    ON_REJECT = "on-reject"
    ALWAYS = "always"


class Conflict(StrEnum):
    """Whom a policy excludes besides requester, executor and shapers, who never decide."""

    AUTHOR = "author"  # of the runbook version
    REPORTING_LINE = "reporting-line"  # reports to the requester, or the requester to them, where it is known


class Allowed(StrEnum):
    """What a policy allows. Where several apply, all of them must."""

    CONDITIONS = "conditions"  # a yes with a condition
    BREAK_GLASS = "break-glass"  # going on without the approver, with a review afterwards
    STANDING = "standing"  # a yes in advance, for a pattern in a scope


@dataclass(frozen=True, slots=True, order=True)
class Seat:
    """Whose consent is needed. role, team: slugs; team "" is that of the touched service. count: N of those asked."""

    who: Who
    role: str = ""
    team: str = ""
    person: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True, order=True)
class Escalation:
    """Who is asked, too, once `after_s` seconds went by without a decision."""

    after_s: int
    to: Seat


@dataclass(frozen=True, slots=True)
class Applies:
    """To what a policy applies: every list that isn't empty must name the fact. A class is what a step declares."""

    classes: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()  # of a touched service
    tiers: frozenset[int] = frozenset()  # of a touched service


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of one policy. Times in whole seconds.

    within_s: None leaves the time to the step. lasts_s: how long a yes may wait for its use. factor_s: how fresh the
    second factor must be; None needs none. hold_s: how long a question may hold the clock, once; 0 never. remind_s:
    after so many seconds without a decision, each."""

    slug: str
    title: str
    number: int = 1
    digest: str = ""
    why: str = ""
    applies: Applies = Applies()
    risk: Risk = Risk.LOW
    seats: tuple[Seat, ...] = (Seat(Who.OWNER),)
    exclude: frozenset[Conflict] = frozenset()
    within_s: int | None = None
    remind_s: tuple[int, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    reason: Reason = Reason.ON_REJECT
    typed: bool = False
    factor_s: int | None = None
    in_turn: bool = False
    lasts_s: int = 86_400
    hold_s: int = 0
    allow: frozenset[Allowed] = frozenset()
    enabled: bool = True

    @property
    def name(self) -> str:
        """As people and entries refer to it: "restart-critical v2"."""
        return f"{self.slug} v{self.number}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What policies look at. tiers, kinds: of all touched services."""

    action: str = ""
    environment: str = ""
    class_: str = ""
    tiers: frozenset[int] = field(default_factory=frozenset)
    kinds: frozenset[str] = field(default_factory=frozenset)


def applies_to(policy: Policy, facts: Facts) -> bool:
    """Whether the policy has a say in this."""
    wanted = policy.applies
    return policy.enabled and all(
        (
            not wanted.classes or facts.class_ in wanted.classes,
            not wanted.environments or facts.environment in wanted.environments,
            not wanted.actions or facts.action in wanted.actions,
            not wanted.kinds or bool(wanted.kinds & facts.kinds),
            not wanted.tiers or bool(wanted.tiers & facts.tiers),
        )
    )
