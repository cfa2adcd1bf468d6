"""Deciding together what binds exactly the same, and nothing else."""

from collections.abc import Callable

import pytest
from django.urls import reverse

from approvals import services
from approvals.errors import OtherDigest
from approvals.models import ApprovalRequest, Decision
from approvals.selectors import alike
from catalog.models import User
from plumbing import clock
from tests.approvals.conftest import MakeRequest, history
from tests.approvals.test_pages import as_user, body

pytestmark = pytest.mark.django_db
OTHER = '{"action":"wait"}'


def test_only_what_binds_the_same_and_waits_for_the_same_person_is_alike(
    make_request: MakeRequest, owner: User, deputy: User, decide: Callable[..., ApprovalRequest]
) -> None:
    first, second, settled, another = make_request(), make_request(), make_request(), make_request(binds=OTHER)
    decide(settled, owner)
    assert alike(first, owner) == [second]
    assert alike(another, owner) == []
    assert alike(first, deputy) == []


def test_one_decision_for_all_of_them_is_one_entry_for_each(make_request: MakeRequest, owner: User) -> None:
    asked = [make_request() for _ in range(3)]
    said = {"verdict": "approve", "reason": "All three nodes.", "seen": asked[0].digest, "alike": "on"}
    client, url = as_user(owner), reverse("approvals:decide", args=[asked[0].uid])
    assert "2 other requests that bind exactly the same" in body(client, url)
    assert client.post(url, said).status_code == 302
    assert {request.state for request in ApprovalRequest.objects.all()} == {"approved"}
    assert len(history("approval.approved")) == Decision.objects.count() == 3


def test_without_the_tick_only_the_one_is_decided(make_request: MakeRequest, owner: User) -> None:
    first, second = make_request(), make_request()
    as_user(owner).post(reverse("approvals:decide", args=[first.uid]), {"verdict": "approve", "seen": first.digest})
    second.refresh_from_db()
    assert second.is_pending


def test_another_digest_is_never_decided_with_it(make_request: MakeRequest, owner: User) -> None:
    first, another = make_request(), make_request(binds=OTHER)
    said = services.Said("approve", seen_digest=first.digest)
    (refused,) = services.decide_alike(first.uid, [another], user=owner, said=said, now=clock.now())
    assert isinstance(refused, OtherDigest)
    another.refresh_from_db()
    assert another.is_pending


def test_one_that_was_settled_meanwhile_keeps_none_of_the_others_back(
    make_request: MakeRequest, owner: User, decide: Callable[..., ApprovalRequest]
) -> None:
    first, second, third = make_request(), make_request(), make_request()
    decide(second, owner, "reject", reason="Not this node.")
    said = services.Said("approve", seen_digest=first.digest)
    (refused,) = services.decide_alike(first.uid, [second, third], user=owner, said=said, now=clock.now())
    assert refused.code == "already_settled"
    states = list(ApprovalRequest.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["approved", "rejected", "approved"]
