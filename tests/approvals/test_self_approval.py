"""Nobody approves their own request: every part that somebody may have in it, at every way in.

Each of the tempted owns the touched service and holds the right to approve there, wherever the part allows it, and has
just given a second factor: so that nothing but the rule stands in the way.
"""

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command, get_commands
from django.db import connection
from django.test import Client
from django.urls import get_resolver, reverse

from approvals import services
from approvals.errors import NotEntitled
from approvals.models import ApprovalRequest, Decision, Delegation
from approvals.policies import fitness
from approvals.selectors import part_to_cover
from approvals.services import Act
from audit import ledger
from catalog.models import Service, Team, User
from catalog.services import join
from catalog.states import Role
from incidents.services import declare
from plumbing import clock
from tests.approvals.conftest import BINDS, DAY, MakeRequest, ask_also, history
from tests.factors import proved
from tests.incidents.sockets import HOST, prepared, served
from tests.matrix.doors import doors

pytestmark = pytest.mark.django_db
Scene = tuple[ApprovalRequest, User, str]  # the request, who is tempted, and why it isn't theirs to decide


def post_page(client: Client, request: ApprovalRequest, **headers: str) -> int:
    said = {"verdict": "approve", "reason": "It is mine.", "seen": request.digest, "typed": request.digest[:8]}
    return client.post(reverse("approvals:decide", args=[request.uid]), said, headers=headers).status_code


def post_htmx(client: Client, request: ApprovalRequest) -> int:
    return post_page(client, request, **{"HX-Request": "true"})


def post_api(client: Client, request: ApprovalRequest) -> int:
    said = {"verdict": "approve", "reason": "It is mine.", "seen_digest": request.digest, "typed": request.digest[:8]}
    return client.post(
        reverse("approvals-api:decide", args=[request.uid]), said, content_type="application/json"
    ).status_code


def post_cover(client: Client, request: ApprovalRequest) -> int:
    return client.post(reverse("approvals:cover", args=[request.uid]), {"reason": "I take it."}).status_code


def post_standing(client: Client, request: ApprovalRequest) -> int:
    said = {"most": 3, "days": 7, "reason": "Always mine."}
    return client.post(reverse("approvals:standing", args=[request.uid]), said).status_code


WAYS_IN: dict[str, Callable[[Client, ApprovalRequest], int]] = {
    "page": post_page,
    "htmx": post_htmx,
    "api": post_api,
    "cover": post_cover,
    "standing": post_standing,
}
PARTS = {
    "requester": fitness.REQUESTER,
    "executor": fitness.EXECUTOR,
    "author": fitness.AUTHOR,
    "shaper": fitness.SHAPER,
    "superuser": fitness.REQUESTER,
    "superuser without a role": fitness.REQUESTER,
    "administrator": fitness.REQUESTER,
    "own delegate": fitness.NOT_ASKED,
    "delegate of an approver": fitness.REQUESTER,
}


@pytest.fixture
def act(store: Service) -> Act:
    return Act(BINDS, ("store",), class_="restart-critical", runbook="switch", version="v", step="switch")


@pytest.fixture
def scene(
    make_request: MakeRequest, make_user, store: Service, owner: User, deputy: User, payments_team: Team, act: Act
) -> Callable[[str], Scene]:
    """scene(part) -> a request, somebody who has this part in it, and why they may not decide it."""

    def owning(**fields: object) -> User:
        Service.objects.filter(pk=store.pk).update(owner=(user := make_user("tempted", team=payments_team, **fields)))
        return user

    def make(part: str) -> Scene:
        said: dict[str, object] = {"act": act}
        tempted = owner
        match part:
            case "requester" | "executor" | "author":
                said[part] = owner
            case "shaper":
                said["shapers"] = [owner]
            case "superuser":
                tempted = said["requester"] = owning(superuser=True, roles=[Role.APPROVER])
            case "superuser without a role":
                tempted = said["requester"] = owning(superuser=True)
            case "administrator":
                tempted = said["requester"] = owning(roles=[Role.ADMINISTRATOR, Role.APPROVER, Role.COMMANDER])
            case "own delegate":
                said["requester"] = owner
                tempted = make_user("stand-in", team=payments_team, roles=[Role.APPROVER])
                stands_in(owner, tempted)
            case "delegate of an approver":
                said["requester"] = owner
                stands_in(deputy, owner)
        return make_request(**said), tempted, PARTS[part]

    return make


def stands_in(giver: User, taker: User) -> None:
    now = clock.now()
    services.delegate(
        giver=giver, taker=taker, services=[], classes=[], since=now, until=now + DAY, reason="Away.", actor=giver,
        now=now,
    )  # fmt: skip


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    proved(client, user)
    return client


def nothing_came_of_it(request: ApprovalRequest, act: Act) -> None:
    request.refresh_from_db()
    assert request.is_pending
    assert not Decision.objects.exists()
    assert not request.standing_approvals.exists()
    assert services.use(request.subject, act=act, actor=ledger.SYSTEM, now=clock.now()) == "nobody has decided yet"
    assert not history("approval.approved")


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize("part", PARTS)
def test_nobody_approves_their_own_request(part: str, way: str, scene: Callable[[str], Scene], act: Act) -> None:
    request, tempted, because = scene(part)
    assert not request.asked.filter(user=tempted).exists(), "never asked, neither as owner nor as a delegate"
    assert WAYS_IN[way](signed_in(tempted), request) == 403
    nothing_came_of_it(request, act)
    (entry,) = history("approval.refused")
    assert (entry.actor, entry.fields["request"]) == (tempted.actor_id, request.uid)
    if way != "standing":
        assert entry.fields["because"] == because


@pytest.mark.parametrize("way", ["page", "htmx", "api"])
def test_the_same_way_lets_in_who_may(way: str, scene: Callable[[str], Scene], deputy: User) -> None:
    """So that a refusal above is the rule's, and not a mistake in the body."""
    request, _, _ = scene("requester")
    assert WAYS_IN[way](signed_in(deputy), request) == {"page": 302, "htmx": 204, "api": 200}[way]
    request.refresh_from_db()
    assert request.state == "approved"


@pytest.mark.parametrize("part", PARTS)
def test_the_service_itself_refuses_whatever_the_door(part: str, scene: Callable[[str], Scene], decide) -> None:
    request, tempted, because = scene(part)
    with pytest.raises(NotEntitled) as caught:
        decide(request, tempted, reason="It is mine.")
    assert because in str(caught.value)
    assert part_to_cover(request, tempted) is None


@pytest.mark.parametrize("asks", [True, False])
def test_a_machine_user_approves_nothing_with_its_token(
    asks: bool, make_request: MakeRequest, make_user, make_token, store: Service, payments_team: Team, act: Act
) -> None:
    robot = make_user("robot", machine=True, team=payments_team, roles=[Role.APPROVER, Role.RESPONDER])
    Service.objects.filter(pk=store.pk).update(owner=robot)
    request = make_request(act=act, **({"requester": robot} if asks else {}))
    client = Client(headers={"Authorization": f"Bearer {make_token(robot).secret}"})
    assert post_api(client, request) == 403
    assert post_page(client, request) == 302, "tokens open no pages"
    nothing_came_of_it(request, act)
    (entry,) = history("approval.refused")
    assert (entry.actor, entry.fields["because"]) == (robot.actor_id, fitness.MACHINE)


def test_who_stands_in_for_an_excluded_owner_decides_nothing_also_where_they_were_asked(
    make_request: MakeRequest, make_user, decide, owner: User, payments_team: Team
) -> None:
    """A row that no routing would make: asked as the delegate of the one who asks."""
    stand_in = make_user("stand-in", team=payments_team, roles=[Role.APPROVER])
    stands_in(owner, stand_in)
    request = make_request(requester=owner)
    asked = ask_also(request, stand_in)
    asked.basis |= {"who": "owner", "giver": owner.actor_id, "delegation": Delegation.objects.get().pk}
    asked.save()
    with pytest.raises(NotEntitled, match=fitness.DELEGATE):
        decide(request, stand_in)
    assert history("approval.refused")[-1].actor == stand_in.actor_id


def test_who_asked_and_lost_the_request_to_somebody_else_is_still_its_requester(
    make_request: MakeRequest, decide, owner: User, payments_team: Team, admin_user: User
) -> None:
    """Leaving and joining the role again, or being signed out of the part, changes nothing."""
    request = make_request(requester=owner)
    for role in (Role.RESPONDER, Role.COMMANDER, Role.ADMINISTRATOR):
        join(payments_team, owner, role, admin_user)
    with pytest.raises(NotEntitled, match="asks for it"):
        decide(request, owner)


@pytest.mark.django_db(transaction=True)
def test_a_websocket_takes_no_decision(make_request: MakeRequest, commander: User, store: Service, settings) -> None:
    """What a page says there is let fall; no decision reaches a service, so that nothing is to be put on record."""
    settings.ALLOWED_HOSTS = [HOST]
    incident = declare(title="Slow", severity="SEV2", services=[store], declarer=commander, description="")
    request = make_request(stream=incident.stream, requester=commander)
    open_socket = prepared(f"/ws/incidents/{incident.uid}", commander)
    frames = [
        {"verdict": "approve", "seen_digest": request.digest, "request": request.uid},
        {"type": "approvals.decide", "uid": request.uid, "verdict": "approve", "seen": request.digest},
        {"here": "active", "decide": request.uid},
    ]

    async def main() -> int:
        async with open_socket() as socket:
            reached: int = await socket.heard("at")
            for frame in frames:
                await socket.say(text=json.dumps(frame))
            await socket.say(text=json.dumps({"here": "away"}))
            while [one["here"] for one in await socket.heard("here")] != ["away"]:
                pass  # frames are taken in order: those before are through, too
            return reached

    served(main)
    request.refresh_from_db()
    assert request.is_pending
    assert not Decision.objects.exists()


def test_there_is_no_admin_and_no_door_of_django_s_own() -> None:
    assert not apps.is_installed("django.contrib.admin")
    assert not [door for door in doors() if "admin" in door.lower()]
    assert "admin" not in (get_resolver().namespace_dict or {})
    for path in ("/admin/", "/admin/approvals/approvalrequest/", "/django-admin/"):
        assert Client().get(path).status_code == 404


def test_no_command_of_ours_knows_how_to_decide() -> None:
    """A command that decides would have to call approvals, and none names it."""
    root = Path(settings.BASE_DIR)
    ours = {name: app for name, app in get_commands().items() if (root / str(app).replace(".", "/")).is_dir()}
    assert {"sweep", "serve", "load_demo", "verify_ledger", "import_catalog"} <= ours.keys()
    for name, app in ours.items():
        source = (root / str(app).replace(".", "/") / "management" / "commands" / f"{name}.py").read_text("utf-8")
        imported = {
            module.partition(".")[0]
            for node in ast.walk(ast.parse(source))
            for module in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert "approvals" not in imported, f"{name} may decide"


def approve_by_update(request: ApprovalRequest, user: User) -> None:
    ApprovalRequest.objects.filter(pk=request.pk).update(state="approved", settled_at=clock.now())


def approve_by_save(request: ApprovalRequest, user: User) -> None:
    """As an admin page would save it, with a decision beside."""
    request.state, request.settled_at, request.requester = "approved", clock.now(), None
    request.save()
    decided = Decision.objects.create(
        request=request, user=user, verdict="approve", reason="I am root.", digest=request.digest,
        decided_at=clock.now(),
    )  # fmt: skip
    decided.seats.set(request.seats.all())


def approve_by_sql(request: ApprovalRequest, user: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE approvals_approvalrequest SET state = 'approved' WHERE id = %s", [request.pk])


def approve_by_loaddata(request: ApprovalRequest, user: User) -> None:
    """manage.py loaddata, the command that writes rows as they are told."""
    file = Path(settings.LEDGER_KEY_FILE).parent / "rows.json"
    call_command("dumpdata", "approvals.approvalrequest", output=str(file))
    rows = json.loads(file.read_text("utf-8"))
    for row in rows:
        row["fields"] |= {"state": "approved", "settled_at": clock.now().isoformat()}
    file.write_text(json.dumps(rows), "utf-8")
    call_command("loaddata", str(file), verbosity=0)


@pytest.mark.parametrize("alter", [approve_by_update, approve_by_save, approve_by_sql, approve_by_loaddata])
def test_a_row_that_a_superuser_makes_approved_lets_nothing_run(
    alter: Callable[[ApprovalRequest, User], None], make_request: MakeRequest, make_user, act: Act, settings, tmp_path
) -> None:
    settings.LEDGER_KEY_FILE = tmp_path / "ledger-key.pem"
    root = make_user("root", superuser=True)
    request = make_request(act=act, requester=root)
    alter(request, root)
    request.refresh_from_db()
    assert request.state == "approved", "the row says so"
    because = services.use(request.subject, act=act, actor=ledger.SYSTEM, now=clock.now())
    assert because == "the ledger has no approval of this request"
    assert not [entry for entry in history() if entry.kind in ("approval.approved", "approval.used")]
