"""What the demo bank runs: the three services of the drill, and the estate around them."""

from dataclasses import dataclass

from catalog.models import Service, Team, User
from catalog.services import connect, make_probe, make_service
from catalog.states import DependencyKind, ServiceKind
from plumbing.database import atomic

DRILL = {"edge": 18081, "api": 18082, "store": 18083}  # service -> port on loopback where the drill starts it
PROBE_INTERVAL_S, PROBE_TIMEOUT_S = 2, 2


@dataclass(frozen=True, slots=True)
class Entry:
    """One service: team, kind, tier, accountable owner and deputy (user names)."""

    name: str
    team: str
    kind: ServiceKind
    tier: int
    owner: str
    deputy: str
    description: str


SERVICES = {
    "edge": Entry(
        "Edge", "web-platform", ServiceKind.WEBSITE, 1, "mina", "rafa", "First thing that every request meets"
    ),
    "api": Entry("Payments API", "payments", ServiceKind.API, 1, "rafa", "mina", "Transfers, balances, statements"),
    "store": Entry(
        "Account store", "data-platform", ServiceKind.STORAGE, 1, "lena", "piotr", "Balances as they are this second"
    ),
    "online-banking": Entry(
        "Online banking", "web-platform", ServiceKind.WEBSITE, 1, "mina", "rafa", "Browser and app of 400,000 customers"
    ),
    "card-authorisation": Entry(
        "Card authorisation", "payments", ServiceKind.API, 1, "rafa", "mina", "Says yes or no within 300 ms"
    ),
    "orders-db": Entry(
        "orders-db", "data-platform", ServiceKind.DATABASE, 1, "lena", "piotr", "Payment orders; primary and standby"
    ),
    "payment-queue": Entry(
        "Payment queue", "data-platform", ServiceKind.QUEUE, 2, "piotr", "lena", "Orders on their way to clearing"
    ),
    "clearing-batch": Entry(
        "Nightly clearing", "payments", ServiceKind.BATCH, 2, "rafa", "lena", "Starts at 22:30, must end by 04:00"
    ),
    "core-ledger": Entry(
        "Core ledger", "data-platform", ServiceKind.MAINFRAME, 1, "lena", "piotr", "IMS subsystem on the mainframe"
    ),
    "card-scheme": Entry(
        "Card scheme", "payments", ServiceKind.VENDOR, 1, "rafa", "mina", "Outside: we watch it, others repair it"
    ),
}

EDGES = (
    ("edge", DependencyKind.CALLS, "api"),
    ("api", DependencyKind.READS, "store"),
    ("online-banking", DependencyKind.CALLS, "edge"),
    ("online-banking", DependencyKind.CALLS, "card-authorisation"),
    ("card-authorisation", DependencyKind.CALLS, "card-scheme"),
    ("card-authorisation", DependencyKind.READS, "orders-db"),
    ("payment-queue", DependencyKind.READS, "orders-db"),
    ("clearing-batch", DependencyKind.FEEDS, "payment-queue"),
    ("clearing-batch", DependencyKind.RUNS_ON, "core-ledger"),
)


def load(users: dict[str, User]) -> dict[str, Service]:
    """Make the services that are missing, each with its edges and its probe. Returns all of the demo by slug."""
    known = {service.slug: service for service in Service.objects.filter(slug__in=SERVICES)}
    missing = [slug for slug in SERVICES if slug not in known]
    if missing:
        _make(missing, known, users)
    return {slug: known[slug] for slug in SERVICES}


@atomic()
def _make(missing: list[str], known: dict[str, Service], users: dict[str, User]) -> None:
    teams = {team.slug: team for team in Team.objects.all()}
    for slug in missing:
        entry = SERVICES[slug]
        known[slug] = make_service(
            slug,
            entry.name,
            teams[entry.team],
            kind=entry.kind,
            tier=entry.tier,
            description=entry.description,
            owner=users[entry.owner],
            deputy=users[entry.deputy],
        )
        if slug in DRILL:
            _watch(known[slug], DRILL[slug])
    for consumer, kind, provider in EDGES:
        if consumer in missing or provider in missing:
            connect(known[consumer], known[provider], kind)


def _watch(service: Service, port: int) -> None:
    """A probe that rests until `make drill` starts the service: a fresh demo isn't red all over."""
    make_probe(
        service,
        "healthz",
        f"http://127.0.0.1:{port}/healthz",
        interval_s=PROBE_INTERVAL_S,
        timeout_s=PROBE_TIMEOUT_S,
        paused=True,
    )
