"""Asking before deciding: who may ask and answer, what happens to the clock, and who is told."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from approvals import services
from approvals.errors import AlreadySettled, NoCondition, NotEntitled, ReasonMissing
from approvals.models import ApprovalRequest, Condition, Message
from approvals.services import clocks
from catalog.models import Notice, Team, User
from catalog.states import Role
from plumbing import clock
from tests.approvals.conftest import MakeRequest, act_of, history

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def waits(make_request: MakeRequest, store) -> ApprovalRequest:
    """To be decided within ten minutes; the house lets a question hold the clock for fifteen."""
    return make_request(act=act_of(store, within_s=600))


def ask(request: ApprovalRequest, user: User, text: str = "Is the backup fresh?", **more: dt.datetime) -> None:
    services.ask_question(request.uid, user=user, text=text, now=more.get("now") or clock.now())


def answer(request: ApprovalRequest, user: User, text: str = "Four minutes old.", **more: dt.datetime) -> None:
    services.answer(request.uid, user=user, text=text, now=more.get("now") or clock.now())


def test_the_clock_stands_still_once_until_the_answer(waits: ApprovalRequest, owner: User, responder: User) -> None:
    asked_at, due = waits.asked_at, waits.due_at
    assert due is not None
    ask(waits, owner, now=asked_at + MINUTE)
    waits.refresh_from_db()
    assert waits.held_at == asked_at + MINUTE
    assert clocks.find_due(due + MINUTE) == [], "the deadline can't come"
    answer(waits, responder, now=asked_at + 4 * MINUTE)
    waits.refresh_from_db()
    assert (waits.held_at, waits.due_at) == (None, due + 3 * MINUTE)
    ask(waits, owner, "And the other one?", now=asked_at + 5 * MINUTE)
    waits.refresh_from_db()
    assert waits.held_at is None, "once"
    assert [entry.fields["holds_clock"] for entry in history("approval.question")] == [True, False]
    assert list(waits.messages.values_list("user__username", "is_answer")) == [
        ("owner", False), ("responder", True), ("owner", False),
    ]  # fmt: skip


def test_those_concerned_are_told(waits: ApprovalRequest, owner: User, responder: User) -> None:
    ask(waits, owner)
    answer(waits, responder)
    said = Notice.objects.filter(about=waits.uid, kind__in=("question", "answer")).order_by("pk")
    assert [(one.kind, one.user, one.text.splitlines()[0]) for one in said] == [
        ("question", responder, "Is the backup fresh?"),
        ("answer", owner, "Four minutes old."),
    ]


@pytest.mark.parametrize("who", ["responder", "deputy", "commander", "viewer", "superuser", "stranger"])
def test_only_who_may_decide_asks(who: str, waits: ApprovalRequest, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(who)
    with pytest.raises(NotEntitled):
        ask(waits, user)
    waits.refresh_from_db()
    assert waits.held_at is None, "the clock is nobody else's to stop"
    assert not Message.objects.exists()
    (entry,) = history("approval.refused")
    assert (entry.actor, entry.fields["verdict"]) == (user.actor_id, "ask")


@pytest.mark.parametrize("who", ["owner", "viewer", "superuser", "author", "stranger"])
def test_only_who_asks_for_it_or_acts_there_answers(
    who: str, waits: ApprovalRequest, owner: User, request: pytest.FixtureRequest
) -> None:
    ask(waits, owner)
    with pytest.raises(NotEntitled, match="answers"):
        answer(waits, request.getfixturevalue(who))
    waits.refresh_from_db()
    assert waits.held_at is not None
    assert history("approval.refused")[0].fields["verdict"] == "answer"


def test_a_machine_does_not_speak_for_people(
    make_request: MakeRequest, make_user, payments_team: Team, owner: User
) -> None:
    robot = make_user(machine=True, team=payments_team, roles=[Role.RESPONDER, Role.APPROVER])
    request = make_request(requester=robot)
    for act in (ask, answer):
        with pytest.raises(NotEntitled):
            act(request, robot)


def test_what_is_settled_is_not_discussed(waits: ApprovalRequest, decide, owner: User, responder: User) -> None:
    decide(waits, owner, "reject", reason="No.")
    for act, user in ((ask, owner), (answer, responder)):
        with pytest.raises(AlreadySettled, match="rejected already: Lena Vogt"):
            act(waits, user)
    assert not Message.objects.exists()


@pytest.mark.parametrize("text", ["", " \n "])
def test_nothing_is_not_said(text: str, waits: ApprovalRequest, owner: User, responder: User) -> None:
    for act, user in ((ask, owner), (answer, responder)):
        with pytest.raises(ReasonMissing):
            act(waits, user, text)


def test_a_question_after_the_time_is_over_does_not_hold_the_clock(waits: ApprovalRequest, owner: User) -> None:
    """The sweep hasn't come yet; whoever asks now would keep a request alive that has expired."""
    assert waits.due_at is not None
    with pytest.raises(AlreadySettled, match="expired already: nobody decided in time"):
        ask(waits, owner, now=waits.due_at)
    waits.refresh_from_db()
    assert waits.held_at is None
    assert clocks.tick(waits.uid, waits.due_at) >= 1
    waits.refresh_from_db()
    assert waits.state == "expired"


@pytest.mark.parametrize("which", ["none", "of another request", "an expression", "far beyond"])
def test_a_condition_that_is_not_there_is_not_confirmed(
    which: str, make_request: MakeRequest, decide, owner: User, responder: User
) -> None:
    request = decide(make_request(), owner, conditions=(("expression", "true"),))
    other = decide(make_request(), owner, conditions=(("note", "Nobody is logged in."),))
    pk = {
        "none": 0, "of another request": Condition.objects.get(decision__request=other).pk,
        "an expression": Condition.objects.get(decision__request=request).pk, "far beyond": 10**30,
    }[which]  # fmt: skip
    with pytest.raises(NoCondition):
        services.confirm(request.uid, pk, user=responder, now=clock.now())
    client = Client()
    client.force_login(responder)
    assert client.post(reverse("approvals:confirm", args=[request.uid, pk])).status_code == 404
    assert not Condition.objects.exclude(confirmed_at=None).exists()
    assert not history("approval.confirmed")


def test_a_note_is_confirmed_once(make_request: MakeRequest, decide, owner: User, responder: User, commander) -> None:
    request = decide(make_request(), owner, conditions=(("note", "Nobody is logged in."),))
    pk = Condition.objects.get().pk
    for user in (responder, commander):
        services.confirm(request.uid, pk, user=user, now=clock.now())
    assert Condition.objects.get().confirmed_by == responder
    assert len(history("approval.confirmed")) == 1


def test_a_note_is_not_confirmed_after_the_yes_was_withdrawn(
    make_request: MakeRequest, decide, owner: User, responder: User
) -> None:
    request = decide(make_request(), owner, conditions=(("note", "Nobody is logged in."),))
    services.withdraw(request.uid, user=owner, reason="I was wrong.", now=clock.now())
    with pytest.raises(AlreadySettled, match="withdrawn already"):
        services.confirm(request.uid, Condition.objects.get().pk, user=responder, now=clock.now())


def test_question_and_answer_over_the_api_and_on_the_page(waits: ApprovalRequest, owner: User, responder: User) -> None:
    asks, answers = Client(), Client()
    asks.force_login(owner)
    answers.force_login(responder)
    page = reverse("approvals:page", args=[waits.uid])
    told = asks.post(
        reverse("approvals-api:ask", args=[waits.uid]), {"text": "<b>Fresh?</b>"}, content_type="application/json"
    )
    assert (told.status_code, told.json()["messages"][0]["text"]) == (200, "<b>Fresh?</b>")
    assert told.json()["held_at"]
    shown = answers.get(page).content.decode()
    assert "&lt;b&gt;Fresh?&lt;/b&gt;" in shown
    assert "Clock stands still" in shown
    url = reverse("approvals:answer", args=[waits.uid])
    assert answers.post(url, {"text": ""}).status_code == 422
    assert answers.post(url, {"text": "x" * 2_001}).status_code == 422
    assert answers.post(url, {"text": "Yes."}).status_code == 302
    assert "Yes." in asks.get(page).content.decode()
    refused = answers.post(
        reverse("approvals-api:ask", args=[waits.uid]), {"text": "May I?"}, content_type="application/json"
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "not_entitled")
