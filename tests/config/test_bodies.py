"""What a body must not be: endless, bottomless, or with text that no database takes. Every door that reads one."""

import json

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalog.yaml_text import LARGEST_FILE
from config.limits import LARGEST_REQUEST, bounded
from runbooks.services import make_runbook
from tests.matrix import bodies
from tests.matrix.conftest import *  # noqa: F403 - the world and all who knock
from tests.matrix.doors import doors
from tests.matrix.table import API
from tests.matrix.world import World

pytestmark = pytest.mark.django_db
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
JSON_DOORS = [door for door, rows in API.items() if "POST" in rows and door in bodies.API]


def send(world: World, door: str, raw: bytes, who: str = ""):
    blanks = doors()[door]
    path = reverse(door, kwargs={name: value for name, value in world.arguments(door).items() if name in blanks})
    anybody = "intake machine" if "intake" in door else "commander"  # where nobody is let in: who would be read
    who = who or next(iter(sorted(API[door]["POST"].may & set(world.clients))), anybody)
    return world.clients[who].post(path, raw, content_type="application/json")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b'{"text": ' * 50_000 + b"1" + b"}" * 50_000, 400),
        (b'{"text": ' + b"[" * 60 + b"]" * 60 + b"}", 400),
        (b'{"text": "a\\u0000b"}', 400),
        (b'{"inputs": {"node": ["a\\u0000b"]}}', 400),
        (b'{"text": "a\\ud800b"}', 400),
        (b'{"a\\u0000": 1}', 400),
        (b'{"text": NaN}', 400),
        (b'{"text": "\xff"}', 400),
        (b'{"text": "' + b"x" * (60 << 20) + b'"}', 413),
    ],
    ids=["deep", "deep objects", "60 levels", "NUL", "NUL inside", "surrogate", "NUL key", "NaN", "no UTF-8", "60 MiB"],
)
def test_no_door_of_the_api_breaks_on_a_hostile_body(raw: bytes, status: int, world: World) -> None:
    """The intake mends NUL and surrogates instead of refusing them: an alert must not be lost for one character."""
    wrong = {}
    for door in JSON_DOORS:
        told = send(world, door, raw).status_code
        if told != status:
            wrong[door] = told
    mended = {"incidents-api:intake-alertmanager", "incidents-api:intake-pagerduty"}
    assert not {door: told for door, told in wrong.items() if door not in mended or told not in (202, 400, 403)}


def test_an_api_body_may_have_one_mebibyte(world: World) -> None:
    door, about = "incidents-api:notes", b'{"text": "%s"}'
    assert send(world, door, about % (b"x" * 1_048_500)).status_code == 400  # read, and too long for a note
    assert send(world, door, about % (b"x" * 1_048_600)).status_code == 413


def test_an_import_may_have_more_but_not_a_file(world: World) -> None:
    files = [{"name": f"{n}.yaml", "content": "# " + "x" * (LARGEST_FILE - 2)} for n in range(3)]
    sent = json.dumps({"files": files}).encode()
    assert send(world, "catalog-api:import", sent).status_code == 200
    files[0]["content"] += "x"
    assert send(world, "catalog-api:import", json.dumps({"files": files}).encode()).status_code == 400


@pytest.mark.parametrize("text", [BOMB, "a: " + "[" * 5_000, "- " * 5_000, "x: !!python/object/apply:os.system [id]"])
def test_a_yaml_bomb_is_refused_at_every_door_that_takes_yaml(text: str, world: World) -> None:
    client = world.clients["administrator"]
    page = client.post("/services/-/import/", {"catalog_files": SimpleUploadedFile("bomb.yaml", text.encode())})
    assert page.status_code in (200, 422)
    assert "Refused" in page.content.decode() or page.status_code == 422
    sent = json.dumps({"files": [{"name": "bomb.yaml", "content": text}]}).encode()
    report = send(world, "catalog-api:import", sent, "administrator").json()
    assert {line["outcome"] for line in report["lines"]} == {"refused"}
    make_runbook("bomb", "Bomb", world.team, actor=world.users["author"])
    version = world.clients["author"].post(
        reverse("runbooks-api:versions", args=["bomb"]), {"source": text}, content_type="application/json"
    )
    assert (version.status_code, version.json()["code"]) == (422, "bad_definition")


def test_a_page_takes_no_file_above_the_limit(world: World) -> None:
    large = SimpleUploadedFile("large.yaml", b"#" * (LARGEST_FILE + 1))
    answer = world.clients["administrator"].post("/services/-/import/", {"catalog_files": large})
    assert answer.status_code == 422
    fields = {"kind": "note", "text": "x" * 3_000_000}
    answer = world.clients["commander"].post(reverse("incidents:write", args=[world.incident.uid]), fields)
    assert answer.status_code == 413 or answer.status_code == 400


@pytest.mark.parametrize("where", ["path", "query"])
def test_a_nul_in_an_address_is_a_bad_request_not_an_error(where: str, world: World) -> None:
    wrong = {}
    for path in ("/incidents/", "/approvals/", "/runbooks/runs/", "/api/v1/incidents", "/api/v1/streams"):
        asked = f"{path}a%00b/" if where == "path" else f"{path}?prefix=%00&stream=%00&q=%00&team=%00&service=%00"
        told = world.clients["commander"].get(asked).status_code
        if told not in (400, 404):
            wrong[asked] = told
    assert not wrong


def test_a_nul_in_a_field_that_no_form_reads_breaks_nothing(world: World) -> None:
    answer = world.clients["commander"].post(reverse("incidents:declare"), {"service": "st\0re"})
    assert answer.status_code == 422


async def _upload(chunks: list[bytes], length: int | None) -> tuple[int, int]:
    """(status, bytes that the application saw) of an upload in pieces."""
    seen = 0

    async def application(scope, receive, send):
        nonlocal seen
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            seen += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    talk = ApplicationCommunicator(bounded(application), {"type": "http", "path": "/", "headers": headers})
    for place, chunk in enumerate(chunks, 1):
        await talk.send_input({"type": "http.request", "body": chunk, "more_body": place < len(chunks)})
    status = (await talk.receive_output(5))["status"]
    await talk.receive_output(5)
    await talk.wait(5)
    return status, seen


@pytest.mark.parametrize(
    ("chunks", "length", "status"),
    [
        ([b"x"], 1, 200),
        ([b"x" * LARGEST_REQUEST], None, 200),
        ([b""], LARGEST_REQUEST + 1, 413),
        ([b"x" * (LARGEST_REQUEST // 2)] * 3, None, 413),
        ([b"x" * (LARGEST_REQUEST // 2)] * 3, 5, 413),
        ([b"x"], -1, 413),
    ],
    ids=["small", "just", "said", "unsaid", "lied", "nonsense"],
)
def test_the_server_reads_no_further_than_the_limit(chunks: list[bytes], length: int | None, status: int) -> None:
    told, seen = async_to_sync(_upload)(chunks, length)
    assert told == status
    assert seen <= LARGEST_REQUEST
