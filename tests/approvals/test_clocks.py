"""Reminder, escalation, second escalation, expiry: once each, in the order of their times, whoever was away."""

import datetime as dt
from collections.abc import Callable

import pytest

from approvals import services
from approvals.errors import AlreadySettled
from approvals.models import Alarm, ApprovalRequest
from approvals.selectors import coming
from approvals.services import Act, clocks
from catalog.models import Absence, Notice, Service, Team, User
from catalog.services import join
from catalog.states import Role
from plumbing import clock
from tests.approvals.conftest import BINDS, MakeRequest, history
from tests.race import at_once

pytestmark = pytest.mark.django_db
CLASS = "restart-critical"  # reminds after 3 min, escalates after 5 and 10, ends after 15
MINUTE = dt.timedelta(minutes=1)
SOON = ["approval.asked", "approval.reminded", "approval.escalated", "approval.escalated", "approval.expired"]


@pytest.fixture
def asked(make_request: MakeRequest) -> ApprovalRequest:
    return make_request(act=Act(BINDS, ("store",), class_=CLASS))


@pytest.fixture
def second(payments_team: Team, viewer: User) -> User:
    """Another approver of the team, for the last link of the chain."""
    join(payments_team, viewer, Role.APPROVER, viewer)
    return viewer


def at(request: ApprovalRequest, minutes: float) -> dt.datetime:
    return request.asked_at + minutes * MINUTE


def kinds() -> list[str]:
    return [entry.kind for entry in history()]


def sweep(now: dt.datetime) -> None:
    """One scheduler's pass."""
    for uid in clocks.find_due(now):
        clocks.tick(uid, now)


def test_each_happens_once_at_its_time(asked: ApprovalRequest, owner: User, deputy: User, second: User) -> None:
    seen = []
    for minute in range(20):
        sweep(at(asked, minute))
        seen.append(len(kinds()))
    assert kinds() == SOON
    assert [seen.index(count) for count in (2, 3, 4, 5)] == [3, 5, 10, 15]
    asked.refresh_from_db()
    assert (asked.state, asked.why) == ("expired", "Nobody decided within 15 min.")
    assert {row.user for row in asked.asked.all()} == {owner, deputy, second}


def test_two_schedulers_and_ten_minutes_without_workers_fire_each_once_and_in_order(
    asked: ApprovalRequest, second: User
) -> None:
    late = at(asked, 25)  # nobody was there since the request was made
    for _ in range(2):
        sweep(late)
    assert kinds() == SOON
    assert not list(clocks.find_due(late))


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_the_same_moment_fire_each_once(asked: ApprovalRequest, second: User) -> None:
    late = at(asked, 25)
    outcomes = at_once(lambda: clocks.tick(asked.uid, late), lambda: clocks.tick(asked.uid, late))
    assert sum(count for count in outcomes if isinstance(count, int)) == 4, outcomes
    assert kinds() == SOON


def test_who_decides_in_time_stops_the_clock(
    asked: ApprovalRequest, owner: User, decide: Callable[..., ApprovalRequest]
) -> None:
    decide(asked, owner, "reject", reason="No.", factor=fresh())
    sweep(at(asked, 60))
    assert kinds() == ["approval.asked", "approval.rejected"]


def test_a_yes_that_nobody_uses_expires(
    asked: ApprovalRequest, owner: User, decide: Callable[..., ApprovalRequest]
) -> None:
    approved = decide(asked, owner, reason="Go.", factor=fresh())
    assert approved.expires_at is not None
    sweep(approved.expires_at - MINUTE)
    asked.refresh_from_db()
    assert asked.state == "approved"
    for _ in range(2):
        sweep(approved.expires_at)
    asked.refresh_from_db()
    assert (asked.state, asked.why) == ("expired", "The yes was not used within 30 min.")
    assert kinds() == ["approval.asked", "approval.approved", "approval.expired"]


def test_a_decision_after_its_time_is_refused_with_the_facts(
    asked: ApprovalRequest, owner: User, decide: Callable[..., ApprovalRequest]
) -> None:
    sweep(at(asked, 15))
    with pytest.raises(AlreadySettled, match="expired already: Nobody decided within 15 min"):
        decide(asked, owner, reason="Late.", factor=fresh())


def test_an_escalation_looks_at_the_catalog_of_its_moment(
    asked: ApprovalRequest, deputy: User, make_user: Callable[..., User], payments_team: Team, store: Service
) -> None:
    newcomer = make_user("newdeputy")
    join(payments_team, newcomer, Role.APPROVER, newcomer)
    Service.objects.filter(pk=store.pk).update(deputy=newcomer)
    sweep(at(asked, 5))
    assert newcomer in {row.user for row in asked.asked.all()}
    assert deputy not in {row.user for row in asked.asked.all()}


def test_who_is_away_is_passed_over_and_the_next_link_comes_at_once(
    make_request: MakeRequest, owner: User, deputy: User
) -> None:
    now = clock.now()
    Absence.objects.create(user=owner, since=now - MINUTE, until=now + 60 * MINUTE, reason="On leave")
    request = make_request(act=Act(BINDS, ("store",), class_=CLASS), now=now)
    assert [row.user for row in request.asked.all()] == [deputy]
    assert "(On leave)" in request.skipped[0]["because"]


def test_a_question_holds_the_clock_once_and_an_answer_lets_it_go_on(
    asked: ApprovalRequest, owner: User, responder: User
) -> None:
    services.ask_question(asked.uid, user=owner, text="Is the standby in sync?", now=at(asked, 2))
    sweep(at(asked, 6))  # the reminder of minute 3 and the escalation of minute 5 wait
    assert kinds() == ["approval.asked", "approval.question"]
    services.answer(asked.uid, user=responder, text="Yes, lag 0.", now=at(asked, 6))
    sweep(at(asked, 6.9))
    assert kinds()[-1] == "approval.answer"
    sweep(at(asked, 7))  # 3 + 4 minutes of standing still
    assert kinds()[-1] == "approval.reminded"
    services.ask_question(asked.uid, user=owner, text="And now?", now=at(asked, 8))
    sweep(at(asked, 9))
    assert kinds()[-1] == "approval.escalated", "the second question holds nothing"
    asked.refresh_from_db()
    assert asked.due_at == at(asked, 19)


def test_a_clock_that_is_held_goes_on_by_itself(asked: ApprovalRequest, owner: User) -> None:
    services.ask_question(asked.uid, user=owner, text="Is the standby in sync?", now=at(asked, 1))
    for minute in range(2, 30):
        sweep(at(asked, minute))
    resumed = [entry.kind for entry in history()]
    assert resumed[:3] == ["approval.asked", "approval.question", "approval.resumed"]
    assert resumed[-1] == "approval.expired"
    assert resumed.count("approval.resumed") == 1


def test_whoever_is_asked_reminded_or_next_is_told_once(
    asked: ApprovalRequest, owner: User, deputy: User, second: User
) -> None:
    for _ in range(2):
        sweep(at(asked, 12))
    told = sorted((notice.kind, notice.user.username) for notice in Notice.objects.filter(about=asked.uid))
    assert told == sorted(
        [
            ("asked", owner.username),
            ("reminder", owner.username),
            ("escalated", deputy.username),
            ("escalated", second.username),
        ]
    )


def test_the_page_says_who_is_next_and_when(asked: ApprovalRequest) -> None:
    words = [(one.at, one.words.split(":")[0]) for one in coming(asked)]
    assert words == [
        (at(asked, 3), "whoever hasn't decided is reminded"),
        (at(asked, 5), "the deputy is asked, too"),
        (at(asked, 10), "whoever is approver in the service's team is asked, too"),
        (at(asked, 15), "the time to decide is over"),
    ]


def test_an_alarm_fires_once_in_the_database_too(asked: ApprovalRequest) -> None:
    sweep(at(asked, 4))
    assert Alarm.objects.filter(request=asked, fired_at__isnull=False).count() == 1


def fresh() -> services.Factor:
    """A second factor of this moment."""
    return services.Factor("totp", clock.now())
