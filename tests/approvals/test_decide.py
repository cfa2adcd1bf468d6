"""Deciding: who may, on what, once. A refusal leaves its entry behind although it raises."""

import re

import pytest

from approvals import services
from approvals.errors import (
    AlreadySettled,
    BindingChanged,
    IllegalTransition,
    NotEntitled,
    OtherDigest,
    ReasonMissing,
)
from approvals.models import ApprovalRequest, Decision
from approvals.policies import fitness
from approvals.selectors import ruled
from approvals.services import Act
from approvals.states import MOVES, RequestState, Verdict, check_move
from audit import ledger
from catalog.models import Team, User
from catalog.services import leave
from catalog.states import Role
from plumbing import clock
from plumbing.database import atomic
from tests.approvals.conftest import MakeRequest, history

pytestmark = pytest.mark.django_db


def state_of(request: ApprovalRequest) -> str:
    return ApprovalRequest.objects.get(pk=request.pk).state


@pytest.mark.parametrize(("verdict", "state"), [("approve", "approved"), ("reject", "rejected")])
def test_the_person_asked_decides_and_the_reason_is_kept(
    verdict: str, state: str, make_request: MakeRequest, decide, owner: User, settled: list[tuple[str, str]]
) -> None:
    request = make_request()
    decided = decide(request, owner, verdict, reason="  Lag is low. ")
    assert (decided.state, state_of(request)) == (state, state)
    assert decided.settled_at is not None
    decision = Decision.objects.get()
    assert (decision.user, decision.verdict, decision.reason) == (owner, verdict, "Lag is low.")
    assert decision.digest == request.digest
    (entry,) = history(f"approval.{state}")
    assert entry.actor == owner.actor_id
    assert entry.fields["digest"] == request.digest
    assert entry.fields["reason"] == "Lag is low."
    assert settled == [(request.uid, state)]


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_rejection_without_a_reason_is_refused(reason: str, make_request: MakeRequest, decide, owner: User) -> None:
    request = make_request()
    with pytest.raises(ReasonMissing):
        decide(request, owner, "reject", reason=reason)
    assert state_of(request) == "pending"
    assert [entry.kind for entry in history()] == ["approval.asked"]


def refused(request: ApprovalRequest, user: User, decide) -> str:
    """The recorded reason of a refusal; nothing else may have happened."""
    with pytest.raises(NotEntitled) as caught:
        decide(request, user)
    assert state_of(request) == "pending"
    assert not Decision.objects.exists()
    (entry,) = history("approval.refused")
    assert entry.actor == user.actor_id
    assert (entry.fields["verdict"], entry.fields["digest"]) == ("approve", request.digest)
    assert entry.fields["because"] == caught.value.because
    return caught.value.because


def test_the_requester_can_t_decide(make_request: MakeRequest, decide, responder: User) -> None:
    assert "asks for it" in refused(make_request(), responder, decide)


def test_the_executor_can_t_decide(make_request: MakeRequest, decide, deputy: User) -> None:
    assert "carries it out" in refused(make_request(executor=deputy), deputy, decide)


def test_an_owner_who_asked_for_it_can_t_decide_though_they_own_it(
    make_request: MakeRequest, decide, owner: User
) -> None:
    assert "asks for it" in refused(make_request(requester=owner), owner, decide)


def test_a_superuser_can_t_decide(make_request: MakeRequest, decide, superuser: User) -> None:
    assert refused(make_request(), superuser, decide) == fitness.SUPERUSER


def test_a_superuser_who_owns_the_service_can_t_decide_without_the_role(
    make_request: MakeRequest, decide, make_service, superuser: User, deputy: User
) -> None:
    request = make_request(service=make_service("vault", owner=superuser, deputy=deputy))
    assert request.asked.get().user == deputy
    assert refused(request, superuser, decide) == fitness.SUPERUSER


def test_an_approver_who_was_not_asked_can_t_decide(make_request: MakeRequest, decide, deputy: User) -> None:
    assert refused(make_request(), deputy, decide) == fitness.NOT_ASKED


def test_a_viewer_and_a_stranger_can_t_decide(
    make_request: MakeRequest, decide, viewer: User, commander: User, stranger: User
) -> None:
    for user in (viewer, commander, stranger):
        with pytest.raises(NotEntitled, match="no right to approve"):
            decide(make_request(), user)
    assert [entry.actor for entry in history("approval.refused")] == [
        viewer.actor_id, commander.actor_id, stranger.actor_id,
    ]  # fmt: skip


def test_a_machine_user_can_t_decide_whatever_roles_it_has(
    make_request: MakeRequest, decide, make_user, payments_team: Team
) -> None:
    robot = make_user("robot", machine=True, team=payments_team, roles=[Role.APPROVER])
    assert refused(make_request(), robot, decide) == fitness.MACHINE


def test_who_loses_the_right_while_the_page_is_open_is_refused(
    make_request: MakeRequest, decide, owner: User, payments_team: Team, superuser: User
) -> None:
    request = make_request()
    leave(payments_team, owner, Role.APPROVER, superuser)
    assert refused(request, owner, decide) == fitness.NO_RIGHT


def test_who_is_deactivated_while_the_page_is_open_is_refused(make_request: MakeRequest, decide, owner: User) -> None:
    request = make_request()
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert owner.is_active, "the page's copy is older"
    assert refused(request, owner, decide) == fitness.INACTIVE


def test_a_second_decision_is_told_who_was_first_and_when(make_request: MakeRequest, decide, owner: User) -> None:
    request = make_request()
    decide(request, owner, "reject", reason="No backup.")
    with pytest.raises(AlreadySettled) as caught:
        decide(request, owner, "approve")
    assert re.search(r"rejected already: Lena Vogt, \d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC", str(caught.value))
    assert state_of(request) == "rejected"
    assert Decision.objects.count() == 1


def test_a_decision_on_a_void_request_is_told_why(make_request: MakeRequest, decide, owner: User) -> None:
    request = make_request()
    with atomic():
        services.void(request, reason="The run was cancelled.", actor=ledger.SYSTEM, now=clock.now())
    with pytest.raises(AlreadySettled, match=r"void already: The run was cancelled, "):
        decide(request, owner)


@pytest.mark.parametrize("seen", ["", "0" * 64, "short"])
def test_a_decision_on_another_digest_is_refused(seen: str, make_request: MakeRequest, decide, owner: User) -> None:
    request = make_request()
    with pytest.raises(OtherDigest) as caught:
        decide(request, owner, seen=seen)
    assert request.digest[:8] in str(caught.value)
    assert state_of(request) == "pending"


def test_a_changed_binding_voids_the_request_though_the_decision_is_refused(
    make_request: MakeRequest, decide, owner: User, bindings: dict[str, Act | None], settled: list[tuple[str, str]]
) -> None:
    request = make_request()
    act = bindings[request.subject] = Act('{"action":"wait"}', ("store",))
    with pytest.raises(BindingChanged) as caught:
        decide(request, owner)
    assert caught.value.found == ruled(act).digest
    assert "action was http, is wait" in str(caught.value)
    assert caught.value.found[:8] in str(caught.value)
    assert state_of(request) == "void"
    assert not Decision.objects.exists()
    (entry,) = history("approval.voided")
    assert str(entry.fields["reason"]).startswith(f"{services.CHANGED} action was http, is wait")
    assert settled == [(request.uid, "void")]


def test_where_nothing_waits_any_more_the_request_is_void(
    make_request: MakeRequest, decide, owner: User, bindings: dict[str, Act | None]
) -> None:
    request = make_request()
    bindings[request.subject] = None
    with pytest.raises(BindingChanged, match="Nothing waits"):
        decide(request, owner)
    assert ApprovalRequest.objects.get().why == services.NOTHING_WAITS


def test_a_row_altered_behind_the_orm_can_t_be_approved(make_request: MakeRequest, decide, owner: User) -> None:
    request = make_request()
    ApprovalRequest.objects.filter(pk=request.pk).update(digest="a" * 64)
    with pytest.raises(BindingChanged):
        decide(request, owner, seen="a" * 64)
    assert state_of(request) == "void"


def test_a_subject_that_no_room_answers_for_is_never_approved(make_request: MakeRequest, decide, owner: User) -> None:
    request = make_request(subject="nobody/1")
    with pytest.raises(LookupError, match="binding_provider"):
        decide(request, owner)
    assert state_of(request) == "pending"


def test_a_yes_can_be_taken_back_before_the_act(make_request: MakeRequest, decide, owner: User) -> None:
    request = make_request()
    decide(request, owner)
    with atomic():
        services.void(request, reason="Input host was changed.", actor=owner, now=clock.now())
    assert state_of(request) == "void"
    (entry,) = history("approval.voided")
    assert (entry.fields["was"], entry.actor) == ("approved", owner.actor_id)


def test_what_is_settled_for_good_can_t_be_voided(make_request: MakeRequest, decide, owner: User) -> None:
    request = make_request()
    decide(request, owner, "reject", reason="No.")
    with pytest.raises(AlreadySettled):
        services.void(request, reason="again", actor=owner, now=clock.now())
    assert state_of(request) == "rejected"


@pytest.mark.parametrize("current", RequestState)
@pytest.mark.parametrize("target", RequestState)
def test_a_request_moves_only_along_the_table(current: RequestState, target: RequestState) -> None:
    if target in MOVES[current]:
        check_move(current, target)
    else:
        with pytest.raises(IllegalTransition, match=f"is {current}.*become {target}"):
            check_move(current, target)


def test_an_unknown_verdict_is_a_programming_error(make_request: MakeRequest, decide, owner: User) -> None:
    request = make_request()
    with pytest.raises(ValueError, match="perhaps"):
        decide(request, owner, "perhaps")
    assert state_of(request) == "pending"
    assert set(Verdict) == {"approve", "reject"}
