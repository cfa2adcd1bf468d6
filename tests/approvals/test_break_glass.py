"""Going on without the approver: who may, what it takes, whom it tells, and the review that can't be forgotten."""

import datetime as dt
from collections.abc import Callable

import pytest

from approvals import services
from approvals.errors import AlreadySettled, ConfirmationMissing, FactorNeeded, IllegalTransition, NotEntitled
from approvals.models import ApprovalRequest, Review
from approvals.selectors import open_reviews, reviews_for
from approvals.services import Act, Factor
from catalog.models import Notice, Service, Team, User
from catalog.services import join
from catalog.states import Role
from incidents.errors import ReviewOpen
from incidents.models import Incident
from incidents.services import declare, move
from incidents.states import Phase
from plumbing import clock
from tests.approvals.conftest import BINDS, STREAM, MakeRequest, history

pytestmark = pytest.mark.django_db
BreakIt = Callable[..., Review]


@pytest.fixture
def compliance(make_user: Callable[..., User], payments_team: Team) -> User:
    user = make_user("compliance")
    join(payments_team, user, Role.COMPLIANCE, user)
    return user


@pytest.fixture
def break_it(commander: User) -> BreakIt:
    """break_it(request, user=commander, typed="break glass", factor=a fresh one, reason=…)."""

    def act(request: ApprovalRequest, **given: object) -> Review:
        now = clock.now()
        said = {
            "user": commander,
            "reason": "Cards fail and nobody answers.",
            "typed": "break glass",
            "factor": Factor("webauthn", now),
            "seen_digest": request.digest,
            "now": now,
            **given,
        }
        return services.break_glass(request.uid, **said)  # type: ignore[arg-type]

    return act


def test_it_goes_on_and_the_owner_and_compliance_hear_at_once(
    make_request: MakeRequest, break_it: BreakIt, owner: User, compliance: User, commander: User
) -> None:
    request = make_request()
    review = break_it(request)
    request.refresh_from_db()
    assert (request.state, request.ground, review.state) == ("approved", "break_glass", "open")
    told = {notice.user for notice in Notice.objects.filter(about=request.uid, kind="break_glass")}
    assert {owner, compliance} <= told
    assert [entry.kind for entry in history()] == ["approval.asked", "approval.approved", "approval.glass_broken"]
    (entry,) = history("approval.glass_broken")
    assert (entry.actor, entry.fields["factor"]) == (commander.actor_id, "webauthn")
    assert entry.fields["passed_over"] == [owner.actor_id]
    assert services.use(request.subject, act=Act(BINDS, ("store",)), actor=commander, now=clock.now()) == ""


def test_whoever_asked_may_break_it_but_takes_no_part_in_the_review(
    make_request: MakeRequest, break_it: BreakIt, commander: User, responder: User
) -> None:
    review = break_it(make_request(requester=commander))
    with pytest.raises(NotEntitled, match="whoever broke the glass"):
        services.decide_review(review.uid, user=commander, justified=True, finding="I was right.", now=clock.now())
    assert Review.objects.get().state == "open"
    (refused,) = history("approval.refused")
    assert (refused.actor, refused.fields["verdict"]) == (commander.actor_id, "review")


@pytest.mark.parametrize("part", ["requester", "executor", "shaper"])
def test_whoever_had_a_part_in_it_is_not_independent(
    part: str, make_request: MakeRequest, break_it: BreakIt, compliance: User, responder: User
) -> None:
    given = {"requester": compliance} if part == "requester" else {"requester": responder}
    given |= {"executor": compliance} if part == "executor" else {}
    given |= {"shapers": [compliance]} if part == "shaper" else {}
    review = break_it(make_request(**given))
    with pytest.raises(NotEntitled, match="had a part in it"):
        services.decide_review(review.uid, user=compliance, justified=True, finding="Fine.", now=clock.now())


def test_an_independent_person_decides_it_once(
    make_request: MakeRequest, break_it: BreakIt, compliance: User, viewer: User
) -> None:
    review = break_it(make_request())
    assert list(reviews_for(compliance)) == [review]
    with pytest.raises(NotEntitled, match="no right to review"):
        services.decide_review(review.uid, user=viewer, justified=True, finding="Fine.", now=clock.now())
    decided = services.decide_review(
        review.uid, user=compliance, justified=False, finding="Lena was reachable.", now=clock.now()
    )
    assert (decided.state, decided.reviewer) == ("unjustified", compliance)
    with pytest.raises(IllegalTransition):
        services.decide_review(review.uid, user=compliance, justified=True, finding="On reflection.", now=clock.now())
    assert not open_reviews(STREAM).exists()
    (entry,) = history("approval.review_unjustified")
    assert entry.fields["finding"] == "Lena was reachable."


def test_the_incident_can_t_be_closed_while_the_review_is_open(
    make_request: MakeRequest, break_it: BreakIt, compliance: User, commander: User, store: Service
) -> None:
    incident = declare(title="Store is slow", severity="SEV2", services=[store], declarer=commander)
    request = make_request(stream=incident.stream)
    review = break_it(request)
    Incident.objects.filter(pk=incident.pk).update(phase=Phase.REVIEW)
    with pytest.raises(ReviewOpen) as caught:
        move(incident, Phase.CLOSED, actor=commander, seen_phase=Phase.REVIEW)
    assert caught.value.href == f"/approvals/{request.uid}/"
    assert request.question in str(caught.value)
    services.decide_review(review.uid, user=compliance, justified=True, finding="It could not wait.", now=clock.now())
    assert move(incident, Phase.CLOSED, actor=commander, seen_phase=Phase.REVIEW).phase == Phase.CLOSED


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"typed": "yes"}, ConfirmationMissing),
        ({"factor": None}, FactorNeeded),
        ({"factor": "old"}, FactorNeeded),
        ({"factor": "future"}, FactorNeeded),
    ],
)
def test_it_takes_a_typed_word_and_a_fresh_second_factor(
    given: dict[str, object], refusal: type[Exception], make_request: MakeRequest, break_it: BreakIt
) -> None:
    now = clock.now()
    moments = {"old": now - dt.timedelta(seconds=301), "future": now + dt.timedelta(minutes=1)}
    if (moment := moments.get(str(given.get("factor")))) is not None:
        given = {"factor": Factor("totp", moment), "now": now}
    with pytest.raises(refusal):
        break_it(make_request(), **given)
    assert not Review.objects.exists()
    assert [entry.kind for entry in history()] == ["approval.asked"]


@pytest.mark.parametrize("who", ["responder", "viewer", "superuser", "stranger", "owner"])
def test_it_takes_the_right_and_the_attempt_is_on_record(
    who: str, make_request: MakeRequest, break_it: BreakIt, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)
    with pytest.raises(NotEntitled, match="no right to break the glass"):
        break_it(make_request(), user=user)
    (refused,) = history("approval.refused")
    assert (refused.actor, refused.fields["verdict"]) == (user.actor_id, "break_glass")


def test_a_no_is_a_decision_and_can_t_be_broken(
    make_request: MakeRequest, break_it: BreakIt, owner: User, decide: Callable[..., ApprovalRequest]
) -> None:
    request = make_request()
    decide(request, owner, "reject", reason="It would lose orders.")
    with pytest.raises(AlreadySettled):
        break_it(request)


def test_who_lacks_the_right_is_on_record_whatever_else_is_missing(
    make_request: MakeRequest, break_it: BreakIt, viewer: User
) -> None:
    with pytest.raises(NotEntitled):
        break_it(make_request(), user=viewer, typed="", factor=None, reason="")
    (refused,) = history("approval.refused")
    assert refused.actor == viewer.actor_id
