"""Writing notices down: one per contact point, once per event, in the caller's transaction; nothing is sent by it."""

import pytest
from django.db import IntegrityError, transaction

from audit.models import Entry
from catalog.errors import BadNotice
from catalog.models import ContactPoint, Notice, User
from catalog.services import notify
from catalog.services.reaching import NO_WAY, SWITCHED_OFF
from catalog.states import NoticeState
from plumbing import clock, doorbell
from tests.race import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(doorbell, "ring", lambda kind, subject: found.append(f"{kind} {subject}"))
    return found


def point(user: User, label: str = "Chat", channel: str = "slack") -> ContactPoint:
    return ContactPoint.objects.create(
        user=user, kind="apprise", channel=channel, label=label, sealed="v1.x", created_at=clock.now()
    )


def tell(*users: User, dedupe: str = "asked/1", **changed: str) -> list[Notice]:
    said = {
        "stream": "access",
        "about": "r1",
        "kind": "asked",
        "title": "Fail over?",
        "text": "",
        "path": "/approvals/r1/",
    }
    return notify(users=users, dedupe=dedupe, now=clock.now(), **{**said, **changed})


def test_each_contact_point_gets_a_notice_and_a_ring(owner, deputy, rung) -> None:
    points = [point(owner), point(owner, "Pager", "pagerduty"), point(deputy)]
    notices = tell(owner, deputy)
    assert [notice.contact_point for notice in notices] == points
    assert [notice.channel for notice in notices] == ["slack", "pagerduty", "slack"]
    assert {notice.state for notice in notices} == {NoticeState.QUEUED}
    assert rung == [f"notice {notice.uid}" for notice in notices]


def test_who_has_no_contact_point_is_reached_at_the_mail_of_the_account(owner, rung) -> None:
    owner.email = "lena@bank.example"
    (notice,) = tell(owner)
    assert (notice.contact_point, notice.channel, notice.state) == (None, "email", NoticeState.QUEUED)


def test_that_somebody_can_not_be_told_is_on_record_and_rings_nobody(owner, deputy, rung) -> None:
    point(deputy)
    deputy.is_active = False
    notices = tell(owner, deputy)
    assert [(notice.state, notice.error) for notice in notices] == [("given_up", NO_WAY), ("given_up", SWITCHED_OFF)]
    assert rung == []


def test_an_event_tells_once_however_often_it_is_called(owner, rung) -> None:
    point(owner)
    assert len(tell(owner, owner)) == 1
    assert tell(owner) == []
    assert len(tell(owner, dedupe="reminder/1")) == 1
    assert len(rung) == 2


def test_a_way_that_came_since_is_told_of_the_same_event(owner, rung) -> None:
    point(owner)
    tell(owner)
    later = point(owner, "Pager")
    assert [notice.contact_point for notice in tell(owner)] == [later]


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_write_one_notice(owner) -> None:
    point(owner)
    found = at_once(lambda: tell(owner), lambda: tell(owner), lambda: tell(owner))
    assert sorted(len(notices) for notices in found) == [0, 0, 1]
    assert Notice.objects.count() == 1


def test_nothing_is_told_of_what_did_not_happen(owner) -> None:
    point(owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        tell(owner)
        raise IntegrityError
    assert not Notice.objects.exists()


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/", "", "approvals/"])
def test_a_path_leads_nowhere_else(path, owner) -> None:
    with pytest.raises(BadNotice, match="no address inside Muster"):
        tell(owner, path=path)


def test_it_records_nothing_itself(owner) -> None:
    point(owner)
    before = Entry.objects.count()
    tell(owner)
    assert Entry.objects.count() == before
