"""Whatever policies, teams, absences and delegations there are: routing ends, asks only who may, and says why."""

from itertools import permutations

import pytest
from hypothesis import given, settings

from approvals.policies import fitness
from approvals.policies.fitness import Delegation, Person, Touched, World, of_same_line
from approvals.policies.model import Escalation, Seat, Who
from approvals.policies.planning import plan
from approvals.policies.routing import escalate, positions, refusal, route
from approvals.policies.strictest import strictest
from tests.approvals.routing_promises import keep_all, stories
from tests.approvals.worlds import PEOPLE, many_policies, worlds

OFTEN = settings(max_examples=300, deadline=None)


@OFTEN
@given(many_policies(), worlds())
def test_routing_keeps_its_promises(policies, world):
    for story in stories(policies, world):
        keep_all(story)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(many_policies(), worlds())
def test_routing_keeps_its_promises_ten_thousand_times(policies, world):
    for story in stories(policies, world):
        keep_all(story)


@OFTEN
@given(many_policies(), worlds())
def test_each_touched_service_has_a_position_of_its_own_and_no_position_is_milder_than_its_seats(policies, world):
    seats = strictest(policies).seats
    found = positions(seats, world)
    assert len({position.key for position in found}) == len(found)
    if Seat(Who.OWNER) in seats:
        owners = {position.service for position in found if position.who is Who.OWNER}
        assert owners == ({service.slug for service in world.services} or {""})
    for seat in seats:
        if seat.who is Who.ROLE:
            (position,) = (one for one in found if (one.role, one.team) == (seat.role, seat.team))
            assert position.count >= seat.count


@OFTEN
@given(many_policies(), worlds())
def test_who_is_asked_for_a_role_is_asked_for_no_other_seat(policies, world):
    """Two seats are two people, as far as it is known who they are: an owner may own two of the services."""
    demand = strictest(policies)
    routes = plan(demand.seats, demand.escalate, world)
    assert [found.position for found in routes] == list(positions(demand.seats, world))
    for found, other in permutations(routes, 2):
        if found.position.who is Who.ROLE:
            assert {one.actor_id for one in found.asked}.isdisjoint(one.actor_id for one in other.asked)


@OFTEN
@given(worlds())
def test_a_reporting_line_ends_also_in_a_circle(world):
    for one in PEOPLE:
        found = of_same_line(one, world.people)
        assert one not in found
        person = world.people.get(one)
        if person is not None and person.manager and person.manager != one:
            assert person.manager in found


@pytest.mark.parametrize("people", [2, 3, 7])
def test_a_circle_of_delegations_asks_the_next_one_and_ends(people):
    ring = PEOPLE[:people]
    world = World(
        people={one: Person(one, one) for one in ring},
        members={("pay", "approver"): (ring[0],)},
        delegations=tuple(
            Delegation(number, one, ring[number % people], "soon", "leave") for number, one in enumerate(ring, 1)
        ),
    )
    (position,) = positions([Seat(Who.ROLE, "approver", "pay")], world)
    (asked,) = route(position, world).asked
    assert (asked.actor_id, asked.basis.giver) == (ring[1], ring[0])


def test_who_holds_the_role_is_asked_on_it_although_another_gave_theirs_to_them():
    """Ada gives her part to Bob, who has the same one: when hers is over, his yes still counts."""
    ada, bob = PEOPLE[:2]
    world = World(
        people={one: Person(one, one) for one in (ada, bob)},
        members={("pay", "approver"): (ada, bob)},
        delegations=(Delegation(1, ada, bob, "soon", "leave"),),
    )
    (position,) = positions([Seat(Who.ROLE, "approver", "pay")], world)
    found = route(position, world)
    (asked,) = found.asked
    assert (asked.actor_id, asked.basis.giver) == (bob, "")
    assert [(skip.actor_id, skip.because) for skip in found.skipped] == [(ada, fitness.COUNTS_ONCE)]
    assert refusal(bob, asked.basis, World(people=world.people, members=world.members)) is None


def test_a_link_of_the_chain_says_why_somebody_whose_delegate_is_asked_already_is_passed_over():
    ada, bob = PEOPLE[:2]
    world = World(
        people={ada: Person(ada, "Ada", manager=bob), bob: Person(bob, "Bob")},
        services=(Touched("db", "pay", owner=ada, deputy=bob),),
        approvers={"pay": frozenset({ada, bob})},
        delegations=(Delegation(1, bob, ada, "soon", "leave"),),
    )
    (position,) = positions([Seat(Who.OWNER)], world)
    found = escalate(position, Seat(Who.DEPUTY), world, already=[ada])
    assert found.asked == ()
    assert [(skip.actor_id, skip.because) for skip in found.skipped] == [(bob, fitness.COUNTS_ONCE)]


def test_the_team_of_a_role_that_a_named_person_escalates_to_is_that_of_the_touched_service():
    ada, bob = PEOPLE[:2]
    world = World(
        people={ada: Person(ada, "Ada", absent="away"), bob: Person(bob, "Bob")},
        services=(Touched("db", "pay"),),
        members={("pay", "approver"): (bob,)},
        usernames={"ada": ada},
    )
    (position,) = positions([Seat(Who.PERSON, person="ada")], world)
    link = Seat(Who.ROLE, "approver")
    assert [one.actor_id for one in escalate(position, link, world, already=()).asked] == [bob]
    assert [one.actor_id for one in route(position, world, [Escalation(60, link)]).asked] == [bob]


def test_an_owner_who_asks_and_has_no_deputy_leaves_the_seat_empty_with_both_reasons():
    ada = PEOPLE[0]
    world = World(
        people={ada: Person(ada, "Ada")},
        services=(Touched("db", "pay", owner=ada),),
        approvers={"pay": frozenset({ada})},
        excluded={ada: fitness.REQUESTER},
    )
    (position,) = positions([Seat(Who.OWNER)], world)
    found = route(position, world, [Escalation(60, Seat(Who.DEPUTY))])
    assert (found.asked, found.lacks, found.levels) == ((), 1, 1)
    assert [skip.because for skip in found.skipped] == [fitness.REQUESTER, fitness.NOBODY]


def test_of_seats_that_are_the_same_the_larger_count_holds():
    seats = [Seat(Who.ROLE, "approver", "pay"), Seat(Who.ROLE, "approver", "pay", count=2)]
    assert [position.count for position in positions(seats, World(people={}))] == [2]
    assert [position.count for position in positions(seats[::-1], World(people={}))] == [2]


def test_a_role_in_the_team_of_each_touched_service_is_one_seat_with_people_of_all_these_teams():
    ada, bob, cyd = PEOPLE[:3]
    world = World(
        people={one: Person(one, one) for one in (ada, bob, cyd)},
        services=(Touched("db", "store"), Touched("api", "pay")),
        members={("pay", "approver"): (ada,), ("store", "approver"): (bob,), ("risk", "approver"): (cyd,)},
    )
    (position,) = positions([Seat(Who.ROLE, "approver", count=2)], world)
    found = route(position, world)
    assert {one.actor_id: one.because for one in found.asked} == {ada: "approver in pay", bob: "approver in store"}
    assert (position.label, found.lacks) == ("2 times approver in pay or store", 0)
