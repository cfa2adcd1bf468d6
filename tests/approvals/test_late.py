"""Bad input and races: a decision that comes too late, twice, from a stale page, or by somebody who lost the right."""

import datetime as dt

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from approvals import services
from approvals.errors import AlreadySettled, BadDelegation, PolicyRefused
from approvals.models import ApprovalRequest, Decision, Delegation
from approvals.policies import fitness
from approvals.policies.shipped import texts
from approvals.services import Act, clocks
from audit import ledger
from catalog.models import Service, Team, User
from catalog.services import leave
from catalog.states import Role
from catalog.stepup import Factor
from plumbing import clock
from tests.approvals.conftest import DAY, MakeRequest, act_of, history
from tests.race import at_once

pytestmark = pytest.mark.django_db
DOORS = ["page", "htmx", "api"]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(client: Client, request: ApprovalRequest, door: str, seen: str = "") -> HttpResponse:
    """A decision as this door would hear it, on the digest that its page showed."""
    said = {"verdict": "approve", "reason": "Safe.", "seen": seen or request.digest}
    if door == "api":
        said["seen_digest"] = said.pop("seen")
        return client.post(reverse("approvals-api:decide", args=[request.uid]), said, content_type="application/json")
    headers = {"HX-Request": "true"} if door == "htmx" else {}
    return client.post(reverse("approvals:decide", args=[request.uid]), said, headers=headers)


def refused(answer: HttpResponse, status: int, *facts: str) -> None:
    assert answer.status_code == status, answer.content
    text = answer.content.decode().replace("&#x27;", "'")
    for fact in facts:
        assert fact in text
    assert not history("approval.approved")


@pytest.mark.parametrize("door", DOORS)
def test_after_its_time_a_decision_is_told_that_nobody_decided(
    door: str, make_request: MakeRequest, owner: User, store: Service
) -> None:
    request = make_request(act=act_of(store, within_s=60), now=clock.now() - dt.timedelta(minutes=5))
    late = post(signed_in(owner), request, door)
    refused(late, 409, "expired already: nobody decided in time", "Your decision was not counted")
    assert clocks.tick(request.uid) >= 1
    refused(post(signed_in(owner), request, door), 409, "expired already: Nobody decided within 1 min")
    assert not Decision.objects.exists()
    assert [entry.kind for entry in history()] == ["approval.asked", "approval.expired"]


def test_at_the_moment_itself_the_time_is_over(make_request: MakeRequest, decide, owner: User, store: Service) -> None:
    first, second = (make_request(act=act_of(store, within_s=60)) for _ in range(2))
    assert first.due_at is not None
    assert second.due_at is not None
    assert decide(first, owner, now=first.due_at - dt.timedelta(milliseconds=1)).state == "approved"
    with pytest.raises(AlreadySettled, match="nobody decided in time"):
        decide(second, owner, now=second.due_at)


def test_nobody_takes_it_on_or_breaks_the_glass_after_its_time(
    make_request: MakeRequest, deputy: User, commander: User, store: Service
) -> None:
    request = make_request(act=act_of(store, within_s=60))
    assert request.due_at is not None
    with pytest.raises(AlreadySettled, match="nobody decided in time"):
        services.cover(request.uid, user=deputy, reason="I am here.", now=request.due_at)
    with pytest.raises(AlreadySettled, match="nobody decided in time"):
        services.break_glass(
            request.uid, user=commander, reason="Now.", typed="break glass", seen_digest=request.digest,
            factor=Factor("totp", request.due_at), now=request.due_at,
        )  # fmt: skip
    request.refresh_from_db()
    assert request.is_pending
    assert [entry.kind for entry in history()] == ["approval.asked"]


@pytest.mark.parametrize("door", DOORS)
def test_after_a_void_a_decision_is_told_why(door: str, make_request: MakeRequest, owner: User) -> None:
    request = make_request()
    services.void(request, reason="The run was cancelled.", actor=ledger.SYSTEM, now=clock.now())
    refused(post(signed_in(owner), request, door), 409, "void already: The run was cancelled")


@pytest.mark.parametrize("door", DOORS)
def test_for_a_run_that_was_cancelled_nothing_waits_and_the_request_is_void(
    door: str, make_request: MakeRequest, owner: User, bindings: dict[str, Act | None]
) -> None:
    request = make_request()
    bindings[request.subject] = None
    refused(post(signed_in(owner), request, door), 409, "Nothing waits for this decision any more")
    request.refresh_from_db()
    assert request.state == "void"
    assert history("approval.voided")[0].fields["reason"] == services.NOTHING_WAITS


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("loss", ["role", "account", "ownership of nothing else"])
def test_who_lost_the_right_a_second_ago_is_refused_on_record(
    loss: str, door: str, make_request: MakeRequest, owner: User, payments_team: Team, admin_user: User
) -> None:
    request, client = make_request(), signed_in(owner)
    if loss == "account":
        User.objects.filter(pk=owner.pk).update(is_active=False)
        assert post(client, request, door).status_code in (302, 401, 403), "the session is over"
    else:
        leave(payments_team, owner, Role.APPROVER, admin_user)
        refused(post(client, request, door), 403, fitness.NO_RIGHT, "The attempt is on record")
        assert history("approval.refused")[0].actor == owner.actor_id
    request.refresh_from_db()
    assert request.is_pending


@pytest.mark.parametrize("door", DOORS)
def test_twice_from_two_tabs_counts_once(door: str, make_request: MakeRequest, owner: User) -> None:
    request, first, second = make_request(), signed_in(owner), signed_in(owner)
    assert post(first, request, door).status_code in (200, 204, 302)
    late = post(second, request, door)
    assert late.status_code == 409
    assert "approved already: Lena Vogt" in late.content.decode()
    assert Decision.objects.count() == 1
    assert len(history("approval.approved")) == 1


@pytest.mark.django_db(transaction=True)
def test_twice_from_two_tabs_at_one_moment_counts_once(make_request: MakeRequest, decide, owner: User) -> None:
    for _ in range(20):
        request = make_request()
        outcomes = at_once(
            lambda request=request: decide(request, owner),
            lambda request=request: decide(request, owner, "reject", reason="No."),
        )
        (late,) = [one for one in outcomes if isinstance(one, AlreadySettled)]
        assert late.who == "Lena Vogt"
        assert Decision.objects.filter(request=request).count() == 1


@pytest.mark.parametrize("door", DOORS)
def test_a_stale_page_is_told_what_is_bound_now(door: str, make_request: MakeRequest, owner: User) -> None:
    first = make_request(subject="test/it")
    second = make_request(subject="test/it", binds='{"action":"wait"}')
    refused(post(signed_in(owner), second, door, seen=first.digest), 409, first.digest[:8], second.digest[:8])
    refused(post(signed_in(owner), first, door), 409, "void already: What would be done has changed")
    second.refresh_from_db()
    assert second.is_pending


@pytest.mark.parametrize(("door", "status"), [("page", 422), ("htmx", 422), ("api", 400)])
@pytest.mark.parametrize("seen", ["nonsense", "0" * 63, "0" * 65, "<script>"])
def test_a_digest_that_is_none_is_refused(
    seen: str, door: str, status: int, make_request: MakeRequest, owner: User
) -> None:
    refused(post(signed_in(owner), make_request(), door, seen=seen), status)


def test_a_policy_that_nobody_can_fulfil_says_so_at_once(
    make_request: MakeRequest, make_user, decide, compliance: User, admin_user: User, owner: User, commander: User
) -> None:
    """Nobody of that name: it can't be proposed. Somebody who left since: the request says so."""
    text = texts()["house"].replace("seats: [{who: owner}]", "seats: [{who: owner}, {who: person, person: nobody}]")
    now = clock.now()
    with pytest.raises(PolicyRefused, match="Nobody active has the user name 'nobody'"):
        services.propose(text, slug="house", user=compliance, note="A slip.", now=now)
    leaver = make_user("nobody")
    made = services.propose(text, slug="house", user=compliance, note="Theirs, too.", now=now)
    services.decide_policy(made, user=admin_user, accept=True, reason="", now=now)
    User.objects.filter(pk=leaver.pk).update(is_active=False)
    request = make_request()
    assert [(seat.label, seat.lacks) for seat in request.seats.all()] == [
        ("accountable owner of store", 0), ("nobody, named by the policy", 1),
    ]  # fmt: skip
    assert history("approval.asked")[0].fields["unroutable"] is True
    assert decide(request, owner).is_pending, "one yes of two"
    page = signed_in(commander).get(reverse("approvals:page", args=[request.uid])).content.decode()
    assert "nobody, named by the policy" in page


def test_an_owner_who_asks_and_has_no_deputy_leaves_nobody_and_the_page_says_what_to_do(
    make_request: MakeRequest, make_service, decide, owner: User, commander: User
) -> None:
    request = make_request(service=make_service("alone", owner=owner), requester=owner)
    assert not request.asked.exists()
    (entry,) = history("approval.asked")
    assert entry.fields["unroutable"] is True
    assert fitness.REQUESTER in {skip["because"] for skip in entry.fields["skipped"]}
    page = signed_in(commander).get(reverse("approvals:page", args=[request.uid])).content.decode()
    assert "Give alone an owner or deputy" in page


def delegate(giver: User, taker: User) -> Delegation:
    now = clock.now()
    return services.delegate(
        giver=giver, taker=taker, services=[], classes=[], since=now, until=now + DAY, reason="Away.", actor=giver,
        now=now,
    )  # fmt: skip


def test_a_circle_of_delegations_is_refused_and_leads_nowhere_where_there_is_one(
    make_request: MakeRequest, owner: User, deputy: User, commander: User
) -> None:
    delegate(owner, deputy)
    delegate(deputy, commander)
    with pytest.raises(BadDelegation, match="it would go in a circle"):
        delegate(commander, owner)
    assert Delegation.objects.count() == 2
    last = Delegation.objects.last()
    assert last is not None
    last.pk, last.uid, last.giver, last.taker = None, "f" * 32, commander, owner
    last.save()
    request = make_request()
    assert [row.user for row in request.asked.all()] == [deputy], "followed once, never passed on"


def test_what_refuses_leaves_nothing_half_written(
    make_request: MakeRequest, decide, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger fails at the last write of a decision: neither row nor state is left of it."""

    def fail(*_: object, **__: object) -> None:
        raise OSError("the ledger is away")

    request = make_request()
    monkeypatch.setattr("approvals.services.settling.ledger.record", fail)
    with pytest.raises(OSError, match="away"):
        decide(request, owner)
    request.refresh_from_db()
    assert request.is_pending
    assert not Decision.objects.exists()
