"""What the incidents tests start from: a source that sends, rules that tell faults from noise, the recorded posts."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Service, Team, User
from incidents import services
from incidents.models import Incident, IntakeRule, SignalSource
from incidents.states import Severity
from tests.incidents.sockets import HOST

SCENARIOS = ("r1-store", "r6-api", "r8-api-503twice", "s4-edge-repeat", "p1-store-pagerduty")  # as they happened


@dataclass(frozen=True)
class Post:
    """One recorded post: where it came from, what it said, and when."""

    scenario: str
    file: str
    kind: str
    body: dict[str, Any]
    received: dt.datetime


@pytest.fixture
def our_host(settings: Any) -> None:
    """The name under which a socket of tests.incidents.sockets asks for us is ours."""
    settings.ALLOWED_HOSTS = [HOST]


@pytest.fixture(scope="session")
def recorded(shared_data: Path) -> list[Post]:
    """All recorded posts, in the order in which they arrived."""
    found = []
    for scenario in SCENARIOS:
        for file in sorted((shared_data / "alertmanager" / "scenarios" / scenario / "payloads").glob("*.json")):
            raw = json.loads(file.read_text())
            kind = "pagerduty" if raw["path"].startswith("/v2/") else "alertmanager"
            received = dt.datetime.fromtimestamp(raw["received"], dt.UTC)
            found.append(Post(scenario, file.name, kind, raw["body"], received))
    assert len(found) > 90, "the recorded posts are incomplete"
    return sorted(found, key=lambda post: post.received)


@pytest.fixture
def estate(edge: Service, api: Service, store: Service) -> dict[str, Service]:
    return {"edge": edge, "api": api, "store": store}


@pytest.fixture
def make_source(make_user: Callable[..., User], payments_team: Team) -> Callable[..., SignalSource]:
    def make(kind: str = "alertmanager", name: str = "") -> SignalSource:
        name = name or f"{kind} of payments"
        user = make_user(name.replace(" ", "-"), machine=True)
        return SignalSource.objects.create(name=name, kind=kind, user=user, team=payments_team)

    return make


@pytest.fixture
def sources(make_source: Callable[..., SignalSource]) -> dict[str, SignalSource]:
    return {kind: make_source(kind) for kind in ("alertmanager", "pagerduty")}


@pytest.fixture
def rules(payments_team: Team) -> list[IntakeRule]:
    """The heartbeat is ignored, load is noise that only joins, what is critical opens."""
    make = IntakeRule.objects.create
    return [
        make(position=1, name="Heartbeat", team=payments_team, matches={"alertname": "Watchdog"}, verb="ignore"),
        make(position=2, name="Load", team=payments_team, matches={"alertname": "HostHighCpuLoad"}, verb="join"),
        make(
            position=3,
            name="Outage",
            team=payments_team,
            matches={"severity": "critical"},
            verb="open",
            severity=Severity.SEV2,
            title="{{ service.name }} is failing",
        ),
    ]


@pytest.fixture
def make_incident(estate: dict[str, Service], commander: User) -> Callable[..., Incident]:
    """make_incident(title=…, severity=…, services=[…], declarer=commander, …) -> Incident, declared by a person."""

    def make(**given: Any) -> Incident:
        facts = {"title": "Store is slow", "severity": Severity.SEV2, "services": [estate["store"]]}
        return services.declare(**{**facts, "declarer": commander, **given})

    return make
