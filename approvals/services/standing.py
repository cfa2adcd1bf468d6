"""A yes in advance: by the accountable owner, for one step of one version in a scope, for a counted number of uses."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import F

from approvals import selectors
from approvals.errors import ApprovalError, BadStanding, FactorNeeded, ReasonMissing
from approvals.models import ApprovalRequest, Seat, StandingApproval, StandingUse
from approvals.policies.fitness import World
from approvals.policies.model import Allowed, Who
from approvals.policies.ranges import inputs_in, outside
from approvals.policies.routing import Basis, refusal
from approvals.selectors import Ruled
from approvals.services.deciding import approve, is_fresh
from approvals.services.settling import (
    already_settled,
    fresh,
    kept,
    locked,
    record_approved,
    refuse,
    told,
)
from approvals.services.telling import tell
from approvals.states import STANDING_MOVES, Ground, RequestState, StandingState, Verdict, check_move
from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from catalog.models import User
from catalog.stepup import Factor

LONGEST = dt.timedelta(days=90)
MOST_USES = 100
USED_UP = "It was used as often as it may be."


def give_standing(
    request_uid: str, *, user: User, reason: str, most: int, expires_at: dt.datetime, ranges: Mapping[str, Any],
    incident_classes: tuple[str, ...], factor: Factor | None, now: dt.datetime,
) -> list[StandingApproval]:  # fmt: skip
    """The owner who said yes says it in advance, too: for this step of this version, in this environment, with these
    inputs, so often, until then. One for each of their services that the step touches.

    ranges: input -> {"least": n, "most": n}; every other input must be what it was. incident_classes: empty for any.
    Call it outside of any transaction. Raises NotEntitled (on record), AlreadySettled, BadStanding, ReasonMissing,
    FactorNeeded."""
    if not reason.strip():
        raise ReasonMissing
    if not 1 <= most <= MOST_USES:
        raise BadStanding("most", f"Between 1 and {MOST_USES} uses.")
    if not now < expires_at <= now + LONGEST:
        raise BadStanding("expires_at", f"Within the next {LONGEST.days} days.")
    scope = {"reason": reason.strip(), "most": most, "expires_at": expires_at}
    return kept(lambda: _give(locked(request_uid), fresh(user), scope, ranges, incident_classes, factor, now))


def _give(
    request: ApprovalRequest, user: User, scope: dict[str, Any], ranges: Mapping[str, Any], classes: tuple[str, ...],
    factor: Factor | None, now: dt.datetime,
) -> list[StandingApproval] | ApprovalError:  # fmt: skip
    if because := why_no_standing(request, user) or selectors.why_not(request, user, now):
        return refuse(request, user, "standing", because, seen=request.digest)
    if request.state not in (RequestState.APPROVED, RequestState.USED):
        return already_settled(request)
    within_s = request.demand.get("factor_s")
    if within_s is not None and not is_fresh(factor, now, within_s):
        return FactorNeeded(within_s)
    inputs = {name: {"is": value} for name, value in inputs_in(request.binds).items()}
    if unknown := sorted(ranges.keys() - inputs.keys()):
        return BadStanding("inputs", f"The step has no input {unknown[0]!r}.")
    if beyond := outside(inputs | dict(ranges), inputs_in(request.binds)):
        return BadStanding("inputs", f"The limits of {beyond[0]} must include what you approved.")
    facts = request.facts
    given = [
        StandingApproval.objects.create(
            owner=user, origin=request, service=service, runbook=facts["runbook"], version=facts["version"],
            step=facts["step"], action=facts["action"], environment=facts["environment"],
            incident_classes=list(classes), inputs=inputs | dict(ranges), policies=request.demand["policies"],
            given_at=now, **scope,
        )
        for service in request.touches.filter(owner=user)
    ]  # fmt: skip
    fields: dict[str, Json] = {
        "standing": [one.uid for one in given],
        "services": [one.service.slug for one in given],
        "step": facts["step"],
        "runbook": facts["runbook"],
        "version": facts["version"],
        "environment": facts["environment"],
        "incident_classes": list(classes),
        "inputs": [[name, str(limit)] for name, limit in sorted((inputs | dict(ranges)).items())],
        "most": scope["most"],
        "expires_at": stamp(scope["expires_at"]),
        "reason": scope["reason"],
    }
    ledger.record(request.stream, "approval.standing_given", user, told(request, **fields))
    return given


def why_no_standing(request: ApprovalRequest, user: User) -> str:
    """Why this person can't say yes in advance on the strength of this request; "" when they can."""
    if Allowed.STANDING not in request.demand.get("allow", ()):
        return "the policies of this request allow no approval in advance"
    if not (request.facts.get("runbook") and request.facts.get("step")):
        return "only a step of a runbook can be approved in advance"
    if not request.decisions.filter(user=user, verdict=Verdict.APPROVE).exists():
        return "only who said yes to it says yes in advance"
    if not request.touches.filter(owner=user).exists():
        return "only the accountable owner of a touched service says yes in advance"
    return ""


def apply(request: ApprovalRequest, ruled: Ruled, world: World, now: dt.datetime) -> None:
    """Fill the seats for which a yes in advance holds; where that fills all of them, the request is approved."""
    used = [seat for seat in request.seats.filter(who=Who.OWNER) if _fill(request, seat, ruled, world, now)]
    if not used or selectors.unfilled(request):
        return
    approve(request, now, ground=Ground.STANDING)
    uses = StandingUse.objects.filter(seat__in=used).select_related("standing__owner")
    fields: dict[str, Json] = {
        "reason": "; ".join(dict.fromkeys(one.standing.reason for one in uses)),
        "standing": [one.standing.uid for one in uses],
        "owners": sorted({one.standing.owner.actor_id for one in uses}),
        "factor": "",
    }
    record_approved(request, ledger.SYSTEM, fields)


def _fill(request: ApprovalRequest, seat: Seat, ruled: Ruled, world: World, now: dt.datetime) -> bool:
    """Use one yes in advance for this seat, if there is one. Those that have died are ended on the way."""
    act = ruled.act
    if Allowed.STANDING not in ruled.demand.allow:
        return False
    standing = StandingApproval.objects.select_related("owner", "service", "origin").filter(
        state=StandingState.ACTIVE, service__slug=seat.service, runbook=act.runbook, step=act.step
    )
    for one in standing.order_by("pk"):
        if because := _died(one, ruled, now):
            _end(one, because, ledger.SYSTEM, request.stream, now)
        elif _holds(one, seat, ruled, world) and _count(one):
            _use(request, seat, one, now)
            return True
    return False


def _died(one: StandingApproval, ruled: Ruled, now: dt.datetime) -> str:
    """Why the yes in advance is worth nothing any more; "" while it is."""
    checks = (
        (one.expires_at <= now, "It has expired."),
        (one.used >= one.most, USED_UP),
        (one.version != ruled.act.version, "The runbook has another version now."),
        (one.action != ruled.act.action, "The step does something else now."),
        (one.service.owner_id != one.owner_id, "The service has another owner now."),
        (_is_where_it_was_given(one, ruled) and not _under_the_same(one, ruled), "The policies have changed."),
    )
    return next((because for died, because in checks if died), "")


def _is_where_it_was_given(one: StandingApproval, ruled: Ruled) -> bool:
    """Whether the same policies would apply if none had changed: elsewhere, others do."""
    given = set(one.origin.touches.values_list("slug", flat=True))
    return one.environment == ruled.act.environment and given == {service.slug for service in ruled.services}


def _under_the_same(one: StandingApproval, ruled: Ruled) -> bool:
    policies = [[policy.slug, policy.number, policy.digest] for policy in ruled.policies]
    return [list(policy) for policy in one.policies] == policies


def _holds(one: StandingApproval, seat: Seat, ruled: Ruled, world: World) -> bool:
    """Whether it covers this act, and its owner could say yes to it today."""
    act = ruled.act
    in_scope = one.environment == act.environment and _under_the_same(one, ruled)
    in_scope &= not one.incident_classes or act.incident_class in one.incident_classes
    if not in_scope or outside(one.inputs, inputs_in(ruled.binds)):
        return False
    basis = Basis(Who.OWNER, seat.service, seat.team)
    return one.owner.actor_id in world.people and not refusal(one.owner.actor_id, basis, world)


def _count(one: StandingApproval) -> bool:
    """Take one use. False when somebody else took the last one."""
    left = StandingApproval.objects.filter(pk=one.pk, state=StandingState.ACTIVE, used__lt=F("most"))
    return bool(left.update(used=F("used") + 1))


def _use(request: ApprovalRequest, seat: Seat, one: StandingApproval, now: dt.datetime) -> None:
    StandingUse.objects.create(standing=one, seat=seat, at=now)
    one.refresh_from_db(fields=["used"])  # another request may have used it at the same moment
    left = one.most - one.used
    words = {0: "That was its last use.", 1: "It may be used once more."}.get(
        left, f"It may be used {left} more times."
    )
    tell(request, [one.owner], "standing", now=now, more=words, event=f"{one.uid}/{seat.pk}")
    fields: dict[str, Json] = {"standing": one.uid, "owner": one.owner.actor_id, "seat": seat.label, "left": words}
    ledger.record(request.stream, "approval.standing_used", ledger.SYSTEM, told(request, **fields))
    if not left:
        _end(one, USED_UP, ledger.SYSTEM, request.stream, now)


def end_standing(standing: StandingApproval, *, user: User, reason: str, now: dt.datetime) -> StandingApproval:
    """The owner takes it back. Call it outside of any transaction.

    Raises NotEntitled (on record), ReasonMissing, IllegalTransition."""
    if not reason.strip():
        raise ReasonMissing
    return kept(lambda: _take_back(standing, fresh(user), reason.strip(), now))


def _take_back(
    standing: StandingApproval, user: User, reason: str, now: dt.datetime
) -> StandingApproval | ApprovalError:
    ledger.hold(standing.origin.stream)
    related = StandingApproval.objects.select_for_update(of=("self",)).select_related("owner", "origin")
    found = related.get(pk=standing.pk)
    if user != found.owner:
        return refuse(found.origin, user, "end-standing", "who gave it takes it back", seen=found.origin.digest)
    check_move(found.state, StandingState.ENDED, STANDING_MOVES)
    _end(found, reason, user, found.origin.stream, now)
    return found


def end_those_under(slug: str, *, now: dt.datetime) -> None:
    """A policy has changed: every yes in advance that was given under it is over."""
    active = StandingApproval.objects.filter(state=StandingState.ACTIVE).select_related("origin", "owner")
    for one in active.order_by("origin__stream", "pk"):
        if slug in {policy[0] for policy in one.policies}:
            ledger.hold(one.origin.stream)
            _end(one, f"The policy {slug} has changed.", ledger.SYSTEM, one.origin.stream, now)


def _end(one: StandingApproval, because: str, actor: ledger.Actor, stream: str, now: dt.datetime) -> None:
    """End one that is active, once: two requests may find at the same moment that it has died."""
    check_move(one.state, StandingState.ENDED, STANDING_MOVES)
    one.state, one.ended_at, one.ended_because = StandingState.ENDED, now, because[:300]
    ended = {"state": one.state, "ended_at": one.ended_at, "ended_because": one.ended_because}
    if not StandingApproval.objects.filter(pk=one.pk, state=StandingState.ACTIVE).update(**ended):
        return
    fields: dict[str, Json] = {"standing": one.uid, "owner": one.owner.actor_id, "step": one.step, "because": because}
    ledger.record(stream, "approval.standing_ended", actor, fields)
