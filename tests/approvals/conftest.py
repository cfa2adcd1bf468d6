"""A room that asks for consent: subjects "test/…" whose binding a test may change behind the request's back."""

import itertools
import json
from collections.abc import Callable, Iterator

import pytest

from approvals import services
from approvals.models import ApprovalRequest
from approvals.signals import request_settled
from audit import ledger
from audit.selectors import EntryRow, entries
from catalog.models import Service, User
from plumbing import clock
from plumbing.database import atomic

STREAM = "inc_0123456789abcdef0123456789abcdef"
BINDS = json.dumps({"action": "http", "inputs": [["url", "http://127.0.0.1:9/start"]], "targets": ["store"]})

MakeRequest = Callable[..., ApprovalRequest]


@pytest.fixture
def bindings(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """subject -> what would be done now; a test changes it to simulate a changed input."""
    known: dict[str, str | None] = {}
    monkeypatch.setitem(services._bindings, "test/", known.get)
    return known


@pytest.fixture
def make_request(db: None, bindings: dict[str, str | None], store: Service, responder: User) -> MakeRequest:
    """make_request(service=store, requester=responder, executor=None, binds=…, subject=…, due_at=None, teams=())."""
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
            "binds": BINDS,
            "service": store,
            "requester": responder,
            "executor": None,
            "due_at": None,
            "now": clock.now(),
            **fields,
        }
        bindings[str(subject)] = str(given["binds"])
        with atomic():
            return services.ask(**given)  # type: ignore[arg-type]

    return make


@pytest.fixture
def decide(db: None) -> Callable[..., ApprovalRequest]:
    """decide(request, user, verdict="approve", reason="", seen=request.digest)."""

    def settle(
        request: ApprovalRequest, user: User, verdict: str = "approve", *, reason: str = "", seen: str | None = None
    ) -> ApprovalRequest:
        return services.decide(
            request.uid,
            user=user,
            verdict=verdict,
            reason=reason,
            seen_digest=request.digest if seen is None else seen,
            now=clock.now(),
        )

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
    """Entries of the test's stream whose kind starts so."""
    return [entry for entry in entries(STREAM) if entry.kind.startswith(kind)]
