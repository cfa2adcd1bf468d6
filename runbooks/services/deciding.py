"""What people say where a plan asks them for the way: decisions, and proposals of watches."""

from catalog.models import User
from plumbing.database import atomic
from runbooks.actions.base import Done
from runbooks.engine import deciding, watching
from runbooks.engine.model import Case
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.engine.work import Work
from runbooks.errors import ProposalOver, RunbookError
from runbooks.models import Proposal, ProposalState, StepRun
from runbooks.services import guards
from runbooks.services.outcomes import record_outcome
from runbooks.states import AttemptState, StepState


@atomic()
def decide_by_hand(run_uid: str, step: str, *, case: str, actor: User, seen_at: int, reason: str) -> StepRun:
    """A person says which case a decision takes that could not take one itself.

    Raises StaleStep, ReasonNeeded, NotYours; RunbookError for a step that doesn't ask and a case that it doesn't have.
    """
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(reason)
    guards.running(work)
    guards.theirs(work, row, actor)
    chosen = _case(work, row, case)
    decision = {
        "values": {},
        "scores": {},
        "errors": [],
        **row.decision,
        "case": chosen.id,
        "go": list(chosen.go),
        "back": chosen.back,
        "by": actor.actor_id,
        "why": reason,
        "ask": False,
    }
    deciding.keep(work, row, decision, actor=actor)
    work.move(step, StepState.RUNNING, f"{actor} decides: {chosen.id}.", actor=actor)
    record_outcome(work, row, actor, Done(decision), holds=True)
    settle(work)
    work.close()
    return row


def _case(work: Work, row: StepRun, wanted: str) -> Case:
    spec = work.definition.by_id[row.step]
    if spec.decide is None:
        raise RunbookError(f"“{spec.title}” is no decision.")
    last = row.attempts.order_by("-pk").first()
    asks = last is not None and (last.state == AttemptState.FAILED or last.holds is False)
    if row.state != StepState.READY or not asks:
        raise guards.stale(work, row)
    for case in spec.decide.cases:
        if case.id == wanted and case.back and row.visits >= case.most:
            raise RunbookError(
                f"“{spec.title}” went back {row.visits} times, as often as {wanted} may. Go another way."
            )
        if case.id == wanted:
            return case
    raise RunbookError(f"“{spec.title}” has no case {wanted}; it has {', '.join(c.id for c in spec.decide.cases)}.")


@atomic()
def accept_proposal(proposal_id: int, *, actor: User, reason: str) -> Proposal:
    """The commander lets a watch do what it proposes, to all of it that has not begun.

    Raises ReasonNeeded, ProposalOver when somebody else answered or all that it is about has begun."""
    work, proposal = _open(proposal_id)
    guards.explained(reason)
    titles = ", ".join(work.title(step) for step in proposal.steps)
    fields = {"watch": proposal.watch, "verb": proposal.verb, "does": watching.DOES[proposal.verb], "steps": titles}
    work.say("proposal.accepted", {**fields, "reason": reason}, actor)
    watching.carry_out(work, proposal, actor, f"{actor}: {reason} ({proposal.why})"[: watching.LONGEST_WHY])
    _close(work, proposal, ProposalState.TAKEN, actor, reason)
    return proposal


@atomic()
def decline_proposal(proposal_id: int, *, actor: User, reason: str) -> Proposal:
    """The commander leaves the plan as it is. Raises ReasonNeeded, ProposalOver."""
    work, proposal = _open(proposal_id)
    guards.explained(reason)
    titles = ", ".join(work.title(step) for step in proposal.steps)
    fields = {"watch": proposal.watch, "verb": proposal.verb, "does": watching.DOES[proposal.verb], "steps": titles}
    work.say("proposal.declined", {**fields, "reason": reason}, actor)
    _close(work, proposal, ProposalState.DECLINED, actor, reason)
    return proposal


def _open(proposal_id: int) -> tuple[Work, Proposal]:
    """The run under lock, and the proposal as it is then."""
    work = lock(Proposal.objects.select_related("run").get(pk=proposal_id).run.uid)
    proposal = Proposal.objects.get(pk=proposal_id)
    if proposal.state != ProposalState.OPEN:
        raise ProposalOver(proposal.get_state_display(), str(proposal.by or "Muster"))
    guards.is_open(work)
    if all(watching.has_begun(work, step) for step in proposal.steps):
        raise ProposalOver(ProposalState.LAPSED.label, "all that it is about has begun")
    return work, proposal


def _close(work: Work, proposal: Proposal, state: ProposalState, actor: User, reason: str) -> None:
    proposal.by, proposal.reason = actor, reason[: watching.LONGEST_WHY]
    watching.settle(proposal, state, work.now)
    settle(work)
    work.close()
