"""The fixed cast: people with one role each, a stranger with none, and three services in a row (edge -> api -> store).

`make_user, make_team, make_service, make_token` build what a test needs beyond it. All of it goes through the services,
so that ledger and rights are as in life. Passwords are PASSWORD, hashed once per session: scrypt is slow on purpose.
"""

import datetime as dt
import itertools
from collections.abc import Callable, Iterable

import pytest
from django.contrib.auth.hashers import make_password

from audit import ledger
from catalog import services
from catalog.models import Dependency, Service, Team, User
from catalog.states import DependencyKind, Role, ServiceKind, UserKind
from plumbing import clock

PASSWORD = "a-long-password-of-the-cast"
MakeUser = Callable[..., User]
MakeTeam = Callable[..., Team]
MakeService = Callable[..., Service]


@pytest.fixture(scope="session")
def hashed_password() -> str:
    return make_password(PASSWORD)


@pytest.fixture
def make_user(db: None, hashed_password: str) -> MakeUser:
    """make_user(username="…", team=…, roles=[…], superuser=False, machine=False) -> User with PASSWORD."""
    numbers = itertools.count(1)

    def make(
        username: str = "",
        *,
        name: str = "",
        team: Team | None = None,
        roles: Iterable[Role] = (),
        superuser: bool = False,
        machine: bool = False,
    ) -> User:
        username = username or f"user-{next(numbers)}"
        user = User.objects.create(
            username=username,
            name=name or username.replace("-", " ").title(),
            kind=UserKind.MACHINE if machine else UserKind.PERSON,
            password="!" if machine else hashed_password,
            is_superuser=superuser,
        )
        for role in roles:
            assert team is not None, "a role is held in a team"
            services.join(team, user, role, ledger.SYSTEM)
        return user

    return make


@pytest.fixture
def make_team(db: None) -> MakeTeam:
    """make_team(slug="…", name="…") -> Team with its role groups."""
    numbers = itertools.count(1)

    def make(slug: str = "", name: str = "") -> Team:
        slug = slug or f"team-{next(numbers)}"
        return services.make_team(slug, name or slug.replace("-", " ").title())

    return make


@pytest.fixture
def make_service(payments_team: Team) -> MakeService:
    """make_service(slug, needs=[providers], team=payments_team, owner=…, deputy=…, kind=…, tier=…) -> Service."""
    numbers = itertools.count(1)

    def make(slug: str = "", *, needs: Iterable[Service] = (), team: Team | None = None, **fields: object) -> Service:
        slug = slug or f"service-{next(numbers)}"
        fields.setdefault("name", slug)
        fields.setdefault("kind", ServiceKind.API)
        service = Service.objects.create(slug=slug, team=team or payments_team, **fields)
        for provider in needs:
            Dependency.objects.create(
                consumer=service, provider=provider, kind=DependencyKind.CALLS, last_seen=clock.now()
            )
        return service

    return make


@pytest.fixture
def make_token(make_user: MakeUser) -> Callable[..., services.IssuedToken]:
    """make_token(user=machine user, scopes=["api"], expires_at=None) -> IssuedToken(token, secret)."""

    def make(
        user: User | None = None, *, scopes: Iterable[str] = ("api",), expires_at: dt.datetime | None = None
    ) -> services.IssuedToken:
        user = user or make_user(machine=True)
        return services.issue_token(user, "for a test", scopes, expires_at, ledger.SYSTEM)

    return make


@pytest.fixture
def payments_team(make_team: MakeTeam) -> Team:
    return make_team("payments", "Payments")


def _one_with(role: Role, username: str, name: str) -> Callable[..., User]:
    def member(make_user: MakeUser, payments_team: Team) -> User:
        return make_user(username, name=name, team=payments_team, roles=[role])

    member.__doc__ = f"{name}: {role.label.lower()} of the payments team."
    return member


commander = pytest.fixture(_one_with(Role.COMMANDER, "commander", "Amara Diallo"), name="commander")
responder = pytest.fixture(_one_with(Role.RESPONDER, "responder", "Jonas Weber"), name="responder")
owner = pytest.fixture(_one_with(Role.APPROVER, "owner", "Lena Vogt"), name="owner")
deputy = pytest.fixture(_one_with(Role.APPROVER, "deputy", "Piotr Nowak"), name="deputy")
author = pytest.fixture(_one_with(Role.AUTHOR, "author", "Mina Tran"), name="author")
compliance = pytest.fixture(_one_with(Role.COMPLIANCE, "compliance", "Tom Saal"), name="compliance")
viewer = pytest.fixture(_one_with(Role.VIEWER, "viewer", "Rafa Ortega"), name="viewer")
admin_user = pytest.fixture(_one_with(Role.ADMINISTRATOR, "admin", "Ines Brandt"), name="admin_user")


@pytest.fixture
def stranger(make_user: MakeUser, make_team: MakeTeam) -> User:
    """Signed in, with every role in another team, and with none in the payments team."""
    return make_user("stranger", name="Sven Fremd", team=make_team("elsewhere", "Elsewhere"), roles=list(Role))


@pytest.fixture
def superuser(make_user: MakeUser) -> User:
    return make_user("root", name="Super User", superuser=True)


@pytest.fixture
def store(make_service: MakeService, owner: User, deputy: User) -> Service:
    """Provider of everything; owner Lena, deputy Piotr."""
    return make_service("store", name="Store", kind=ServiceKind.DATABASE, tier=1, owner=owner, deputy=deputy)


@pytest.fixture
def api(make_service: MakeService, store: Service, owner: User) -> Service:
    return make_service("api", name="API", tier=1, owner=owner, needs=[store])


@pytest.fixture
def edge(make_service: MakeService, api: Service, deputy: User) -> Service:
    return make_service("edge", name="Edge", kind=ServiceKind.WEBSITE, tier=2, owner=deputy, needs=[api])
