"""The inbox, the decision page and its dialogs, for every part of the cast and without script."""

import pytest
from django.test import Client
from django.urls import reverse

from approvals import services
from approvals.models import ApprovalRequest, Decision
from approvals.services import Act
from approvals.services.ruling import STREAM
from audit import ledger
from catalog.models import Service, User
from plumbing import clock
from plumbing.database import atomic
from tests.approvals.conftest import BINDS, MakeRequest, ask_also, history

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/incidents/1"}


def as_user(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def body(client: Client, url: str, **extra: object) -> str:
    answer = client.get(url, **extra)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.content
    text = answer.content.decode()
    assert "{#" not in text, "a comment of the template"
    return text


def post_decision(client: Client, request: ApprovalRequest, **fields: str):
    given = {"verdict": "approve", "reason": "", "seen": request.digest, **fields}
    return client.post(reverse("approvals:decide", args=[request.uid]), given)


DOORS = ["page", "decide", "cover"]


@pytest.mark.parametrize("door", DOORS)
def test_a_stranger_finds_nothing_at_any_door(door: str, make_request: MakeRequest, stranger: User) -> None:
    url = reverse(f"approvals:{door}", args=[make_request().uid])
    client = as_user(stranger)
    assert client.get(url).status_code == 404
    if door != "page":
        assert client.post(url, {}).status_code == 404
    assert [entry.kind for entry in history()] == ["approval.asked"]


@pytest.mark.parametrize("door", DOORS)
def test_who_is_not_signed_in_is_sent_to_the_sign_in(door: str, make_request: MakeRequest) -> None:
    url = reverse(f"approvals:{door}", args=[make_request().uid])
    answer = as_user(None).get(url)
    assert answer.status_code == 302
    assert "next=" in answer["Location"], "the link of a page leads back after sign-in"


@pytest.mark.parametrize("who", ["owner", "deputy", "responder", "commander", "viewer", "superuser", "author"])
def test_whoever_sees_the_team_may_read_the_request(
    who: str, make_request: MakeRequest, request: pytest.FixtureRequest
) -> None:
    asked = make_request()
    text = body(as_user(request.getfixturevalue(who)), reverse("approvals:page", args=[asked.uid]))
    assert asked.digest in text


def test_somebody_asked_from_another_team_may_read_it(make_request: MakeRequest, stranger: User) -> None:
    asked = make_request()
    ask_also(asked, stranger)
    assert as_user(stranger).get(reverse("approvals:page", args=[asked.uid])).status_code == 200


def test_the_decision_page_says_all_that_is_read_before_deciding(
    make_request: MakeRequest, owner: User, store: Service, api: Service, edge: Service
) -> None:
    asked = make_request(act=Act(BINDS, ("store",), within_s=300))
    text = body(as_user(owner), reverse("approvals:page", args=[asked.uid]))
    for part in (asked.question, asked.effect, asked.undo, asked.proof, "accountable owner of store", "Jonas Weber"):
        assert part in text
    assert "2 services need Store" in text
    assert text.index("API") < text.index("Edge")
    assert "inputs.url" in text
    assert "http://127.0.0.1:9/start" in text
    assert f'<dd class="mono" data-digest>{asked.digest}</dd>' in text
    assert "?verdict=approve" in text
    assert "?verdict=reject" in text
    assert "data-clock" in text


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("responder", "whoever asks for it"),
        ("viewer", "no right to approve"),
        ("superuser", "being a superuser gives no right"),
        ("deputy", "Take it on"),
    ],
)
def test_who_may_not_decide_reads_why_instead_of_buttons(
    who: str, says: str, make_request: MakeRequest, request: pytest.FixtureRequest
) -> None:
    text = body(as_user(request.getfixturevalue(who)), reverse("approvals:page", args=[make_request().uid]))
    assert says in text
    assert "?verdict=approve" not in text


def test_a_request_that_nobody_can_decide_says_so_and_what_to_do(
    make_request: MakeRequest, make_service, commander: User
) -> None:
    asked = make_request(service=make_service("orphan"))
    text = body(as_user(commander), reverse("approvals:page", args=[asked.uid]))
    assert "Asked of nobody" in text
    assert "Give orphan an owner or deputy" in text
    assert "nobody has this part" in text


def test_what_changed_since_the_last_time_is_shown(make_request: MakeRequest, owner: User) -> None:
    make_request(subject="test/again", binds='{"inputs":[["host","a"],["port",1]]}')
    second = make_request(subject="test/again", binds='{"inputs":[["host","b"],["port",1]]}')
    text = body(as_user(owner), reverse("approvals:page", args=[second.uid]))
    assert "What differs from the last time" in text
    assert "inputs.host" in text
    assert text.count("inputs.port") == 1


def test_a_void_request_leads_to_the_newest(make_request: MakeRequest, owner: User) -> None:
    first = make_request(subject="test/again")
    second = make_request(subject="test/again", binds="{}")
    text = body(as_user(owner), reverse("approvals:page", args=[first.uid]))
    assert services.CHANGED in text
    assert reverse("approvals:page", args=[second.uid]) in text


def test_the_owner_approves_without_script(make_request: MakeRequest, owner: User) -> None:
    asked = make_request()
    client = as_user(owner)
    form = body(client, reverse("approvals:decide", args=[asked.uid]) + "?verdict=approve")
    assert "<html" in form
    assert f'value="{asked.digest}"' in form
    assert asked.effect in form
    answer = post_decision(client, asked, reason="Lag is low.")
    assert answer.status_code == 302
    assert answer["Location"] == reverse("approvals:page", args=[asked.uid])
    text = body(client, answer["Location"])
    assert "Lena Vogt approved this" in text
    assert "Lag is low." in text
    assert "?verdict=approve" not in text


def test_a_rejection_without_reason_comes_back_with_the_form(make_request: MakeRequest, owner: User) -> None:
    asked = make_request()
    answer = post_decision(as_user(owner), asked, verdict="reject", reason="  ")
    assert answer.status_code == 422
    assert "Say why you reject it" in answer.content.decode()
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "fields", [{"verdict": "perhaps"}, {"seen": "1234"}, {"seen": ""}, {"reason": "x" * 2001}, {"reason": "a\x00b"}]
)
def test_a_malformed_decision_changes_nothing(fields: dict[str, str], make_request: MakeRequest, owner: User) -> None:
    asked = make_request()
    assert post_decision(as_user(owner), asked, **fields).status_code == 422
    asked.refresh_from_db()
    assert asked.is_pending


@pytest.mark.parametrize("who", ["responder", "deputy", "viewer", "commander", "superuser"])
def test_a_forced_decision_is_refused_and_on_record(
    who: str, make_request: MakeRequest, request: pytest.FixtureRequest
) -> None:
    asked, user = make_request(), request.getfixturevalue(who)
    answer = post_decision(as_user(user), asked)
    assert answer.status_code == 403
    assert "can’t decide" in answer.content.decode() or "can&#x27;t decide" in answer.content.decode()
    asked.refresh_from_db()
    assert asked.is_pending
    (entry,) = history("approval.refused")
    assert entry.actor == user.actor_id


def test_a_late_decision_gets_409_with_who_and_when(make_request: MakeRequest, owner: User) -> None:
    asked = make_request()
    client = as_user(owner)
    post_decision(client, asked, verdict="reject", reason="No backup.")
    answer = post_decision(client, asked)
    assert answer.status_code == 409
    assert "rejected already: Lena Vogt, " in answer.content.decode()


def test_a_decision_on_a_changed_step_gets_409_and_the_void_stays(
    make_request: MakeRequest, owner: User, bindings: dict[str, Act | None]
) -> None:
    asked = make_request()
    bindings[asked.subject] = Act("{}", ("store",))
    answer = post_decision(as_user(owner), asked)
    assert answer.status_code == 409
    assert "has changed since you were asked" in answer.content.decode()
    asked.refresh_from_db()
    assert asked.state == "void"


def test_htmx_gets_the_dialog_and_then_nothing_but_the_news(make_request: MakeRequest, owner: User) -> None:
    asked = make_request()
    client, url = as_user(owner), reverse("approvals:decide", args=[asked.uid])
    dialog = client.get(url + "?verdict=reject", headers=HTMX).content.decode()
    assert dialog.lstrip().startswith("<dialog")
    assert "<html" not in dialog
    answer = client.post(url, {"verdict": "reject", "reason": "No.", "seen": asked.digest}, headers=HTMX)
    assert (answer.status_code, answer.content, answer["HX-Trigger"]) == (204, b"", "done")


def test_htmx_on_the_decision_page_loads_it_again(make_request: MakeRequest, owner: User) -> None:
    asked = make_request()
    page = reverse("approvals:page", args=[asked.uid])
    answer = as_user(owner).post(
        reverse("approvals:decide", args=[asked.uid]),
        {"verdict": "approve", "seen": asked.digest},
        headers={**HTMX, "HX-Current-URL": f"http://testserver{page}"},
    )
    assert answer["HX-Redirect"] == page


@pytest.mark.parametrize(
    ("where", "lands"),
    [("/incidents/7", "/incidents/7"), ("https://evil.example/", None), ("//evil.example", None), ("", None)],
)
def test_after_a_decision_the_reader_stays_on_this_site(
    where: str, lands: str | None, make_request: MakeRequest, owner: User
) -> None:
    asked = make_request()
    answer = post_decision(as_user(owner), asked, next=where)
    assert answer["Location"] == (lands or reverse("approvals:page", args=[asked.uid]))


def test_the_inbox_has_four_lists(make_request: MakeRequest, owner: User, deputy: User, responder: User) -> None:
    late, soon = make_request(question="Late?"), make_request(question="Soon?", act=Act(BINDS, ("store",), within_s=1))
    inbox = reverse("approvals:inbox")
    mine = body(as_user(owner), inbox)
    assert mine.index("Soon?") < mine.index("Late?"), "what is due first comes first"
    assert "Late?" in body(as_user(deputy), inbox + "?show=cover")
    assert "Late?" in body(as_user(responder), inbox + "?show=asked")
    post_decision(as_user(owner), late, reason="Because it is safe.")
    assert "Because it is safe." in body(as_user(owner), inbox + "?show=decided")
    assert "Late?" not in body(as_user(owner), inbox)
    assert soon.uid in body(as_user(owner), inbox)


@pytest.mark.parametrize(
    ("show", "says"),
    [
        ("waiting", "Nothing waits for you."),
        ("cover", "Nothing to cover."),
        ("asked", "You asked for nothing yet."),
        ("decided", "You decided nothing yet."),
        ("nonsense", "Nothing waits for you."),
    ],
)
def test_an_empty_list_says_what_would_stand_there(show: str, says: str, viewer: User) -> None:
    assert says in body(as_user(viewer), reverse("approvals:inbox") + f"?show={show}")


def test_the_inbox_shows_nobody_else_s(make_request: MakeRequest, stranger: User) -> None:
    asked = make_request()
    for show in ("waiting", "cover", "asked", "decided"):
        assert asked.uid not in body(as_user(stranger), reverse("approvals:inbox") + f"?show={show}")


def test_the_deputy_takes_it_on_and_then_decides(make_request: MakeRequest, deputy: User) -> None:
    asked = make_request()
    client, url = as_user(deputy), reverse("approvals:cover", args=[asked.uid])
    assert "deputy of the accountable owner of store" in body(client, url)
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "Lena is on a plane."}).status_code == 302
    (entry,) = history("approval.covered")
    assert (entry.actor, entry.fields["reason"]) == (deputy.actor_id, "Lena is on a plane.")
    assert "?verdict=approve" in body(client, reverse("approvals:page", args=[asked.uid]))
    assert post_decision(client, asked).status_code == 302
    asked.refresh_from_db()
    assert asked.state == "approved"


@pytest.mark.parametrize("who", ["responder", "commander", "superuser", "owner"])
def test_nobody_else_can_take_it_on(who: str, make_request: MakeRequest, request: pytest.FixtureRequest) -> None:
    asked, user = make_request(), request.getfixturevalue(who)
    answer = as_user(user).post(reverse("approvals:cover", args=[asked.uid]), {"reason": "Me too."})
    assert answer.status_code == 403
    assert asked.asked.count() == 1
    (entry,) = history("approval.refused")
    assert (entry.actor, entry.fields["verdict"]) == (user.actor_id, "cover")


def test_a_settled_request_can_t_be_taken_on(make_request: MakeRequest, deputy: User) -> None:
    asked = make_request()
    with atomic():
        services.void(asked, reason="Over.", actor=ledger.SYSTEM, now=clock.now())
    answer = as_user(deputy).post(reverse("approvals:cover", args=[asked.uid]), {"reason": "Me."})
    assert answer.status_code == 409


def test_an_owner_who_gets_the_right_later_takes_it_on(
    make_request: MakeRequest, make_service, make_user, payments_team
) -> None:
    from catalog.services import join
    from catalog.states import Role

    late = make_user("late")
    asked = make_request(service=make_service("fresh", owner=late))
    assert not asked.asked.exists()
    join(payments_team, late, Role.APPROVER, ledger.SYSTEM)
    answer = as_user(late).post(reverse("approvals:cover", args=[asked.uid]), {"reason": "I have the role now."})
    assert answer.status_code == 302
    assert asked.asked.get().because == "accountable owner of fresh"


@pytest.mark.parametrize(("who", "may"), [("compliance", True), ("owner", False), ("viewer", False)])
def test_a_pack_of_the_approval_is_offered_to_who_may_export_its_stream(
    who: str, may: bool, make_request: MakeRequest, request: pytest.FixtureRequest
) -> None:
    ledger.open_stream(STREAM)
    found, client = make_request(stream=STREAM), as_user(request.getfixturevalue(who))
    url = f"{reverse('audit:new-pack')}?kind=approval&subject={found.uid}"
    page = body(client, reverse("approvals:page", args=[found.uid])).replace("&amp;", "&")
    assert (f'href="{url}"' in page) is may
    asked = body(client, url)
    assert ("Make a pack of Approval: Promote the standby of store?" in asked) is may, "others aren't told the question"
    sent = {"kind": "approval", "subject": found.uid, "language": "en", "paper": "a4"}
    assert client.post(url, sent).status_code == (302 if may else 403)
