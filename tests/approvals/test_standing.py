"""A yes in advance: who gives it, for what it holds, how it is counted, when it dies, what its owner hears of it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals import services
from approvals.errors import (
    AlreadySettled,
    BadStanding,
    FactorNeeded,
    IllegalTransition,
    NotEntitled,
    NotUsable,
    ReasonMissing,
)
from approvals.forms import StandingForm
from approvals.models import ApprovalRequest, Asked, StandingApproval, StandingUse
from approvals.selectors import unfilled
from approvals.services import Act, outside
from approvals.states import Ground, StandingState
from audit import ledger
from catalog.models import Notice, Service, Team, User
from catalog.services import leave
from catalog.states import Role
from catalog.stepup import Factor
from plumbing import clock
from runbooks.engine.intent import Intent
from tests.approvals.conftest import DAY, MakeRequest, history
from tests.approvals.test_binding import act_from, stricter_house
from tests.race import at_once

pytestmark = pytest.mark.django_db
INTENT = Intent("a" * 64, "scale", "http", {"pool": "blue", "nodes": 4, "load": 0.5}, ("store",), "production")
ACT = act_from(INTENT, incident_class="SEV2")
Give = Callable[..., StandingApproval]


def with_inputs(act: Act = ACT, **inputs: Any) -> Act:
    """The same step with other inputs."""
    return replace(act, text=replace(INTENT, config={**INTENT.config, **inputs}).text)


@pytest.fixture
def origin(make_request: MakeRequest, decide, owner: User) -> ApprovalRequest:
    """The owner said yes to ACT."""
    return decide(make_request(act=ACT), owner)


@pytest.fixture
def give(origin: ApprovalRequest, owner: User) -> Give:
    """give(**changed) -> the yes in advance that the owner gives on the strength of `origin`."""
    return lambda **changed: given(origin, owner, **changed)[0]


def given(request: ApprovalRequest, user: User, **changed: Any) -> list[StandingApproval]:
    now = changed.pop("now", clock.now())
    said = {
        "reason": "It is harmless.", "most": 2, "expires_at": now + DAY, "ranges": {}, "incident_classes": (),
        "factor": None,
    }  # fmt: skip
    return services.give_standing(request.uid, user=user, now=now, **(said | changed))


def covered(request: ApprovalRequest) -> bool:
    """Whether it was approved without anybody's decision."""
    request.refresh_from_db()
    assert (request.state == "approved") is (request.ground == Ground.STANDING)
    assert not request.decisions.exists()
    return request.state == "approved"


# ---- who gives it, and how


def test_the_owner_who_said_yes_says_it_in_advance(give: Give, origin: ApprovalRequest, owner: User, store) -> None:
    one = give(ranges={"nodes": {"least": "2", "most": "6"}}, incident_classes=("SEV2",), most=3)
    assert (one.owner, one.service, one.step, one.version) == (owner, store, "scale", INTENT.version)
    assert one.inputs == {
        "pool": {"is": "blue"}, "nodes": {"least": "2", "most": "6"}, "load": {"is": {"decimal": "0.5"}}
    }  # fmt: skip
    (entry,) = history("approval.standing_given")
    assert (entry.actor, entry.fields["standing"], entry.fields["most"]) == (owner.actor_id, [one.uid], 3)


@pytest.mark.parametrize("who", ["responder", "deputy", "commander", "superuser", "compliance"])
def test_nobody_else_gives_it(who: str, origin: ApprovalRequest, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(who)
    with pytest.raises(NotEntitled, match="only who said yes to it"):
        given(origin, user)
    assert not StandingApproval.objects.exists()
    (entry,) = history("approval.refused")
    assert (entry.actor, entry.fields["verdict"]) == (user.actor_id, "standing")


def test_a_deputy_who_said_yes_is_not_the_owner(make_request: MakeRequest, decide, owner: User, deputy: User) -> None:
    request = decide(make_request(act=ACT, requester=owner), deputy)
    with pytest.raises(NotEntitled, match="only the accountable owner"):
        given(request, deputy)


def test_before_the_yes_nothing_is_given_in_advance(make_request: MakeRequest, owner: User) -> None:
    with pytest.raises(NotEntitled, match="only who said yes to it"):
        given(make_request(act=ACT), owner)


def test_who_lost_the_right_since_gives_nothing(
    origin: ApprovalRequest, owner: User, payments_team: Team, admin_user: User
) -> None:
    leave(payments_team, owner, Role.APPROVER, admin_user)
    with pytest.raises(NotEntitled, match="no right to approve"):
        given(origin, owner)
    assert not StandingApproval.objects.exists()


def test_a_yes_that_was_withdrawn_carries_none_in_advance(origin: ApprovalRequest, owner: User) -> None:
    services.withdraw(origin.uid, user=owner, reason="I was wrong.", now=clock.now())
    with pytest.raises(AlreadySettled):
        given(origin, owner)


@pytest.mark.parametrize(
    ("act", "because"),
    [
        (replace(ACT, class_="firewall-egress"), "allow no approval in advance"),
        (replace(ACT, runbook="", step=""), "only a step of a runbook"),
    ],
)
def test_what_can_not_be_approved_in_advance_says_why(
    act: Act, because: str, make_request: MakeRequest, owner: User
) -> None:
    with pytest.raises(NotEntitled, match=because):
        given(make_request(act=act), owner)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"reason": "  "}, ReasonMissing),
        ({"most": 0}, BadStanding),
        ({"most": 101}, BadStanding),
        ({"expires_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, BadStanding),
        ({"expires_at": dt.datetime(2999, 1, 1, tzinfo=dt.UTC)}, BadStanding),
        ({"ranges": {"gone": {"least": "1", "most": "2"}}}, BadStanding),
        ({"ranges": {"nodes": {"least": "5", "most": "9"}}}, BadStanding),  # 4 was approved
        ({"ranges": {"nodes": {"least": "6", "most": "2"}}}, BadStanding),
        ({"ranges": {"pool": {"least": "1", "most": "2"}}}, BadStanding),  # no number
    ],
)
def test_what_can_not_hold_is_not_given(changed: dict[str, Any], error: type[Exception], give: Give) -> None:
    with pytest.raises(error):
        give(**changed)
    assert not StandingApproval.objects.exists()
    assert not history("approval.standing_given")


def test_where_a_factor_is_demanded_it_is_demanded_here_too(make_request: MakeRequest, decide, owner: User) -> None:
    now = clock.now()
    act = replace(ACT, class_="restart-critical")
    fresh = Factor("webauthn", now)
    request = decide(make_request(act=act), owner, reason="Safe.", factor=fresh)
    with pytest.raises(FactorNeeded):
        given(request, owner)
    with pytest.raises(FactorNeeded):
        given(request, owner, factor=Factor("totp", now - DAY))
    assert given(request, owner, factor=Factor("totp", clock.now()))


# ---- for what it holds


def test_it_answers_for_the_owner_who_is_told(give: Give, make_request: MakeRequest, owner: User, store) -> None:
    one = give()
    request = make_request(act=ACT)
    assert covered(request)
    use = StandingUse.objects.get()
    assert (use.standing, use.seat.request) == (one, request)
    notice = Notice.objects.get(kind="standing")
    assert (notice.user, notice.about, notice.path) == (owner, request.uid, f"/approvals/{request.uid}/")
    assert "It may be used once more." in notice.text
    assert [entry.kind for entry in history()][-3:] == [
        "approval.asked", "approval.standing_used", "approval.approved",
    ]  # fmt: skip
    approved = history("approval.approved")[-1]
    assert approved.fields["ground"] == "standing"
    assert approved.fields["owners"] == [owner.actor_id]
    assert approved.fields["standing"] == [one.uid]
    assert services.use(request.subject, act=ACT, actor=ledger.SYSTEM, now=clock.now()) == ""
    assert history("approval.used")[0].fields["ground"] == "standing"


def test_who_gave_it_does_not_carry_it_out(give: Give, make_request: MakeRequest, owner: User) -> None:
    give()
    request = make_request(act=ACT)
    assert covered(request)
    because = services.use(request.subject, act=ACT, actor=owner, now=clock.now())
    assert because == "whoever approved it can't carry it out"


@pytest.mark.parametrize(
    ("act", "holds"),
    [
        (ACT, True),
        (with_inputs(nodes=2), True),
        (with_inputs(nodes=6), True),
        (with_inputs(nodes=3.5), True),
        (with_inputs(nodes=1), False),
        (with_inputs(nodes=7), False),
        (with_inputs(nodes="4"), False),
        (with_inputs(nodes=True), False),
        (with_inputs(pool="green"), False),
        (with_inputs(load=0.6), False),
        (with_inputs(force=True), False),
        (replace(ACT, incident_class="SEV1"), False),
        (act_from(replace(INTENT, environment="staging"), incident_class="SEV2"), False),
        (act_from(replace(INTENT, step="drain"), incident_class="SEV2"), False),
        (replace(ACT, runbook="another"), False),
        (replace(ACT, services=()), False),
    ],
)
def test_it_covers_what_is_in_its_scope_and_its_ranges(
    act: Act, holds: bool, give: Give, make_request: MakeRequest
) -> None:
    one = give(ranges={"nodes": {"least": "2", "most": "6"}}, incident_classes=("SEV2", "SEV3"))
    assert covered(make_request(act=act)) is holds
    one.refresh_from_db()
    assert (one.used, one.state) == (int(holds), StandingState.ACTIVE), "what is out of scope ends nothing"


def test_elsewhere_other_policies_apply_and_it_lives_on(give: Give, make_request: MakeRequest, api: Service) -> None:
    one = give()
    elsewhere = act_from(replace(INTENT, targets=("store", "api")), class_="", incident_class="SEV2")
    assert not covered(make_request(act=replace(elsewhere, environment="staging")))
    assert not covered(make_request(act=replace(ACT, class_="degrade-service", services=("store", "api"))))
    one.refresh_from_db()
    assert one.state == StandingState.ACTIVE
    assert covered(make_request(act=ACT))


@pytest.mark.parametrize("part", ["requester", "executor", "shapers"])
def test_it_never_covers_what_its_owner_asks_for_carries_out_or_shaped(
    part: str, give: Give, make_request: MakeRequest, owner: User, deputy: User
) -> None:
    one = give()
    request = make_request(act=ACT, **{part: [owner] if part == "shapers" else owner})
    assert not covered(request)
    assert [row.user for row in request.asked.all()] == [deputy]
    one.refresh_from_db()
    assert one.used == 0


def test_it_never_covers_for_an_owner_who_may_not_approve_any_more(
    give: Give, make_request: MakeRequest, owner: User, payments_team: Team, admin_user: User
) -> None:
    give()
    leave(payments_team, owner, Role.APPROVER, admin_user)
    assert not covered(make_request(act=ACT))


def test_of_several_owners_it_fills_the_seat_of_one(
    make_request: MakeRequest, decide, make_service, owner: User, deputy: User
) -> None:
    make_service("vault", owner=deputy)
    act = replace(ACT, services=("store", "vault"))
    origin = make_request(act=act)
    decide(origin, owner)
    decide(origin, deputy)
    origin.refresh_from_db()
    assert len(given(origin, owner)) == 1
    request = make_request(act=act)
    request.refresh_from_db()
    assert request.is_pending, "the other owner is still to decide"
    assert [seat.service for seat in unfilled(request)] == ["vault"]
    assert decide(request, deputy).state == "approved"
    assert request.ground == Ground.DECIDED
    assert StandingUse.objects.filter(seat__request=request).count() == 1


def test_somebody_who_owns_both_gives_one_for_each(
    make_request: MakeRequest, decide, owner: User, api: Service
) -> None:
    act = replace(ACT, services=("store", "api"))
    ones = given(decide(make_request(act=act), owner), owner)
    assert sorted(one.service.slug for one in ones) == ["api", "store"]
    request = make_request(act=act)
    assert covered(request)
    assert StandingUse.objects.filter(seat__request=request).count() == 2


# ---- how it is counted


def test_it_holds_as_often_as_it_says(give: Give, make_request: MakeRequest) -> None:
    one = give(most=2)
    assert [covered(make_request(act=ACT)) for _ in range(4)] == [True, True, False, False]
    one.refresh_from_db()
    assert (one.used, one.state, one.ended_because) == (2, "ended", "It was used as often as it may be.")
    said = [notice.text.splitlines()[0] for notice in Notice.objects.filter(kind="standing").order_by("pk")]
    assert said == ["It may be used once more.", "That was its last use."]
    assert len(history("approval.standing_ended")) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_that_take_the_last_use_at_once_one_gets_it(give: Give, make_request: MakeRequest, owner: User) -> None:
    """Two incidents: no lock on a history that both would share."""
    for _ in range(20):
        one = give(most=1)
        streams = [ledger.open_stream(f"inc_{one.uid[:31]}{place}").uid for place in (0, 1)]
        made = at_once(*(lambda stream=stream: make_request(act=ACT, stream=stream) for stream in streams))
        states = [ApprovalRequest.objects.get(pk=request.pk).state for request in made]  # type: ignore[attr-defined]
        assert sorted(states) == ["approved", "pending"]
        one.refresh_from_db()
        assert (one.used, one.state) == (1, StandingState.ENDED)
        assert one.uses.count() == 1


# ---- when it dies


def ends(one: StandingApproval, because: str) -> None:
    one.refresh_from_db()
    assert (one.state, one.used) == (StandingState.ENDED, 0)
    assert because in one.ended_because
    (entry,) = history("approval.standing_ended")
    assert entry.fields["because"] == one.ended_because


def test_it_dies_with_its_time(give: Give, make_request: MakeRequest) -> None:
    one = give()
    assert not covered(make_request(act=ACT, now=one.expires_at))
    ends(one, "It has expired.")


def test_it_dies_with_its_version(give: Give, make_request: MakeRequest) -> None:
    one = give()
    assert not covered(make_request(act=act_from(replace(INTENT, version="b" * 64), incident_class="SEV2")))
    ends(one, "The runbook has another version now.")


def test_it_dies_with_its_action(give: Give, make_request: MakeRequest) -> None:
    one = give()
    assert not covered(make_request(act=act_from(replace(INTENT, action="ansible"), incident_class="SEV2")))
    ends(one, "The step does something else now.")


def test_it_dies_with_its_owner(give: Give, make_request: MakeRequest, store: Service, deputy: User) -> None:
    one = give()
    Service.objects.filter(pk=store.pk).update(owner=deputy)
    request = make_request(act=ACT)
    assert not covered(request)
    assert [row.user for row in request.asked.all()] == [deputy]
    ends(one, "The service has another owner now.")


def test_it_dies_with_a_policy_at_once(give: Give, compliance: User, admin_user: User) -> None:
    one = give()
    stricter_house(compliance, admin_user)
    ends(one, "The policy house has changed.")


def test_it_dies_where_a_policy_applies_that_did_not(give: Give, make_request: MakeRequest, store: Service) -> None:
    one = give()
    assert not covered(make_request(act=replace(ACT, class_="degrade-service")))
    ends(one, "The policies have changed.")


def test_its_owner_takes_it_back_once(give: Give, make_request: MakeRequest, owner: User) -> None:
    one = give()
    services.end_standing(one, user=owner, reason="Not any more.", now=clock.now())
    assert not covered(make_request(act=ACT))
    ends(one, "Not any more.")
    with pytest.raises(IllegalTransition):
        services.end_standing(one, user=owner, reason="Again.", now=clock.now())
    with pytest.raises(ReasonMissing):
        services.end_standing(one, user=owner, reason=" ", now=clock.now())


@pytest.mark.parametrize("who", ["deputy", "commander", "superuser", "compliance", "responder"])
def test_nobody_else_takes_it_back(who: str, give: Give, request: pytest.FixtureRequest) -> None:
    one, user = give(), request.getfixturevalue(who)
    with pytest.raises(NotEntitled, match="who gave it takes it back"):
        services.end_standing(one, user=user, reason="I don't like it.", now=clock.now())
    one.refresh_from_db()
    assert one.state == StandingState.ACTIVE
    assert history("approval.refused")[0].fields["verdict"] == "end-standing"


def test_a_yes_in_advance_is_no_yes_from_outside(give: Give, make_request: MakeRequest, make_user, store) -> None:
    """The same inputs under the name of a step, asked for by a program: there is no runbook, so nothing holds."""
    give()
    robot = make_user(machine=True)
    request = outside.request_from_outside(
        caller=robot, stream=make_request(act=ACT).stream, name="scale", question="Scale?", texts={},
        does={"action": "http", "inputs": [["pool", "blue"]]}, services=[store], class_="", environment="production",
        now=clock.now(),
    )  # fmt: skip
    assert request.is_pending
    with pytest.raises(NotUsable):
        services.use_from_outside(request, caller=robot, digest=request.digest, now=clock.now())


# ---- its pages


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_it_is_given_shown_and_ended_on_the_page(origin: ApprovalRequest, owner: User, viewer: User) -> None:
    client, page = signed_in(owner), reverse("approvals:page", args=[origin.uid])
    url = reverse("approvals:standing", args=[origin.uid])
    assert url in client.get(page).content.decode()
    assert 'name="least_nodes"' in client.get(url).content.decode()
    said = {
        "most": 3, "days": 7, "severities": "SEV2", "reason": "Harmless.", "least_nodes": 2, "most_nodes": 6,
        "least_load": 0.5, "most_load": 0.5,
    }  # fmt: skip
    assert client.post(url, {**said, "most_nodes": 3}).status_code == 422
    assert not StandingApproval.objects.exists()
    assert client.post(url, said).status_code == 302
    one = StandingApproval.objects.get()
    assert one.inputs["nodes"] == {"least": "2", "most": "6"}
    shown = client.get(page).content.decode()
    end = reverse("approvals:end-standing", args=[origin.uid, one.uid])
    assert "Harmless." in shown
    assert end in shown
    assert end not in signed_in(viewer).get(page).content.decode()
    assert client.get(end).status_code == 200
    assert client.post(end, {"reason": ""}).status_code == 422
    assert client.post(end, {"reason": "No more."}).status_code == 302
    assert client.post(end, {"reason": "No more."}).status_code == 409
    assert "Harmless." not in client.get(page).content.decode()


def test_one_is_ended_only_where_it_was_given(
    give: Give, make_request: MakeRequest, owner: User, stranger: User
) -> None:
    one, other = give(), make_request()
    for client, request in ((signed_in(owner), other), (signed_in(stranger), one.origin)):
        assert client.get(reverse("approvals:end-standing", args=[request.uid, one.uid])).status_code == 404
    assert Asked.objects.filter(request=other).exists()


@pytest.mark.parametrize(
    ("said", "kept"), [("", ()), ("SEV2", ("SEV2",)), ("sev1, SEV2  sev1", ("SEV1", "SEV2")), ("SEV9", None)]
)
def test_severities_are_those_of_incidents_however_they_are_written(
    said: str, kept: tuple[str, ...] | None, make_request: MakeRequest
) -> None:
    form = StandingForm({"most": 1, "days": 1, "reason": "So.", "severities": said}, request=make_request())
    form.is_valid()
    assert form.cleaned_data.get("severities") == kept
    assert ("severities" in form.errors) is (kept is None)
