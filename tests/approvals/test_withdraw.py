"""Taking back: the question by who asks, the yes by who gave it, as long as nothing was done on it."""

import pytest
from django.test import Client
from django.urls import reverse

from approvals import services
from approvals.errors import AlreadySettled, NotEntitled, ReasonMissing
from approvals.models import ApprovalRequest
from audit import ledger
from catalog.models import User
from plumbing import clock
from tests.approvals.conftest import MakeRequest, act_of, history
from tests.race import at_once

pytestmark = pytest.mark.django_db


def withdraw(request: ApprovalRequest, user: User, reason: str = "Not needed.") -> ApprovalRequest:
    return services.withdraw(request.uid, user=user, reason=reason, now=clock.now())


def use(request: ApprovalRequest, act) -> str:
    return services.use(request.subject, act=act, actor=ledger.SYSTEM, now=clock.now())


@pytest.mark.parametrize("who", ["responder", "commander"])
def test_the_question_is_taken_back_by_who_asks_or_commands(
    who: str, make_request: MakeRequest, request: pytest.FixtureRequest, settled: list[tuple[str, str]]
) -> None:
    asked, user = make_request(), request.getfixturevalue(who)
    assert withdraw(asked, user, " Not needed. ").why == f"The question was withdrawn by {user}: Not needed."
    (entry,) = history("approval.withdrawn")
    assert (entry.actor, entry.fields["was"], entry.fields["reason"]) == (user.actor_id, "pending", "Not needed.")
    assert settled == [(asked.uid, "withdrawn")]


def test_the_executor_takes_it_back(make_request: MakeRequest, deputy: User) -> None:
    assert withdraw(make_request(executor=deputy), deputy).state == "withdrawn"


@pytest.mark.parametrize("who", ["owner", "deputy", "viewer", "superuser", "stranger", "author"])
def test_nobody_else_takes_the_question_back(
    who: str, make_request: MakeRequest, request: pytest.FixtureRequest
) -> None:
    asked, user = make_request(), request.getfixturevalue(who)
    with pytest.raises(NotEntitled, match="takes the question back"):
        withdraw(asked, user)
    asked.refresh_from_db()
    assert asked.is_pending
    (entry,) = history("approval.refused")
    assert (entry.actor, entry.fields["verdict"]) == (user.actor_id, "withdraw")


def test_the_yes_is_taken_back_by_who_gave_it_and_carries_nothing_after(
    make_request: MakeRequest, decide, owner: User, store
) -> None:
    request = decide(make_request(), owner)
    assert withdraw(request, owner, "Lag has grown.").why == "The yes was withdrawn by Lena Vogt: Lag has grown."
    assert use(request, act_of(store)) == "The yes was withdrawn by Lena Vogt: Lag has grown."
    assert not history("approval.used")


@pytest.mark.parametrize("who", ["responder", "commander", "deputy", "superuser"])
def test_nobody_else_takes_the_yes_back(
    who: str, make_request: MakeRequest, decide, owner: User, request: pytest.FixtureRequest
) -> None:
    asked = decide(make_request(), owner)
    with pytest.raises(NotEntitled, match="whoever said yes takes that back"):
        withdraw(asked, request.getfixturevalue(who))
    asked.refresh_from_db()
    assert asked.state == "approved"


def test_one_of_several_takes_their_yes_back_while_others_still_decide(
    make_request: MakeRequest, decide, make_service, owner: User, deputy: User, store
) -> None:
    make_service("vault", owner=deputy)
    act = services.Act(act_of(store).text, ("store", "vault"))
    request = make_request(act=act)
    assert decide(request, owner).is_pending
    assert withdraw(request, owner, "I was wrong.").why == "The yes was withdrawn by Lena Vogt: I was wrong."
    with pytest.raises(AlreadySettled, match="withdrawn already: The yes was withdrawn by Lena Vogt"):
        decide(request, deputy)


@pytest.mark.parametrize("end", ["used", "rejected", "void", "withdrawn"])
def test_what_came_to_its_end_is_not_taken_back(
    end: str, make_request: MakeRequest, decide, owner: User, responder: User, store
) -> None:
    request = make_request()
    match end:
        case "used":
            decide(request, owner)
            assert use(request, act_of(store)) == ""
        case "rejected":
            decide(request, owner, "reject", reason="No.")
        case "void":
            services.void(request, reason="Changed.", actor=ledger.SYSTEM, now=clock.now())
        case "withdrawn":
            withdraw(request, responder)
    with pytest.raises(AlreadySettled, match=f"{end} already"):
        withdraw(request, responder)
    assert ApprovalRequest.objects.get().state == end


def test_a_reason_is_given(make_request: MakeRequest, responder: User) -> None:
    with pytest.raises(ReasonMissing):
        withdraw(make_request(), responder, "  ")
    assert not history("approval.withdrawn")


def test_on_the_page_and_over_the_api(make_request: MakeRequest, responder: User, viewer: User, stranger: User) -> None:
    first, second = make_request(), make_request()
    client = Client()
    client.force_login(responder)
    url = reverse("approvals:withdraw", args=[first.uid])
    assert url in client.get(reverse("approvals:page", args=[first.uid])).content.decode()
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "Not needed."}).status_code == 302
    stale = client.post(url, {"reason": "Not needed."})
    assert stale.status_code == 409
    assert "The question was withdrawn by Jonas Weber" in stale.content.decode()
    api = reverse("approvals-api:withdraw", args=[second.uid])
    for user, status in ((stranger, 404), (viewer, 403), (responder, 200), (responder, 409)):
        client.force_login(user)
        assert client.post(api, {"reason": "No."}, content_type="application/json").status_code == status


@pytest.mark.django_db(transaction=True)
def test_of_a_use_and_a_withdrawal_at_once_one_counts(make_request: MakeRequest, decide, owner: User, store) -> None:
    for _ in range(20):
        request = decide(make_request(), owner)
        act = act_of(store)
        used, taken = at_once(
            lambda request=request, act=act: use(request, act), lambda request=request: withdraw(request, owner)
        )
        state = ApprovalRequest.objects.get(pk=request.pk).state
        assert state == ("used" if used == "" else "withdrawn")
        assert isinstance(taken, AlreadySettled) is (used == "")
    assert len(history("approval.used")) + len(history("approval.withdrawn")) == 20
