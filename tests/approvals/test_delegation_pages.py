"""Standing in and being away: each door by everybody, what is refused and why, and that it reaches the routing."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from approvals import services
from approvals.delegation_forms import INPUT_FORMAT
from approvals.errors import BadDelegation, NotTheirs
from approvals.models import Delegation
from audit.selectors import EntryRow, entries
from catalog.errors import BadAbsence
from catalog.models import Absence, Service, User
from catalog.services import come_back, go_away
from plumbing import clock
from tests.approvals.conftest import MakeRequest
from tests.approvals.test_pages import HTMX, as_user, body

pytestmark = pytest.mark.django_db
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
REASON = "On a plane."


def url(door: str, *arguments: object) -> str:
    return reverse(f"approvals:{door}", args=list(arguments))


def typed(moment: dt.datetime, zone: str = "Europe/Berlin") -> str:
    """As the browser's field sends it."""
    return moment.astimezone(ZoneInfo(zone)).strftime(INPUT_FORMAT)


def given(giver: User, taker: User, **more: object) -> Delegation:
    now = clock.now()
    fields: dict[str, object] = {"services": [], "classes": [], "since": now, "until": now + DAY, "reason": REASON}
    return services.delegate(giver=giver, taker=taker, actor=giver, now=now, **{**fields, **more})  # type: ignore[arg-type]


def post(client: Client, **fields: object):
    said = {"taker": "deputy", "until": typed(clock.now() + DAY), "since": "", "reason": REASON, **fields}
    return client.post(url("delegate"), said)


def recorded(kind: str) -> list[EntryRow]:
    return [entry for entry in entries("access") if entry.kind == kind]


def test_somebody_stands_in_by_the_form_and_is_asked_instead(
    owner: User, deputy: User, store: Service, make_request: MakeRequest
) -> None:
    client = as_user(owner)
    answer = post(client, services=["store"], classes=["restart-critical"])
    assert (answer.status_code, answer["Location"]) == (302, url("delegations"))
    made = Delegation.objects.get()
    assert (made.giver, made.taker, list(made.services.all()), made.classes) == (
        owner,
        deputy,
        [store],
        ["restart-critical"],
    )
    [entry] = recorded("delegation.made")
    assert entry.fields["services"] == ["store"]
    text = body(client, url("delegations"))
    assert "Piotr Nowak</b> stands in for you" in text
    assert REASON in text
    assert "Lena Vogt</b> gave it to you" in body(as_user(deputy), url("delegations"))
    post(client, taker="deputy", services=[], classes=[])
    asked = make_request().asked.get()
    assert asked.user == deputy
    assert "stands in until" in asked.path[1]


def test_others_of_the_team_see_it_and_strangers_do_not(
    owner: User, deputy: User, viewer: User, stranger: User, superuser: User
) -> None:
    made = given(owner, deputy)
    for user in (viewer, superuser):
        text = body(as_user(user), url("delegations"))
        assert "stands in for Lena Vogt" in text
        assert url("end-delegation", made.uid) not in text
    assert "Lena" not in body(as_user(stranger), url("delegations"))


def test_only_the_two_end_it(owner: User, deputy: User, viewer: User, stranger: User, superuser: User) -> None:
    made = given(owner, deputy)
    door = url("end-delegation", made.uid)
    assert as_user(stranger).get(door).status_code == 404
    assert as_user(stranger).post(door, {"reason": REASON}).status_code == 404
    for user in (viewer, superuser):
        assert "Who gave it, or who took it, ends it." in body(as_user(user), door)
        assert as_user(user).post(door, {"reason": REASON}).status_code == 403
    made.refresh_from_db()
    assert made.ended_at is None
    assert recorded("delegation.ended") == []
    assert as_user(deputy).post(door, {"reason": ""}).status_code == 422
    assert as_user(deputy).post(door, {"reason": "I am ill."}).status_code == 302
    [entry] = recorded("delegation.ended")
    assert (entry.actor, entry.fields["reason"]) == (deputy.actor_id, "I am ill.")
    again = as_user(owner).post(door, {"reason": REASON})
    assert again.status_code == 422
    assert "over already" in again.content.decode()
    assert "ended early" in body(as_user(owner), url("delegations"))


def test_with_htmx_ending_is_a_dialog(owner: User, deputy: User) -> None:
    door = url("end-delegation", given(owner, deputy).uid)
    assert "<dialog" in body(as_user(owner), door, headers=HTMX)
    here = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{url('delegations')}"}
    answer = as_user(owner).post(door, {"reason": REASON}, headers=here)
    assert answer.headers["HX-Redirect"] == url("delegations")


@pytest.mark.parametrize("door", ["delegations", "delegate", "away"])
def test_who_is_not_signed_in_is_sent_to_the_sign_in(door: str) -> None:
    assert Client().get(url(door))["Location"].startswith("/sign-in/")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"taker": "owner"}, "Choose somebody else of one of your teams."),
        ({"taker": "stranger"}, "Choose somebody else of one of your teams."),
        ({"taker": "robot"}, "Choose somebody else of one of your teams."),
        ({"taker": ""}, "Choose who stands in for you."),
        ({"until": ""}, "Say until when"),
        ({"until": "2020-01-01T10:00"}, "It must end after it begins"),
        ({"until": "9999-12-31T23:59"}, "A year is the longest"),
        ({"until": "0001-01-01T00:00"}, "No calendar has this day"),
        ({"until": "soon"}, "Enter a valid date"),
        ({"since": "2027-03-28T02:30", "until": "2027-03-29T10:00"}, "interpreted in time zone"),
        ({"services": ["edge"]}, "Select a valid choice"),
        ({"classes": ["nonsense"]}, "Select a valid choice"),
        ({"reason": " "}, "Say why"),
        ({"reason": "x" * 501}, "at most 500"),
    ],
)
def test_what_can_not_hold_is_refused_at_its_field(
    fields: dict[str, object], says: str, owner: User, deputy: User, stranger: User, edge: Service, make_user
) -> None:
    make_user("robot", machine=True, team=edge.team, roles=["viewer"])
    answer = post(as_user(owner), **fields)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Delegation.objects.exists()
    assert recorded("delegation.made") == []


def test_a_circle_of_two_or_of_three_is_refused_and_named(owner: User, deputy: User, responder: User) -> None:
    given(deputy, responder)
    given(responder, owner)
    answer = post(as_user(owner))
    assert answer.status_code == 422
    assert "Piotr Nowak has given theirs to Jonas Weber, who has given theirs to Lena Vogt" in answer.content.decode()
    with pytest.raises(BadDelegation, match="circle"):
        given(responder, deputy)
    later = clock.now() + 2 * DAY
    assert given(owner, deputy, since=later, until=later + DAY).giver == owner, "those are over by then"


def test_the_service_holds_what_the_form_does(owner: User, deputy: User, edge: Service, make_user) -> None:
    with pytest.raises(BadDelegation, match="neither owner nor deputy of Edge"):
        given(owner, deputy, services=[edge])
    with pytest.raises(BadDelegation, match=r"Known: .*restart-critical"):
        given(owner, deputy, classes=["nonsense"])
    with pytest.raises(NotTheirs, match="machine user"):
        given(make_user("robot", machine=True), deputy)
    with pytest.raises(NotTheirs, match="only the person"):
        services.delegate(
            giver=owner, taker=deputy, services=[], classes=[], since=clock.now(), until=clock.now() + DAY,
            reason=REASON, actor=deputy, now=clock.now(),
        )  # fmt: skip
    assert recorded("delegation.made") == []


def test_nobody_gives_for_a_time_that_is_over(owner: User, deputy: User) -> None:
    now = clock.now()
    made = given(owner, deputy, since=now - DAY)
    assert made.since >= now, "it begins when it is made"


def test_a_time_is_taken_in_the_zone_of_who_fills_it_in(owner: User, deputy: User) -> None:
    User.objects.filter(pk=owner.pk).update(time_zone="Asia/Tokyo")
    owner.refresh_from_db()
    until = (clock.now() + DAY).replace(second=0, microsecond=0)
    page = body(as_user(owner), url("delegate"))
    assert "Asia/Tokyo" in page
    assert f"{clock.now():%H}" in page
    assert post(as_user(owner), until=typed(until, "Asia/Tokyo")).status_code == 302
    assert Delegation.objects.get().until == until


def test_a_zone_that_nobody_knows_is_utc(owner: User, deputy: User) -> None:
    User.objects.filter(pk=owner.pk).update(time_zone="Mars/Olympus")
    assert "In the time of UTC" in body(as_user(owner), url("delegate"))


def test_the_form_offers_what_one_answers_for(owner: User, store: Service, api: Service, edge: Service) -> None:
    text = body(as_user(owner), url("delegate"))
    assert 'value="store"' in text
    assert 'value="edge"' not in text
    assert 'value="restart-critical"' in text


# ---- being away -----------------------------------------------------------------------------------------------------


def test_somebody_away_is_passed_over_and_comes_back(
    owner: User, deputy: User, store: Service, make_request: MakeRequest, viewer: User
) -> None:
    client = as_user(owner)
    answer = client.post(url("away"), {"since": "", "until": typed(clock.now() + DAY), "reason": "On leave"})
    assert (answer.status_code, answer["Location"]) == (302, url("delegations"))
    assert make_request().asked.get().user == deputy
    text = body(as_user(viewer), url("delegations"))
    assert "Lena Vogt" in text
    assert "On leave" in text
    mine = Absence.objects.get()
    assert "I am back" in body(client, url("delegations"))
    assert client.post(url("back", mine.pk)).status_code == 302
    assert make_request().asked.get().user == owner
    assert [entry.kind for entry in entries("access")][-2:] == ["absence.made", "absence.ended"]
    over = client.post(url("back", mine.pk))
    assert over.status_code == 422
    assert "over already" in over.content.decode()


def test_an_absence_to_come_is_called_off(owner: User) -> None:
    now = clock.now()
    made = go_away(owner, since=now + DAY, until=now + 2 * DAY, reason="", now=now)
    assert "Call it off" in body(as_user(owner), url("delegations"))
    come_back(made, now=now)
    assert not Absence.objects.exists()
    assert len(recorded("absence.ended")) == 1


def test_nobody_sends_another_home_or_back(owner: User, deputy: User, superuser: User, stranger: User) -> None:
    now = clock.now()
    made = go_away(owner, since=now, until=now + DAY, reason="", now=now)
    for user in (deputy, superuser, stranger):
        assert as_user(user).post(url("back", made.pk)).status_code == 404
        assert as_user(user).get(url("back", made.pk)).status_code == 405
    assert recorded("absence.ended") == []


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [
        (HOUR, HOUR, "end after it begins"),
        (-DAY, -HOUR, "not before now"),
        (HOUR, 400 * DAY, "A year is the longest"),
        (2 * HOUR, 3 * HOUR, "away from"),
    ],
)
def test_an_absence_that_can_not_be_is_refused(
    since: dt.timedelta, until: dt.timedelta, says: str, owner: User
) -> None:
    now = clock.now()
    go_away(owner, since=now + HOUR + HOUR / 2, until=now + 5 * HOUR, reason="", now=now)
    with pytest.raises(BadAbsence, match=says):
        go_away(owner, since=now + since, until=now + until, reason="", now=now)
    answer = as_user(owner).post(url("away"), {"since": typed(now + since), "until": typed(now + until)})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert Absence.objects.count() == 1
    assert len(recorded("absence.made")) == 1
