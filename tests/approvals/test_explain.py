"""The dry run says what asking would do: the same people, the same reasons, the same chain; and it writes nothing."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from approvals import services
from approvals.models import ApprovalRequest, Asked, Seat
from approvals.policies.routing import TWICE
from approvals.policies.shipped import texts
from approvals.selectors.explaining import Explained, Question, explain
from approvals.services import Act, clocks
from audit.models import Entry
from catalog.models import Service, User
from catalog.services import go_away, join
from catalog.states import Role
from plumbing import clock
from tests.approvals.conftest import BINDS, MakeRequest
from tests.approvals.test_delegation_pages import DAY, HOUR, given, typed
from tests.approvals.test_pages import as_user, body

pytestmark = pytest.mark.django_db
URL = "/approvals/explain/"
CLASS = "restart-critical"


def put_in_force(text: str, slug: str, author: User, second: User) -> None:
    made = services.propose(text, slug=slug, user=author, note="For a test.", now=clock.now())
    services.decide_policy(made, user=second, accept=True, reason="", now=clock.now())


def asked_of(found: Explained) -> list[tuple[str, list[str]]]:
    return [(part.label, [one.actor_id for _, one in part.asked]) for part in found.parts]


def passed(found: Explained) -> list[tuple[str, str]]:
    return [(name, because) for part in found.parts for name, _, because in part.skipped]


def really_asked(request: ApprovalRequest) -> list[tuple[str, list[str]]]:
    seats = Seat.objects.filter(request=request).order_by("place")
    return [
        (seat.label, [row.user.actor_id for row in Asked.objects.filter(seat=seat).order_by("pk")]) for seat in seats
    ]


@pytest.fixture
def two_people(admin_user: User, compliance: User) -> None:
    """A policy that wants the owner and two approvers, with a chain of three."""
    text = texts()[CLASS].replace("seats: [{who: owner}]", "seats: [{who: owner}, {who: role, role: approver}]")
    text = text.replace("role: approver}}", "role: commander}}")
    put_in_force(text, CLASS, admin_user, compliance)


WORLDS = ["plain", "owner_away", "delegated", "owner_asks", "nobody_there"]


def arrange(world: str, owner: User, deputy: User, responder: User) -> User:
    """What is special about the moment. Returns on whose behalf it is asked."""
    now = clock.now()
    if world in ("owner_away", "nobody_there"):
        go_away(owner, since=now, until=now + DAY, reason="On leave", now=now)
    if world == "nobody_there":
        go_away(deputy, since=now, until=now + DAY, reason="", now=now)
    if world == "delegated":
        given(owner, responder)
    return owner if world == "owner_asks" else responder if world != "delegated" else deputy


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("class_", ["", CLASS])
def test_it_names_exactly_whom_asking_asks_and_passes_over(
    world: str, class_: str, two_people: None, make_request: MakeRequest, store: Service, api: Service, owner: User,
    deputy: User, responder: User, commander: User,
) -> None:  # fmt: skip
    requester = arrange(world, owner, deputy, responder)
    before = Entry.objects.count(), ApprovalRequest.objects.count()
    now = clock.now()
    found = explain(Question(requester, now, class_=class_, services=(store, api)))
    assert (Entry.objects.count(), ApprovalRequest.objects.count()) == before, "a dry run"
    request = make_request(act=Act(BINDS, ("store", "api"), class_=class_), requester=requester, now=now)
    assert asked_of(found) == really_asked(request)
    told = [(skip["part"], skip["because"]) for skip in request.skipped]
    assert [(role, why) for part in found.parts for _, role, why in part.skipped] == told
    assert found.is_unroutable == request.seats.filter(lacks__gt=0).exists()
    assert {rule for rule, _ in found.rules} >= {f"Risk: {request.risk}"}


@pytest.mark.parametrize("world", WORLDS)
def test_it_names_whom_each_escalation_asks_and_when(
    world: str, two_people: None, make_request: MakeRequest, store: Service, owner: User, deputy: User, responder: User,
    commander: User,
) -> None:  # fmt: skip
    requester = arrange(world, owner, deputy, responder)
    now = clock.now()
    found = explain(Question(requester, now, class_=CLASS, services=(store,)))
    request = make_request(act=Act(BINDS, ("store",), class_=CLASS), requester=requester, now=now)
    alarms = request.alarms.filter(kind="escalation").order_by("due_at")
    assert [one.at for one in found.nexts] == [alarm.due_at for alarm in alarms]
    assert found.due_at == request.due_at
    for link in found.nexts:
        known = set(request.asked.values_list("seat__label", "user__uid"))
        clocks.tick(request.uid, link.at)
        added = set(request.asked.values_list("seat__label", "user__uid")) - known
        said = {(part.label, one.actor_id.removeprefix("usr_")) for part in link.parts for _, one in part.asked}
        assert said == added


def test_an_absence_and_a_delegation_count_at_their_moment_alone(
    owner: User, deputy: User, responder: User, store: Service
) -> None:
    now = clock.now()
    go_away(owner, since=now + DAY, until=now + 2 * DAY, reason="On leave", now=now)
    given(deputy, responder, since=now + DAY, until=now + 2 * DAY)
    today = explain(Question(responder, now, services=(store,)))
    assert asked_of(today) == [("accountable owner of store", [owner.actor_id])]
    tomorrow = explain(Question(owner, now + DAY + HOUR, services=(store,)))
    assert asked_of(tomorrow) == [("accountable owner of store", [responder.actor_id])]
    assert any("away until" in because or "asks for it" in because for _, because in passed(tomorrow))


def test_who_is_absent_when_the_escalation_comes_is_passed_over_then(
    owner: User, deputy: User, responder: User, store: Service
) -> None:
    now = clock.now()
    go_away(deputy, since=now + dt.timedelta(minutes=4), until=now + HOUR, reason="", now=now)
    found = explain(Question(responder, now, class_=CLASS, services=(store,)))
    [first, *_] = found.nexts
    assert first.after_s == 300
    assert not first.asks
    assert "away until" in first.parts[0].skipped[0][2]


def test_a_role_is_somebody_elses_than_the_owners(
    two_people: None, store: Service, owner: User, responder: User
) -> None:
    found = explain(Question(responder, clock.now(), class_=CLASS, services=(store,)))
    assert ("Lena Vogt", TWICE) in passed(found)


def test_each_rule_says_from_which_policy_it_came(store: Service, responder: User) -> None:
    found = explain(Question(responder, clock.now(), class_=CLASS, services=(store,)))
    rules = dict(found.rules)
    assert rules["Decide within 15 min"] == "restart-critical v1"
    assert [policy.slug for policy in found.policies] == ["house", "restart-critical"]
    assert "restart-critical v1" in found.chain_from


# ---- the page -------------------------------------------------------------------------------------------------------


def test_the_page_asks_first_and_answers_a_full_question(
    owner: User, deputy: User, responder: User, store: Service, viewer: User
) -> None:
    assert "Name a service." in body(as_user(viewer), URL)
    at = (clock.now() + DAY).replace(second=0, microsecond=0)
    go_away(owner, since=at - HOUR, until=at + HOUR, reason="On leave", now=clock.now())
    query = f"?services=store&class_={CLASS}&requester=responder&at={typed(at)}"
    text = body(as_user(viewer), URL + query)
    assert "Piotr Nowak is deputy of the accountable owner of store" in text
    assert "Lena Vogt, accountable owner of store: away until" in text
    assert "for Jonas Weber" in text
    assert "The time to decide is over" in text
    assert reverse("approvals:policy", args=[CLASS]) in text
    assert f"{at:%Y-%m-%dT%H:%M}" in text


def test_where_nobody_may_decide_the_page_says_so(make_service, viewer: User) -> None:
    make_service("orphan", name="Orphan")
    text = body(as_user(viewer), f"{URL}?services=orphan")
    assert "Not everybody who is needed can be found" in text
    assert "nobody has this part" in text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("services=elsewhere-db", "There is no service elsewhere-db that you can see."),
        ("services=store&requester=stranger", "Choose somebody of one of your teams."),
        ("services=store&at=1999-01-01T00:00", "within a year"),
        ("services=store&at=tomorrow", "Enter a valid date"),
        ("services=store&class_=nonsense", "Select a valid choice"),
    ],
)
def test_a_question_that_can_not_be_is_refused(
    query: str, says: str, store: Service, viewer: User, stranger: User, make_service
) -> None:
    make_service("elsewhere-db", team=stranger.memberships.all()[0].team)
    answer = as_user(viewer).get(f"{URL}?{query}")
    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_who_is_in_no_team_finds_nothing_and_strangers_see_their_own_services(
    store: Service, stranger: User, make_user
) -> None:
    assert as_user(make_user("newcomer")).get(URL).status_code == 404
    assert as_user(stranger).get(f"{URL}?services=store").status_code == 422
    assert "Lena" not in as_user(stranger).get(f"{URL}?services=store").content.decode()
    assert as_user(None).get(URL).status_code == 302


def test_the_page_reads_and_never_writes(store: Service, viewer: User, two_people: None) -> None:
    client = as_user(viewer)
    client.get(URL)
    with CaptureQueriesContext(connection) as seen:
        client.get(f"{URL}?services=store&class_={CLASS}")
    written = [one["sql"] for one in seen if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert written == []
    assert len(seen) < 90, "a handful of queries for each link of the chain"


def test_a_named_person_and_a_role_elsewhere_are_explained_too(
    store: Service, viewer: User, admin_user: User, compliance: User, stranger: User, responder: User
) -> None:
    join(store.team, stranger, Role.COMPLIANCE, admin_user)
    text = (
        "policy: watched\ntitle: Watched\nwithin: 30m\nseats: [{who: person, person: stranger}, "
        "{who: role, role: compliance, team: payments, count: 3}]\n"
    )
    put_in_force(text, "watched", admin_user, compliance)
    found = explain(Question(responder, clock.now(), services=(store,)))
    labels = {part.label: part for part in found.parts}
    assert [name for name, _ in labels["stranger, named by the policy"].asked] == ["Sven Fremd"]
    assert [part.lacks for part in found.parts if part.needs == 3] == [2]
    assert "3 must agree." in body(as_user(viewer), f"{URL}?services=store")
