"""Every WebSocket x everybody x origins, against the table; and how many sockets one person may hold."""

import asyncio
from collections import Counter

import pytest
from django.conf import settings

from config.asgi import rooms
from incidents import consumers
from incidents.routing import websocket_urlpatterns
from tests.incidents.sockets import Socket, served
from tests.matrix.doors import IN
from tests.matrix.table import EVERYBODY, SOCKETS
from tests.matrix.world import World

pytestmark = pytest.mark.django_db(transaction=True)
HOST, OURS = "testserver", "http://testserver"
FOREIGN = ["", "null", "http://evil.example", "http://testserver.evil.example", "http://testserver:81", "testserver"]


@pytest.fixture(autouse=True)
def our_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", [HOST])
    monkeypatch.setattr(consumers, "_sockets", Counter())  # other tests end their loop before a socket has left


def opened(world: World, path: str, who: str, origin: str = OURS) -> Socket:
    """A socket as the browser, or the program, of somebody would open it."""
    client, headers = world.clients[who], [(b"host", HOST.encode())]
    if origin:
        headers.append((b"origin", origin.encode()))
    if settings.SESSION_COOKIE_NAME in client.cookies:
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode()))
    if bearer := client.defaults.get("HTTP_AUTHORIZATION"):
        headers.append((b"authorization", bearer.encode()))
    return Socket(rooms, path, headers)


async def welcomed(socket: Socket) -> bool:
    accepted = await socket.connect()
    if accepted:
        await socket.leave()
    return accepted


def test_every_socket_has_a_row() -> None:
    known = {str(pattern.pattern) for pattern in websocket_urlpatterns}
    assert known == set(SOCKETS), "Say in SOCKETS of tests/matrix/table.py who may listen at which socket."


@pytest.mark.parametrize("route", SOCKETS)
def test_a_socket_lets_in_whom_the_table_names_and_no_foreign_page(route: str, world: World) -> None:
    path = "/" + route.replace("<str:uid>", world.incident.uid)
    machines = {"machine", "intake machine"}  # tokens open no sockets

    async def main() -> list[str]:
        wrong = []
        for who in EVERYBODY:
            wanted = who not in machines and SOCKETS[route].says(who, api=False) == IN
            if await welcomed(opened(world, path, who)) is not wanted:
                wrong.append(f"{who} should {'' if wanted else 'not '}hear {path}")
            wrong += [
                f"{who} from {origin!r}" for origin in FOREIGN if await welcomed(opened(world, path, who, origin))
            ]
        return wrong

    assert served(main) == []
    assert not +consumers._sockets, "a socket that is gone is still counted"


def test_one_person_holds_no_more_sockets_than_allowed_also_when_they_come_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "MOST_PER_USER", 3)
    path = f"/ws/incidents/{world.incident.uid}"

    async def main() -> tuple[int, bool, bool]:
        sockets = [opened(world, path, "commander") for _ in range(10)]
        accepted = await asyncio.gather(*(socket.connect() for socket in sockets))
        another = await welcomed(opened(world, path, "viewer"))
        held = [socket for socket, is_in in zip(sockets, accepted, strict=True) if is_in]
        await held[0].leave()
        again = await welcomed(opened(world, path, "commander"))
        for socket in held[1:]:
            await socket.leave()
        return sum(accepted), another, again

    assert served(main) == (3, True, True)
    assert not +consumers._sockets
