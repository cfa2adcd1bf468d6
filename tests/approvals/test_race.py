"""Two people, one moment, two connections: one decision counts, the other is told who was first."""

import pytest

from approvals import services
from approvals.errors import AlreadySettled
from approvals.models import ApprovalRequest, Decision
from audit import ledger
from catalog.models import User
from plumbing import clock
from plumbing.database import atomic
from tests.approvals.conftest import MakeRequest, ask_also, history
from tests.race import at_once

pytestmark = pytest.mark.django_db(transaction=True)
PAIRS = 200  # over two connections; under two seconds on PostgreSQL


def test_of_two_opposite_decisions_one_counts(make_request: MakeRequest, owner: User, deputy: User) -> None:
    for _ in range(PAIRS):
        request = make_request()
        ask_also(request, deputy)

        def act(user: User, verdict: str, request: ApprovalRequest = request) -> ApprovalRequest:
            said = services.Said(verdict, "at once", request.digest)
            return services.decide(request.uid, user=user, said=said, now=clock.now())

        outcomes = at_once(lambda: act(owner, "approve"), lambda: act(deputy, "reject"))
        decision = Decision.objects.get(request=request)
        (late,) = [outcome for outcome in outcomes if isinstance(outcome, AlreadySettled)]
        assert late.who == str(decision.user)
        assert ApprovalRequest.objects.get(pk=request.pk).state == late.state
    settled = [entry for entry in history() if entry.kind in ("approval.approved", "approval.rejected")]
    assert len(settled) == PAIRS


def test_of_approve_and_void_at_once_nothing_is_left_half_done(make_request: MakeRequest, owner: User) -> None:
    for _ in range(PAIRS):
        request = make_request()

        def approve(request: ApprovalRequest = request) -> ApprovalRequest:
            said = services.Said("approve", seen_digest=request.digest)
            return services.decide(request.uid, user=owner, said=said, now=clock.now())

        def void(request: ApprovalRequest = request) -> ApprovalRequest:
            with atomic():
                return services.void(request, reason="Input was changed.", actor=ledger.SYSTEM, now=clock.now())

        approved, voided = at_once(approve, void)
        assert ApprovalRequest.objects.get(pk=request.pk).state == "void", "a change always wins in the end"
        assert isinstance(voided, ApprovalRequest)
        assert Decision.objects.filter(request=request).exists() is isinstance(approved, ApprovalRequest)
    assert len(history("approval.voided")) == PAIRS


def test_asking_twice_at_once_gives_one_request(make_request: MakeRequest) -> None:
    at_once(lambda: make_request(subject="test/once"), lambda: make_request(subject="test/once"))
    assert ApprovalRequest.objects.filter(subject="test/once").count() == 1
