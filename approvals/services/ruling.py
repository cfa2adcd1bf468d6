"""Changing a policy: one person proposes a version, another puts it in force. Four eyes on the rules themselves."""

import datetime as dt

from django.db.models import Max

from approvals.errors import NotEntitled, PolicyBusy, PolicyRefused, ReasonMissing
from approvals.models import PolicyVersion
from approvals.policies.model import Policy, Who
from approvals.policies.reading import read_policy
from approvals.policies.shipped import HOUSE, shipped
from approvals.services.settling import (
    fresh,
    kept,
)
from approvals.services.standing import end_those_under
from approvals.states import POLICY_MOVES, PolicyState, check_move
from audit import ledger
from audit.canonical import Json
from catalog.models import Team, User
from catalog.permissions import Right, teams_where
from catalog.states import UserKind
from plumbing.database import atomic

STREAM = "policies"


def may_rule(user: User) -> bool:
    """Whether somebody may propose policies and put them in force."""
    return user.kind == UserKind.PERSON and teams_where(user, Right.RULE).exists()


@atomic()
def propose(text: str, *, slug: str, user: User, note: str, now: dt.datetime) -> PolicyVersion:
    """A new version of a policy, or a new policy. It has no effect before somebody else puts it in force.

    slug: which policy; it must be the one that the text names. Raises PolicyRefused with every mistake, NotEntitled,
    PolicyBusy where another version waits, ReasonMissing."""
    ledger.open_stream(STREAM)
    ledger.hold(STREAM)
    user = fresh(user)
    if not may_rule(user):
        raise NotEntitled("it takes the right to change policies")
    if not note.strip():
        raise ReasonMissing
    policy = read_policy(text, file=slug)
    if policy.slug != slug:
        raise PolicyRefused([f"{slug}: The text names the policy {policy.slug!r}; a policy keeps its name."])
    if slug == HOUSE and not policy.enabled:
        raise PolicyRefused([f"{slug}: The policy of the house applies to everything and can't be switched off."])
    if problems := _nobody_named(policy):
        raise PolicyRefused(problems)
    waits = PolicyVersion.objects.filter(slug=slug, state=PolicyState.PROPOSED).first()
    if waits is not None:
        raise PolicyBusy(slug, waits.number, str(waits.author))
    newest = PolicyVersion.objects.filter(slug=slug).aggregate(newest=Max("number"))["newest"]
    number = (newest or (1 if slug in shipped() else 0)) + 1
    made = PolicyVersion.objects.create(
        slug=slug, number=number, title=policy.title, text=text, digest=policy.digest, author=user, note=note.strip(),
        proposed_at=now,
    )  # fmt: skip
    fields: dict[str, Json] = {"policy": slug, "number": number, "digest": made.digest, "text": text, "note": made.note}
    ledger.record(STREAM, "policy.proposed", user, fields)
    return made


def _nobody_named(policy: Policy) -> list[str]:
    """What a policy names that the catalog doesn't know: it could never be decided, and says so before it is needed."""
    seats = [*policy.seats, *(link.to for link in policy.escalate)]
    people = {seat.person for seat in seats if seat.who is Who.PERSON}
    teams = {seat.team for seat in seats if seat.team}
    known = set(
        User.objects.filter(username__in=people, is_active=True, kind=UserKind.PERSON).values_list(
            "username", flat=True
        )
    )
    found = set(Team.objects.filter(slug__in=teams).values_list("slug", flat=True))
    wrong = [f"{policy.slug}, person: Nobody active has the user name {name!r}." for name in sorted(people - known)]
    return wrong + [f"{policy.slug}, team: There is no team {slug!r}." for slug in sorted(teams - found)]


def decide_policy(version: PolicyVersion, *, user: User, accept: bool, reason: str, now: dt.datetime) -> PolicyVersion:
    """A second person puts a proposed version in force, or refuses it. From then on requests are asked under it; what
    is pending under the old one is void when somebody decides it, and asked anew.

    Raises NotEntitled (on record) where the author decides, IllegalTransition, ReasonMissing for a refusal."""
    if not accept and not reason.strip():
        raise ReasonMissing
    return kept(lambda: _decide(version, fresh(user), reason.strip(), now, accept=accept))


def _decide(
    version: PolicyVersion, user: User, reason: str, now: dt.datetime, *, accept: bool
) -> PolicyVersion | NotEntitled:
    ledger.hold(STREAM)
    found = PolicyVersion.objects.select_for_update(of=("self",)).select_related("author").get(pk=version.pk)
    because = "" if may_rule(user) else "it takes the right to change policies"
    because = "whoever wrote the version can't put it in force: four eyes" if user == found.author else because
    if because:
        fields: dict[str, Json] = {"policy": found.slug, "number": found.number, "because": because}
        ledger.record(STREAM, "policy.decision_refused", user, fields)
        return NotEntitled(because)
    target = PolicyState.IN_FORCE if accept else PolicyState.REFUSED
    check_move(found.state, target, POLICY_MOVES)
    retired = _retire(found.slug) if accept else None
    found.state, found.decider, found.decided_at, found.reason = target, user, now, reason
    found.save(update_fields=["state", "decider", "decided_at", "reason"])
    if accept:
        end_those_under(found.slug, now=now)
    fields = {"policy": found.slug, "number": found.number, "digest": found.digest, "reason": reason}
    fields |= {"author": found.author.actor_id, "retired": retired}
    ledger.record(STREAM, f"policy.{target}", user, fields)
    return found


def _retire(slug: str) -> int | None:
    """The version in force makes room. Returns its number; 1 for the text as shipped."""
    old = PolicyVersion.objects.select_for_update().filter(slug=slug, state=PolicyState.IN_FORCE).first()
    if old is None:
        return 1 if slug in shipped() else None
    check_move(old.state, PolicyState.RETIRED, POLICY_MOVES)
    old.state = PolicyState.RETIRED
    old.save(update_fields=["state"])
    return old.number
