"""Asking: bound to a digest, routed to the accountable owner, on record with everybody who was passed over."""

import datetime as dt
import hashlib
import json

import pytest
from django.db import IntegrityError, transaction

from approvals.models import ApprovalRequest
from approvals.policies import fitness
from approvals.policies.shipped import shipped
from approvals.selectors import latest_of, pending_of
from approvals.services import CHANGED, Act
from approvals.services.asking import LONGEST_BINDS_ON_RECORD
from audit.errors import EntryTooLarge
from catalog.models import Service, Team, User
from catalog.services import leave
from catalog.states import Role
from plumbing import clock
from tests.approvals.conftest import BINDS, STREAM, MakeRequest, history

pytestmark = pytest.mark.django_db


def test_the_accountable_owner_of_the_touched_service_is_asked(make_request: MakeRequest, owner: User) -> None:
    request = make_request()
    asked = request.asked.get()
    assert (asked.user, asked.because) == (owner, "accountable owner of store")
    assert request.skipped == []
    assert request.digest == hashlib.sha256(request.binds.encode()).hexdigest()


def test_the_ledger_keeps_the_question_and_exactly_what_it_binds(
    make_request: MakeRequest, owner: User, responder: User, deputy: User
) -> None:
    now = clock.now()
    due = now + dt.timedelta(minutes=6)
    request = make_request(act=Act(BINDS, ("store",), within_s=360), executor=deputy, now=now)
    (entry,) = history("approval.asked")
    assert entry.actor == responder.actor_id
    bound = json.loads(str(entry.fields["binds"]))
    assert {name: bound[name] for name in json.loads(BINDS)} == json.loads(BINDS)
    assert (bound["services"], bound["policies"]) == (["store"], [["house v1", shipped()["house"].digest]])
    assert entry.fields["digest"] == request.digest == hashlib.sha256(str(entry.fields["binds"]).encode()).hexdigest()
    assert entry.fields["asked"] == [owner.actor_id]
    assert entry.fields["because"] == "accountable owner of store"
    assert (entry.fields["requester"], entry.fields["executor"]) == (responder.actor_id, deputy.actor_id)
    assert entry.fields["unroutable"] is False
    assert str(entry.fields["due_at"]).startswith(f"{due:%Y-%m-%dT%H:%M:%S}")


def test_a_text_too_long_for_an_entry_is_named_by_its_digest_alone(make_request: MakeRequest) -> None:
    request = make_request(binds='"' + "x" * LONGEST_BINDS_ON_RECORD + '"')
    (entry,) = history("approval.asked")
    assert entry.fields["binds"] is None
    assert entry.fields["digest"] == request.digest


def test_the_deputy_is_asked_for_an_owner_who_asks(make_request: MakeRequest, owner: User, deputy: User) -> None:
    request = make_request(requester=owner)
    assert request.asked.get().user == deputy
    assert request.skipped == [
        {"part": "accountable owner of store", "who": owner.actor_id, "because": "whoever asks for it can't decide it"}
    ]
    (entry,) = history("approval.asked")
    assert entry.fields["skipped"] == request.skipped


def test_the_deputy_is_asked_for_an_owner_who_left_the_role(
    make_request: MakeRequest, owner: User, deputy: User, payments_team: Team, superuser: User
) -> None:
    leave(payments_team, owner, Role.APPROVER, superuser)
    request = make_request()
    assert request.asked.get().user == deputy
    assert request.skipped[0]["because"] == fitness.NO_RIGHT


def test_the_deputy_is_asked_for_an_owner_whose_account_is_closed(
    make_request: MakeRequest, owner: User, deputy: User, store: Service
) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    request = make_request(service=Service.objects.get(pk=store.pk))
    assert request.asked.get().user == deputy
    assert request.skipped[0]["because"] == fitness.INACTIVE


def test_where_nobody_may_decide_the_request_says_so_and_stays_visible(
    make_request: MakeRequest, make_service: object, owner: User
) -> None:
    request = make_request(service=make_service("alone", owner=owner), requester=owner)  # type: ignore[operator]
    assert not request.asked.exists()
    assert [skip["because"] for skip in request.skipped] == ["whoever asks for it can't decide it", fitness.NOBODY]
    (entry,) = history("approval.asked")
    assert entry.fields["unroutable"] is True
    assert list(pending_of(STREAM)) == [request]


def test_a_step_that_touches_no_service_can_be_decided_by_nobody(make_request: MakeRequest) -> None:
    request = make_request(service=None)
    assert not request.asked.exists()
    assert not request.teams.exists()


def test_asking_the_same_again_gives_the_request_that_waits(make_request: MakeRequest) -> None:
    first = make_request(subject="test/again")
    second = make_request(subject="test/again")
    assert first == second
    assert len(history("approval.asked")) == 1


def test_asking_for_something_else_voids_what_was_asked(
    make_request: MakeRequest, settled: list[tuple[str, str]]
) -> None:
    first = make_request(subject="test/changed")
    second = make_request(subject="test/changed", binds='{"action":"wait"}')
    first.refresh_from_db()
    assert first.state == "void"
    differs = "action was http, is wait; inputs.url was http://127.0.0.1:9/start, is nothing; targets was store"
    assert first.why == f"{CHANGED} {differs}, is nothing."
    assert first.settled_at is not None
    assert second.is_pending
    assert latest_of("test/changed") == second
    assert [entry.kind for entry in history()] == ["approval.asked", "approval.voided", "approval.asked"]
    assert settled == [(first.uid, "void")]


def test_the_database_allows_one_pending_request_per_subject(make_request: MakeRequest) -> None:
    request = make_request()
    request.pk, request.uid = None, "f" * 32
    with pytest.raises(IntegrityError), transaction.atomic():
        request.save(force_insert=True)


def test_teams_of_the_run_may_read_it_beside_the_service_s_own(make_request: MakeRequest, make_team: object) -> None:
    other = make_team("platform")  # type: ignore[operator]
    request = make_request(teams=[other])
    assert {team.slug for team in request.teams.all()} == {"platform", "payments"}


def test_what_can_t_be_recorded_is_not_asked(make_request: MakeRequest) -> None:
    with pytest.raises(EntryTooLarge):
        make_request(subject="test/loose", question="x" * 70_000)
    assert not ApprovalRequest.objects.filter(subject="test/loose").exists()
