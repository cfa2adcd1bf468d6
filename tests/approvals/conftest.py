"""A room that asks for consent: subjects "test/…" whose binding a test may change behind the request's back."""

import datetime as dt
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from approvals import services
from approvals.models import ApprovalRequest, Asked
from approvals.services import Act, settling
from approvals.signals import request_settled
from audit import ledger
from audit.selectors import EntryRow, entries
from catalog.models import Service, User
from plumbing import clock
from plumbing.database import atomic

STREAM = "inc_0123456789abcdef0123456789abcdef"
DAY = dt.timedelta(days=1)
BINDS = json.dumps({"action": "http", "inputs": [["url", "http://127.0.0.1:9/start"]], "targets": ["store"]})

MakeRequest = Callable[..., ApprovalRequest]


@pytest.fixture
def bindings(monkeypatch: pytest.MonkeyPatch) -> dict[str, Act | None]:
    """subject -> what would be done now; a test changes it to simulate a changed input."""
    known: dict[str, Act | None] = {}
    monkeypatch.setitem(settling._bindings, "test/", known.get)
    return known


@pytest.fixture
def make_request(db: None, bindings: dict[str, Act | None], store: Service, responder: User) -> MakeRequest:
    """make_request(act=Act(BINDS, ("store",)), requester=responder, executor=None, subject=…, teams=()).

    service, binds: in place of `act`, where they alone differ."""
    numbers = itertools.count(1)
    ledger.open_stream(STREAM)

    def make(**fields: object) -> ApprovalRequest:
        subject = fields.setdefault("subject", f"test/{next(numbers)}")
        given = {
            "stream": STREAM,
            "question": "Promote the standby of store?",
            "effect": "Writes stop for about 40 s.",
            "undo": "Fail back.",
            "proof": "Replication lag 4 s.",
            "act": act_of(store, **{name: fields.pop(name) for name in ("service", "binds") if name in fields}),
            "requester": responder,
            "executor": None,
            "now": clock.now(),
            **fields,
        }
        bindings[str(subject)] = given["act"]  # type: ignore[assignment]
        with atomic():
            return services.ask(**given)  # type: ignore[arg-type]

    return make


def act_of(default: Service, *, service: Any = ..., binds: str = BINDS, **facts: Any) -> Act:
    """An act that touches one service, or none."""
    touched = default if service is ... else service
    return Act(binds, (touched.slug,) if touched else (), **facts)


@pytest.fixture
def decide(db: None) -> Callable[..., ApprovalRequest]:
    """decide(request, user, verdict="approve", reason="", seen=request.digest)."""

    def settle(
        request: ApprovalRequest, user: User, verdict: str = "approve", *, reason: str = "", seen: str | None = None,
        now: dt.datetime | None = None, **more: Any,
    ) -> ApprovalRequest:  # fmt: skip
        said = services.Said(verdict, reason, request.digest if seen is None else seen, **more)
        return services.decide(request.uid, user=user, said=said, now=now or clock.now())

    return settle


@pytest.fixture
def settled() -> Iterator[list[tuple[str, str]]]:
    """(uid, state) of every request that was announced as settled."""
    heard: list[tuple[str, str]] = []

    def hear(sender: object, request: ApprovalRequest, **_: object) -> None:
        heard.append((request.uid, request.state))

    request_settled.connect(hear)
    yield heard
    request_settled.disconnect(hear)


def history(kind: str = "approval.") -> list[EntryRow]:
    """Entries of the test's stream whose kind starts so, all of them."""
    found: list[EntryRow] = []
    while page := entries(STREAM, after=found[-1].seq if found else -1):
        found += page
    return [entry for entry in found if entry.kind.startswith(kind)]


def ask_also(request: ApprovalRequest, user: User) -> Asked:
    """Somebody who holds the right in the service's team is asked for the first seat, too."""
    seat = request.seats.first()
    basis = {"who": "deputy", "service": "store", "team": "payments", "role": "", "giver": "", "delegation": 0}
    assert seat is not None
    return Asked.objects.create(
        request=request, seat=seat, user=user, because="second of two", basis=basis, asked_at=clock.now()
    )
