"""Auditors: let in for a time, to some evidence; read-only, and never further than whoever let them in."""

import datetime as dt

import pytest
from django.urls import reverse

from audit import ledger
from audit.models import Entry
from audit.permissions import stream_for, visible_streams
from audit.selectors import entries
from catalog.auditing import may_sign_in
from catalog.errors import AlreadyEnded, AuditorStaysOut, BadInvitation, WrongCredentials
from catalog.models import AuditorAccess, Team, User
from catalog.permissions import Right, teams_where
from catalog.services import check_credentials, join, leave
from catalog.services.auditors import end_access, invite
from catalog.services.teams import ACCESS
from catalog.states import Role
from plumbing import clock
from plumbing.database import atomic

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def officer(make_user, payments_team: Team) -> User:
    user: User = make_user("officer")
    join(payments_team, user, Role.COMPLIANCE, ledger.SYSTEM)
    return user


@pytest.fixture
def let_in(officer):
    def make(scopes=("portal", "access"), username="auditor", may_export=False, days=7, **more):
        said = {"name": "Anna Weber", "organisation": "Auditors & Co", "reason": "The yearly audit"} | more
        now = clock.now()
        return invite(
            username=username, scopes=list(scopes), until=now + days * DAY, may_export=may_export, actor=officer,
            now=now, **said,
        )  # fmt: skip

    return make


def happen(stream: str) -> None:
    ledger.open_stream(stream)
    with atomic():
        ledger.record(stream, "note.added", ledger.SYSTEM, {"text": "something"})


def seen(user: User, may="view") -> set[str]:
    return set(visible_streams(user, may).values_list("uid", flat=True))


def test_an_auditor_sees_what_was_chosen_and_nothing_else(let_in):
    happen("portal")
    happen("catalog")
    auditor = let_in(["portal"]).access.user
    assert seen(auditor) == {"portal"}
    assert seen(auditor, "export") == set()
    assert seen(auditor, "redact") == seen(auditor, "file") == set()
    assert not teams_where(auditor, Right.VIEW).exists()


def test_a_kind_of_stream_includes_those_that_come_later(let_in, officer, settings):
    auditor = let_in(["cat*"]).access.user
    happen("catalog")
    assert seen(auditor) == {"catalog"}


def test_packs_only_if_they_may(let_in):
    happen("portal")
    assert seen(let_in(["portal"], may_export=True).access.user, "export") == {"portal"}


def test_never_more_than_who_let_them_in_may_hand_out(let_in, officer, payments_team):
    happen("portal")
    auditor = let_in(["portal"]).access.user
    leave(payments_team, officer, Role.COMPLIANCE, ledger.SYSTEM)
    assert seen(auditor) == set()


def test_it_ends_by_itself(let_in, monkeypatch):
    happen("portal")
    invited = let_in(["portal"], days=1)
    auditor = invited.access.user
    assert check_credentials("auditor", invited.password, "10.0.0.1") == auditor
    later = clock.now() + DAY
    monkeypatch.setattr(clock, "now", lambda: later)
    assert seen(auditor) == set()
    assert not may_sign_in(auditor, later)
    with pytest.raises(WrongCredentials):
        check_credentials("auditor", invited.password, "10.0.0.1")


def test_it_is_ended_once(let_in, officer):
    happen("portal")
    access = let_in(["portal"]).access
    end_access(access, actor=officer, now=clock.now())
    assert seen(access.user) == set()
    with pytest.raises(AlreadyEnded):
        end_access(access, actor=officer, now=clock.now())
    kinds = [entry.kind for entry in entries(ACCESS) if entry.kind.startswith("auditor.")]
    assert kinds == ["auditor.invited", "auditor.ended"]


def test_who_came_before_gets_a_further_access_and_keeps_the_password(let_in):
    happen("portal")
    happen("catalog")
    first = let_in(["portal"])
    second = let_in(["catalog"])
    assert second.password == ""
    assert second.access.user == first.access.user
    assert seen(first.access.user) == {"portal", "catalog"}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["inc_404"]}, "streams"),
        ({"days": 0}, "until"),
        ({"days": 500}, "until"),
        ({"reason": " "}, "reason"),
        ({"name": " "}, "name"),
        ({"username": "not a name"}, "username"),
    ],
)
def test_what_cant_be_granted_names_its_field_and_writes_nothing(let_in, said, field):
    happen("portal")
    before = Entry.objects.count()
    with pytest.raises(BadInvitation) as caught:
        let_in(**said)
    assert caught.value.field == field
    assert Entry.objects.count() == before
    assert not AuditorAccess.objects.exists()


def test_nobody_who_works_here_becomes_an_auditor(let_in, officer):
    happen("portal")
    with pytest.raises(BadInvitation, match="works here"):
        let_in(["portal"], username=officer.username)


def test_an_auditor_joins_no_team(let_in, payments_team):
    happen("portal")
    with pytest.raises(AuditorStaysOut):
        join(payments_team, let_in(["portal"]).access.user, Role.VIEWER, ledger.SYSTEM)


def test_the_password_is_shown_once_and_kept_nowhere(client, officer):
    happen("portal")
    client.force_login(officer)
    said = {
        "name": "Anna Weber", "organisation": "", "username": "anna", "scopes": ["portal"], "streams": "",
        "until": f"{clock.now() + 3 * DAY:%Y-%m-%d}", "reason": "audit",
    }  # fmt: skip
    page = client.post(reverse("invite-auditor"), said)
    assert page.status_code == 200
    password = page.context["invited"].password
    assert password in page.content.decode()
    assert "no-store" in page["cache-control"]
    told = [entry.fields for entry in entries(ACCESS) if entry.kind == "auditor.invited"]
    assert password not in str(told)
    assert check_credentials("anna", password, "10.0.0.1").name == "Anna Weber"


def test_pages_of_auditors_by_an_auditor(client, let_in):
    happen("portal")
    happen("catalog")
    auditor = let_in(["portal"]).access.user
    client.force_login(auditor)
    assert client.get("/").url == reverse("audit:streams")
    page = client.get(reverse("audit:stream", args=["portal"]))
    assert page.status_code == 200
    assert client.get(reverse("audit:stream", args=["catalog"])).status_code == 404
    assert client.post(reverse("audit:verify", args=["portal"])).status_code == 200
    for name in ("auditors", "invite-auditor"):
        assert client.get(reverse(name)).status_code == 404


def test_each_look_is_an_entry(client, let_in):
    happen("portal")
    happen("catalog")
    auditor = let_in(["catalog"]).access.user
    client.force_login(auditor)
    client.get(reverse("audit:stream", args=["catalog"]), {"text": "something"})
    client.get(reverse("audit-api:entries", args=["catalog"]), {"after": 0, "limit": 1})
    looks = [entry for entry in entries("portal") if entry.kind == "evidence.viewed"]
    assert [look.actor for look in looks] == [auditor.actor_id] * 2
    assert [look.fields["door"] for look in looks] == ["page", "api"]
    assert looks[0].fields["asked"] == {"text": "something"}
    assert looks[0].fields["stream"] == "catalog"


def test_a_stranger_doesnt_leave_a_look(client, make_user):
    happen("portal")
    before = stream_size("portal")
    client.force_login(make_user("stranger"))
    assert client.get(reverse("audit:stream", args=["portal"])).status_code == 404
    assert stream_size("portal") == before


def stream_size(uid: str) -> int:
    return ledger.open_stream(uid).size


def test_the_page_of_access_shows_auditors_looks_and_the_feed(client, officer, let_in):
    happen("portal")
    let_in(["portal"])
    client.force_login(officer)
    client.get(reverse("audit:stream", args=["portal"]))
    page = client.get(reverse("auditors")).content.decode()
    assert "Anna Weber" in page
    assert "No collector is set" in page
    assert "Read" in page
    assert stream_for(officer, "portal").size > 1
