"""What routing promises, as checks of everything that would be asked of one position. Each raises AssertionError."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from approvals.policies import fitness
from approvals.policies.fitness import Person, Touched, World
from approvals.policies.model import Escalation, Policy, Who
from approvals.policies.routing import Asking, Position, Route, Skip, escalate, positions, refusal, route
from approvals.policies.strictest import strictest

REASONS: dict[str, Callable[[Person, World], bool]] = {  # what a skip may say, and when that is true of the person
    fitness.INACTIVE: lambda person, world: not person.is_active,
    fitness.MACHINE: lambda person, world: person.is_machine,
    fitness.NO_RIGHT: lambda person, world: not person.is_superuser,
    fitness.SUPERUSER: lambda person, world: person.is_superuser,
    fitness.COUNTS_ONCE: lambda person, world: any(one.giver == person.actor_id for one in world.delegations),
    fitness.DELEGATE: lambda person, world: any(one.taker == person.actor_id for one in world.delegations),
}


@dataclass
class Story:
    """All that is asked of one position: at first, and by each link of the chain as its time comes."""

    world: World
    position: Position
    chain: tuple[Escalation, ...]
    first: Route
    later: list[tuple[int, Route]] = field(default_factory=list)  # (seconds, whom the link adds)

    @property
    def routes(self) -> list[Route]:
        return [self.first, *(found for _, found in self.later)]

    @property
    def asked(self) -> list[Asking]:
        return [one for found in self.routes for one in found.asked]

    @property
    def skipped(self) -> list[Skip]:
        return [one for found in self.routes for one in found.skipped]


def stories(policies: list[Policy], world: World) -> Iterator[Story]:
    """As it would go if nobody ever decided: every link of the chain comes due."""
    demand = strictest(policies)
    for position in positions(demand.seats, world):
        story = Story(world, position, demand.escalate, route(position, world, demand.escalate))
        for link in demand.escalate[story.first.levels :]:
            known = {one.actor_id for one in story.asked}
            story.later.append((link.after_s, escalate(position, link.to, world, already=known)))
        yield story


def keep_all(story: Story) -> None:
    it_ends_and_asks_nobody_twice(story)
    nobody_is_asked_who_never_decides_or_speaks_for_such_a_one(story)
    everybody_has_the_part_that_their_say_rests_on(story)
    a_delegation_is_followed_once_and_only_where_it_holds(story)
    nobody_stands_in_for_what_is_theirs(story)
    the_chain_is_followed_in_time_order(story)
    a_rule_is_named_for_everybody_asked(story)
    who_was_passed_over_was_so_for_a_true_reason(story)
    whoever_has_the_part_is_heard_of(story)
    a_say_ends_with_what_it_rests_on(story)


def principal(one: Asking) -> str:
    """Whose say it is: the delegate's giver, else the person's own."""
    return one.basis.giver or one.actor_id


def is_fit(actor_id: str, world: World) -> bool:
    person = world.people[actor_id]
    return person.is_active and not person.is_machine and actor_id not in world.excluded


def it_ends_and_asks_nobody_twice(story: Story) -> None:
    people = [one.actor_id for one in story.asked]
    assert len(people) == len(set(people)) <= len(story.world.people)
    assert 0 <= story.first.levels <= len(story.chain)


def nobody_is_asked_who_never_decides_or_speaks_for_such_a_one(story: Story) -> None:
    """Never who is excluded, inactive, absent or a machine, and never the delegate of an excluded one."""
    for one in story.asked:
        assert not story.world.people[one.actor_id].absent
        assert is_fit(one.actor_id, story.world)
        assert is_fit(principal(one), story.world)


def everybody_has_the_part_that_their_say_rests_on(story: Story) -> None:
    """Own, or that of whoever they stand in for; owner and deputy need the right to approve in the service's team."""
    world = story.world
    services = {service.slug: service for service in world.services}
    for one in story.asked:
        basis, who = one.basis, principal(one)
        service = services.get(basis.service, Touched("", ""))
        match basis.who:
            case Who.OWNER:
                assert who == service.owner and who in world.approvers[service.team]
            case Who.DEPUTY:
                assert who == service.deputy and who in world.approvers[service.team]
            case Who.MANAGER:
                assert who == world.people[service.owner].manager
            case Who.ROLE:
                assert who in world.members[basis.team, basis.role]
            case Who.PERSON:
                assert who in world.usernames.values()
        assert refusal(one.actor_id, basis, world) is None  # what was right when asking is right when deciding


def a_delegation_is_followed_once_and_only_where_it_holds(story: Story) -> None:
    given_on = {one.id: one for one in story.world.delegations}
    for one in story.asked:
        assert bool(one.basis.giver) is bool(one.basis.delegation)
        assert len(one.path) == (2 if one.basis.giver else 1)
        if one.basis.giver:
            delegation = given_on[one.basis.delegation]
            assert (delegation.giver, delegation.taker) == (one.basis.giver, one.actor_id)
            assert delegation.covers(one.basis.service, story.world.class_)
            assert delegation.reason in one.path[1] and delegation.until in one.path[1]


def nobody_stands_in_for_what_is_theirs(story: Story) -> None:
    """Else their yes would be refused because a delegation that it didn't need is over."""
    world, givers = story.world, {one.giver for one in story.world.delegations}
    for one in story.asked:
        holders = world.members.get((one.basis.team, one.basis.role), ())
        if one.basis.giver and one.basis.who is Who.ROLE and one.actor_id in holders:
            assert one.actor_id in givers  # who holds the role, too, is asked on it; this one gave it on


def the_chain_is_followed_in_time_order(story: Story) -> None:
    times = [after_s for after_s, _ in story.later]
    assert times == sorted(times)
    assert [link.after_s for link in story.chain] == sorted(link.after_s for link in story.chain)
    without = route(story.position, story.world)
    assert story.first.asked[: len(without.asked)] == without.asked  # the chain adds, and replaces nobody
    assert (story.first.levels > 0) is (without.lacks > 0 and bool(story.chain))
    if story.first.lacks:
        assert story.first.levels == len(story.chain)  # everything was tried


def a_rule_is_named_for_everybody_asked(story: Story) -> None:
    for one in story.asked:
        rule = one.because.removeprefix("delegate of the ")
        assert (one.because != rule) is bool(one.basis.giver)
        assert rule in one.path[0]
        basis = one.basis
        named = {
            Who.OWNER: ("accountable owner of", basis.service),
            Who.DEPUTY: ("deputy of the accountable owner of", basis.service),
            Who.MANAGER: ("manager of the accountable owner of", basis.service),
            Who.ROLE: (basis.role, basis.team),
            Who.PERSON: (principal(one).removeprefix("user:"), "named by the policy"),
        }
        assert all(word in rule for word in named[basis.who]), rule


def who_was_passed_over_was_so_for_a_true_reason(story: Story) -> None:
    world = story.world
    for skip in story.skipped:
        assert skip.part and skip.because
        person = world.people.get(skip.actor_id or "")
        if person is None:
            assert skip.because == fitness.NOBODY
        elif skip.because in REASONS:
            assert REASONS[skip.because](person, world)
        else:
            assert skip.because in (person.absent, world.excluded.get(person.actor_id))


def whoever_has_the_part_is_heard_of(story: Story) -> None:
    """Each is asked, or somebody is asked for them, or they are passed over with the reason."""
    world = story.world
    first = route(story.position, world)
    heard = {principal(one) for one in first.asked} | {skip.actor_id for skip in first.skipped}
    assert {one for one in holders_of(story.position, world) if one in world.people} <= heard
    if not first.asked:
        assert first.skipped and first.lacks == story.position.count


def holders_of(position: Position, world: World) -> set[str | None]:
    if position.who is Who.ROLE:
        teams = {position.team} if position.team else {service.team for service in world.services}
        return {one for team in teams for one in world.members.get((team, position.role), ())}
    if position.who is Who.PERSON:
        return {world.usernames.get(position.person)}
    return {service.owner for service in world.services if service.slug == position.service}


def a_say_ends_with_what_it_rests_on(story: Story) -> None:
    """Each change to the world after asking: whoever decides then is refused, with the reason."""
    world = story.world
    for one in story.asked:
        person, giver = world.people[one.actor_id], one.basis.giver
        changed: list[World] = [replace(world, excluded={one.actor_id: fitness.SHAPER})]
        for worse in (replace(person, is_active=False), replace(person, is_machine=True)):
            changed.append(replace(world, people={**world.people, one.actor_id: worse}))
        if giver:
            changed += [replace(world, delegations=()), replace(world, excluded={giver: fitness.SHAPER})]
        if one.basis.who is Who.ROLE:
            changed.append(replace(world, members={}))
        if one.basis.who in (Who.OWNER, Who.DEPUTY):
            changed.append(replace(world, approvers={}))
        assert all(refusal(one.actor_id, one.basis, each) for each in changed)
