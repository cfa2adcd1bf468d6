"""Generated policies, catalogs, absences and delegations, hostile ones too: unknown people, circles, gaps."""

from dataclasses import replace

from hypothesis import strategies as st

from approvals.policies.fitness import AUTHOR, EXECUTOR, REQUESTER, SHAPER, Delegation, Person, Touched, World
from approvals.policies.model import Allowed, Conflict, Escalation, Policy, Reason, Risk, Seat, Who
from tests.runbooks.plans import Dice

PEOPLE = tuple(f"user:{name}" for name in ("ada", "bob", "cyd", "dan", "eva", "fay", "gus"))
UNKNOWN = "user:gone"
TEAMS = ("store", "pay")
SERVICES = ("db", "api", "batch")
ROLES = ("approver", "commander")
CLASSES = ("", "restart", "egress")
EXCLUSIONS = (REQUESTER, EXECUTOR, SHAPER, AUTHOR)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """The catalog of one moment. People of whom something is said may be missing in it."""
    dice = Dice(draw)
    missing = UNKNOWN if dice.seldom() else dice.of(PEOPLE)
    people = {one: _person(dice, one) for one in PEOPLE if one != missing or dice.often()}
    dice = Dice(draw)
    members = {(team, role): dice.some((*PEOPLE, UNKNOWN), most=4) for team in TEAMS for role in ROLES}
    return World(
        people=people,
        services=tuple(_service(dice, slug) for slug in SERVICES if dice.often()),
        members={key: members[key] for key in members if not dice.seldom()},
        approvers={team: frozenset(PEOPLE) - frozenset(dice.some(PEOPLE)) for team in TEAMS if not dice.seldom(8)},
        usernames={one.removeprefix("user:"): one for one in people},
        delegations=tuple(_delegation(dice, number) for number in range(1, 1 + dice.throw(7))),
        excluded={one: dice.of(EXCLUSIONS) for one in dice.some(PEOPLE, most=2)},
        class_=dice.of(CLASSES),
    )


def _person(dice: Dice, actor_id: str) -> Person:
    return Person(
        actor_id,
        name=actor_id.removeprefix("user:").title() if dice.often() else "",
        is_active=not dice.seldom(6),
        is_machine=dice.seldom(6),
        is_superuser=dice.seldom(),
        absent="away until 3 Mar 08:00 UTC" if dice.seldom(3) else "",
        manager=dice.of((*PEOPLE, UNKNOWN)) if dice.often() else None,
    )


def _service(dice: Dice, slug: str) -> Touched:
    somebody = (*PEOPLE, UNKNOWN, None)
    return Touched(slug, dice.of(TEAMS), owner=dice.of(somebody), deputy=dice.of(somebody))


def _delegation(dice: Dice, number: int) -> Delegation:
    """Also to oneself, to nobody, in circles, and on top of each other."""
    services = frozenset(dice.some(SERVICES)) if dice.seldom(2) else None
    classes = frozenset(dice.some(CLASSES[1:])) if dice.seldom(2) else None
    giver, taker = dice.of(PEOPLE), dice.of((*PEOPLE, UNKNOWN))
    return Delegation(number, giver, taker, "4 Mar 08:00 UTC", "on leave", services=services, classes=classes)


@st.composite
def policies(draw: st.DrawFn, slug: str = "house") -> Policy:
    dice = Dice(draw)
    lengths = (60, 120, 300, 600)
    policy = Policy(
        slug=slug,
        title=slug.title(),
        number=1 + dice.throw(3),
        digest=f"{slug}-digest",
        risk=dice.of(tuple(Risk)),
        seats=tuple(_seat(dice) for _ in range(1 + dice.throw(3))),
        exclude=frozenset(conflict for conflict in Conflict if dice.seldom(2)),
        within_s=dice.of((None, *lengths)),
        remind_s=tuple(sorted({dice.of(lengths) for _ in range(dice.throw(3))})),
    )
    dice = Dice(draw)
    return replace(
        policy,
        escalate=tuple(sorted(Escalation(dice.of(lengths), _target(dice)) for _ in range(dice.throw(4)))),
        reason=dice.of(tuple(Reason)),
        typed=dice.often(),
        factor_s=dice.of((None, *lengths)),
        in_turn=dice.often(),
        lasts_s=dice.of(lengths),
        hold_s=dice.of((0, *lengths)),
        allow=frozenset(item for item in Allowed if dice.often()),
    )


def _seat(dice: Dice) -> Seat:
    who = dice.of((Who.OWNER, Who.ROLE, Who.PERSON))
    return Seat(who, **_whom(dice, who), count=1 + dice.throw(3) if who is Who.ROLE else 1)


def _target(dice: Dice) -> Seat:
    who = dice.of((Who.DEPUTY, Who.MANAGER, Who.ROLE, Who.PERSON))
    return Seat(who, **_whom(dice, who))


def _whom(dice: Dice, who: Who) -> dict[str, str]:
    if who is Who.ROLE:
        return {"role": dice.of(ROLES), "team": dice.of(("", *TEAMS))}
    if who is Who.PERSON:
        return {"person": dice.of((*PEOPLE, UNKNOWN)).removeprefix("user:")}
    return {}


def many_policies() -> st.SearchStrategy[list[Policy]]:
    """That of the house, and up to two besides."""
    slugs = st.sampled_from([("house",), ("house", "egress"), ("house", "egress", "restart")])
    return slugs.flatmap(lambda names: st.tuples(*(policies(name) for name in names)).map(list))
