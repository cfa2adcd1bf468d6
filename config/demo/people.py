"""Who works at the demo bank: teams, people, and what each is in which team."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from audit import ledger
from catalog.models import Team, User
from catalog.services import join, make_person, make_team
from catalog.states import Role
from plumbing.database import atomic

PASSWORD = "muster-demo-2417"  # noqa: S105 - known to everybody; load_demo refuses to run in production

TEAMS = {
    "payments": ("Payments", "Card payments, transfers and clearing"),
    "data-platform": ("Data platform", "Databases, queues and what they run on"),
    "web-platform": ("Web platform", "Everything customers see first"),
    "compliance": ("Compliance", "Keeps the proof, talks to the supervisor"),
}
WORKING_TEAMS = ("payments", "data-platform", "web-platform")
EVERYWHERE = tuple(TEAMS)


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the demo: roles as (role, teams)."""

    username: str
    name: str
    title: str
    roles: tuple[tuple[Role, tuple[str, ...]], ...]


PEOPLE = (
    Person("amara", "Amara Diallo", "Incident commander", ((Role.COMMANDER, WORKING_TEAMS),)),
    Person(
        "lena",
        "Lena Vogt",
        "Head of data platform",
        ((Role.APPROVER, ("data-platform",)), (Role.RESPONDER, ("data-platform",)), (Role.VIEWER, ("payments",))),
    ),
    Person(
        "piotr",
        "Piotr Nowak",
        "Database engineer",
        ((Role.APPROVER, ("data-platform",)), (Role.RESPONDER, ("data-platform", "payments"))),
    ),
    Person(
        "rafa",
        "Rafa Ortega",
        "Head of payments",
        ((Role.APPROVER, ("payments",)), (Role.RESPONDER, WORKING_TEAMS)),
    ),
    Person(
        "mina",
        "Mina Tran",
        "Head of web platform",
        ((Role.APPROVER, ("web-platform", "payments")), (Role.RESPONDER, WORKING_TEAMS)),
    ),
    Person("jonas", "Jonas Weber", "Communications lead", ((Role.RESPONDER, WORKING_TEAMS),)),
    Person("tom", "Tom Saal", "Reliability engineer", ((Role.AUTHOR, WORKING_TEAMS), (Role.RESPONDER, WORKING_TEAMS))),
    Person("ines", "Ines Brandt", "Compliance officer", ((Role.COMPLIANCE, EVERYWHERE),)),
    Person("olga", "Olga Lind", "Legal counsel", ((Role.COMPLIANCE, EVERYWHERE),)),
    Person("noor", "Noor Haddad", "Portal administrator", ((Role.ADMINISTRATOR, EVERYWHERE),)),
    Person("emil", "Emil Krause", "Branch operations", ((Role.VIEWER, ("payments", "web-platform")),)),
)


def load() -> dict[str, User]:
    """Make the teams and people that are missing. Returns the demo's people by user name.

    Roles come with the person: whoever was taken out of a team since is not put back.
    """
    teams = {slug: _team(slug) for slug in TEAMS}
    known = {user.username: user for user in User.objects.filter(username__in=[each.username for each in PEOPLE])}
    missing = [each for each in PEOPLE if each.username not in known]
    hashed = make_password(PASSWORD) if missing else ""  # slow on purpose: once is enough for a password all know
    for each in missing:
        known[each.username] = _person(each, teams, hashed)
    return {each.username: known[each.username] for each in PEOPLE}


def _team(slug: str) -> Team:
    name, description = TEAMS[slug]
    return Team.objects.filter(slug=slug).first() or make_team(slug, name, description=description)


@atomic()
def _person(each: Person, teams: dict[str, Team], hashed: str) -> User:
    user = make_person(each.username, each.name, title=each.title)
    user.password = hashed
    user.save(update_fields=["password"])
    for role, slugs in each.roles:
        for slug in slugs:
            join(teams[slug], user, role, ledger.SYSTEM)
    return user
