"""Consent to reports to authorities: what the filings ask of this room (audit.filings.consent.Consent).

The act is the exact files, by digest: approving is approving these bytes, and other bytes need another yes.
"""

import datetime as dt

from approvals import selectors, services
from approvals.models import ApprovalRequest
from approvals.policies.binding import Act
from approvals.states import LIVE, RequestState, Verdict
from audit.canonical import canon, tidy
from audit.filings import moving
from audit.filings import selectors as filings
from audit.filings.consent import Asked, Standing
from audit.ledger import Actor
from audit.models import Filing, FilingState
from plumbing import clock

PREFIX = "filing/"
CLASS = "filing"
ACTION = "file a report with an authority"
SAID = {Verdict.APPROVE: "Approved", Verdict.REJECT: "Rejected"}
UNDO = "A sent report can't be called back; it can be corrected by the next one."


def act_of(asked: Asked) -> Act:
    """What would be done: these bytes go to the authority."""
    told = {
        "action": ACTION,
        "entity": asked.entity,
        "filing": asked.subject,
        "files": [[form, digest] for form, digest in sorted(asked.files.items())],
        "regime": asked.regime,
        "stage": asked.stage,
    }
    return Act(canon(tidy(told)).decode(), tuple(sorted(asked.services)), action=ACTION, class_=CLASS)


def act_now(subject: str) -> Act | None:
    """What would be done now for a filing; None when nothing waits for it any more."""
    filing = Filing.objects.select_related("stream").filter(uid=subject.removeprefix(PREFIX)).first()
    if filing is None or filing.state not in (FilingState.LEGAL_REVIEW, FilingState.APPROVED):
        return None
    return act_of(moving.asked_of(filings.opened(filing)))


class Approvals:
    """This room, as the filings know it."""

    def ask(self, asked: Asked, actor: Actor, shapers: set[str], now: dt.datetime) -> None:
        """Ask for consent. Whoever wrote some of it is among the shapers, who never decide."""
        people = {user.actor_id: user for user in selectors.users_of({actor.actor_id, *shapers}).values()}
        requester = people.get(actor.actor_id)
        services.ask(
            stream=asked.stream, subject=asked.subject, question=asked.question, effect=asked.effect, undo=UNDO,
            proof=f"The files and every value with its evidence: {asked.url}", act=act_of(asked), requester=requester,
            executor=None, now=now, shapers=[user for user in people.values() if user != requester],
        )  # fmt: skip

    def standing(self, subject: str) -> Standing | None:
        """How the latest request for it stands."""
        found = selectors.latest_of(subject)
        if found is None:
            return None
        url = f"/approvals/{found.uid}/"
        if found.state in LIVE:
            return Standing(str(found.state), _who(found), url)
        if found.state == RequestState.USED:
            return Standing("used", "", url)
        return Standing("ended", found.why or _who(found) or f"the request is {found.state}", url)

    def void(self, subject: str, reason: str, actor: Actor, now: dt.datetime) -> None:
        """Take the question or the yes back, where there is one."""
        found = selectors.latest_of(subject)
        if found is not None and found.state in LIVE:
            services.void(found, reason=reason, actor=actor, now=now)

    def use(self, asked: Asked, actor: Actor, now: dt.datetime) -> str:
        """Use the yes for exactly these files; "" when it may be used, else why not."""
        return services.use(asked.subject, act=act_of(asked), actor=actor, now=now)


def _who(request: ApprovalRequest) -> str:
    """What was decided by whom, in words; "" while nobody has."""
    decision = selectors.decision_of(request)
    if decision is None:
        return ""
    said = f"{SAID[Verdict(decision.verdict)]} by {decision.user}"
    return f"{said}: {decision.reason}" if decision.reason else said


def settle(subject: str) -> None:
    """Let a filing take over what became of its request."""
    moving.settle(subject.removeprefix(PREFIX), now=clock.now())


def unsettled(now: dt.datetime) -> list[str]:
    """Subjects of filings that haven't taken over yet what became of their request: for the sweep."""
    waiting = Filing.objects.filter(state__in=(FilingState.LEGAL_REVIEW, FilingState.APPROVED))
    found = []
    for uid, state in waiting.values_list("uid", "state"):
        standing = Approvals().standing(f"{PREFIX}{uid}")
        expected = "approved" if state == FilingState.APPROVED else "pending"
        if standing is None or standing.state != expected:
            found.append(f"{PREFIX}{uid}")
    return found
