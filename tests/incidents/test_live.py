"""The bell of the war room: who hears it, what it says, and that losing a ring loses nothing."""

import asyncio
import datetime as dt
import threading
import time
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers, get_channel_layer
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections

from audit.selectors import reached
from catalog.models import Membership
from config.asgi import rooms
from incidents import consumers, hub, services
from incidents.hub import Watcher, group_of
from incidents.room import room_for
from plumbing import live
from tests.incidents.sockets import Socket

pytestmark = pytest.mark.django_db(transaction=True)
ORIGIN = "http://testserver"
NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


@pytest.fixture
def ours(monkeypatch):
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])


@pytest.fixture
def serve(ours):
    """serve(coroutine function): run it as the server would, its loop kept for rings."""

    def run(main):
        async def served():
            live.attach()
            try:
                return await asyncio.wait_for(main(), 30)
            finally:
                live.detach()
                await sync_to_async(connections.close_all)()

        channel_layers.backends.clear()
        return asyncio.run(served())

    return run


def session_of(user):
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return store


def socket(path, user=None, origin=ORIGIN):
    """A function that opens a socket inside the loop: the session is made out here, where queries are allowed."""
    headers = [(b"host", b"testserver")] + ([(b"origin", origin.encode())] if origin else [])
    if user is not None:
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={session_of(user).session_key}".encode()))
    return lambda: Socket(rooms, path, headers)


def note(incident, actor):
    """Somebody writes, in a thread with a connection of its own."""
    services.add_note(incident, "Now", actor=actor)
    connections.close_all()


def path_of(incident):
    return f"/ws/incidents/{incident.uid}"


@pytest.mark.parametrize(
    ("who", "origin", "welcome"),
    [
        ("commander", ORIGIN, True),
        ("viewer", ORIGIN, True),
        ("stranger", ORIGIN, False),
        (None, ORIGIN, False),
        ("commander", "http://evil.example", False),
        ("commander", "null", False),
        ("commander", "", False),
        ("commander", "http://testserver.evil.example", False),
    ],
)
def test_only_those_who_see_the_incident_hear_its_bell(request, serve, make_incident, who, origin, welcome):
    prepared = socket(path_of(make_incident()), request.getfixturevalue(who) if who else None, origin)

    async def main():
        communicator = prepared()
        accepted = await communicator.connect()
        if accepted:
            await communicator.leave()
        return accepted

    assert serve(main) is welcome  # closed before accept: the browser sees a 403, and no reason


def test_an_unknown_incident_is_refused_like_somebody_elses(serve, commander):
    prepared = socket("/ws/incidents/" + "0" * 32, commander)

    async def main():
        return await prepared().connect()

    assert serve(main) is False


def test_it_rings_on_connect_and_after_each_commit(serve, make_incident, commander):
    incident = make_incident()
    prepared = socket(path_of(incident), commander)

    async def main():
        communicator = prepared()
        await communicator.connect()
        first = await communicator.heard("at")
        began = time.monotonic()
        await asyncio.to_thread(note, incident, commander)
        second = await communicator.heard("at")
        await communicator.leave()
        return first, second, time.monotonic() - began

    first, second, took = serve(main)
    assert first == reached(incident.stream) - 1
    assert second == reached(incident.stream)
    assert took < hub.POLL_S / 2, "the ring was lost; only the poll found the entry"


def test_a_lost_ring_costs_no_more_than_a_poll(serve, make_incident, commander, monkeypatch):
    monkeypatch.setattr(hub, "POLL_S", 0.2)
    monkeypatch.setattr(live, "_send", lambda *_: None)
    incident = make_incident()
    prepared = socket(path_of(incident), commander)

    async def main():
        communicator = prepared()
        await communicator.connect()
        await communicator.heard("at")
        await asyncio.to_thread(note, incident, commander)
        at = await communicator.heard("at")
        await communicator.leave()
        return at

    assert serve(main) == reached(incident.stream)


def test_what_a_client_says_commands_nothing(serve, make_incident, commander):
    incident = make_incident()
    prepared = socket(path_of(incident), commander)
    nonsense = [
        "",
        "{",
        "[]",
        '{"here": "everywhere"}',
        '{"here": ["active"]}',
        '{"here": "away", "x": 1}',
        "[" * 20_000,
    ]

    async def main():
        communicator = prepared()
        await communicator.connect()
        await communicator.heard("at")
        for text in nonsense:
            await communicator.say(text=text)
        await communicator.say(text='{"here": "away"}')
        people = await communicator.heard("here")
        while people[0]["here"] != "away":
            people = await communicator.heard("here")
        await communicator.leave()
        return people

    before = reached(incident.stream)
    (person,) = serve(main)
    assert (person["name"], person["initials"]) == ("Amara Diallo", "AD")
    assert reached(incident.stream) == before


@pytest.mark.parametrize("frame", [{"raw": b"x"}, {"text": "x" * 65_537}], ids=["binary", "too large"])
def test_a_frame_that_no_page_of_ours_sends_closes_the_socket(serve, make_incident, commander, frame):
    prepared = socket(path_of(make_incident()), commander)

    async def main():
        communicator = prepared()
        await communicator.connect()
        await communicator.say(**frame)
        return await communicator.closed()

    assert serve(main)[0] == consumers.TOO_LARGE


def test_people_in_the_room_see_each_other(serve, make_incident, commander, responder):
    incident = make_incident()
    one, two = socket(path_of(incident), commander), socket(path_of(incident), responder)

    async def main():
        first, second = one(), two()
        await first.connect()
        await first.heard("here")
        await second.connect()
        together = await first.heard("here")
        seen = await second.heard("here")
        view = await sync_to_async(room_for)(commander, incident, NOW)
        assert [person.name for person in view.presence] == ["Amara Diallo", "Jonas Weber"]
        await second.leave()
        alone = await first.heard("here")
        await first.leave()
        return together, seen, alone

    together, seen, alone = serve(main)
    assert [person["name"] for person in together] == ["Amara Diallo", "Jonas Weber"] == [p["name"] for p in seen]
    assert [person["name"] for person in alone] == ["Amara Diallo"]
    assert hub.present_in(group_of(incident.stream)) == []


@pytest.mark.parametrize(
    ("end", "code"),
    [("session", consumers.SIGN_IN), ("right", consumers.NO_ACCESS), ("account", consumers.SIGN_IN)],
)
def test_an_open_socket_ends_with_session_or_right(serve, make_incident, viewer, monkeypatch, end, code):
    monkeypatch.setattr(consumers, "RECHECK_S", 0.1)
    incident = make_incident()
    prepared = socket(path_of(incident), viewer)

    def finish():
        if end == "session":
            SessionStore.get_model_class().objects.all().delete()
        elif end == "right":
            Membership.objects.filter(user=viewer).delete()
            viewer.groups.clear()
        else:
            type(viewer).objects.filter(pk=viewer.pk).update(is_active=False)

    async def main():
        communicator = prepared()
        await communicator.connect()
        await sync_to_async(finish)()
        return await communicator.closed()

    closed, said = serve(main)
    assert closed == code
    assert '"bye"' in said[-1]


def test_the_lobby_hears_every_incident(serve, make_incident, stranger, commander):
    incident = make_incident()
    prepared = socket("/ws/lobby", stranger)

    async def main():
        communicator = prepared()
        await communicator.connect()
        first = await communicator.heard("at")
        await asyncio.to_thread(note, incident, commander)
        second = await communicator.heard("at")
        await communicator.leave()
        return first, second

    first, second = serve(main)
    assert second > first


def test_one_person_cannot_open_sockets_without_end(serve, make_incident, commander, monkeypatch):
    monkeypatch.setattr(consumers, "MOST_PER_USER", 2)
    prepared = [socket(path_of(make_incident()), commander) for _ in range(3)]

    async def main():
        communicators = [each() for each in prepared]
        accepted = [await each.connect() for each in communicators]
        for each, was in zip(communicators, accepted, strict=True):
            if was:
                await each.leave()
        again = prepared[0]()
        accepted.append(await again.connect())
        await again.leave()
        return accepted

    assert serve(main) == [True, True, False, True]


def test_many_watchers_cost_one_reader_and_a_frozen_one_hurts_nobody(serve):
    reads = []

    async def main():
        level = SimpleNamespace(at=1)

        async def reach():
            reads.append(level.at)
            return level.at

        frozen, watchers = Watcher("Frozen", "f"), [Watcher(f"W{n}", str(n)) for n in range(50)]
        hubs = {await hub.enter("room.test", reach, each) for each in [frozen, *watchers]}
        for each in watchers:
            await each.next_texts()
        joins = len(reads)
        for level.at in range(2, 300):
            live._send("room.test", {"type": "ring"})
        texts = [await each.next_texts() for each in watchers]
        while '{"at": 299}' not in texts[0]:
            texts = [await each.next_texts() for each in watchers]
        pending = await frozen.next_texts()
        for each in [frozen, *watchers]:
            await hub.leave(*hubs, each)
        return len(hubs), len(reads) - joins, texts, pending, hub.watching()

    hubs, extra_reads, texts, pending, left = serve(main)
    assert hubs == 1
    assert extra_reads < 30, "298 rings in one breath are a few reads, not 298"
    assert {tuple(text) for text in texts} == {('{"at": 299}',)}
    assert pending == ['{"at": 299}'], "whoever doesn't read keeps the newest only"
    assert left == 0


def test_a_ring_from_another_thread_wakes_the_loop(serve, make_incident, commander):
    incident = make_incident()
    prepared = socket(path_of(incident), commander)

    async def main():
        communicator = prepared()
        await communicator.connect()
        await communicator.heard("at")
        thread = threading.Thread(target=note, args=(incident, commander))
        thread.start()
        at = await communicator.heard("at", hub.POLL_S / 2)
        await asyncio.to_thread(thread.join)
        await communicator.leave()
        return at

    assert serve(main) == reached(incident.stream)


@pytest.mark.redis
def test_a_process_without_sockets_rings_over_redis(serve, make_incident, commander):
    """As a worker does: it has no loop, so the ring travels over the channel layer."""
    incident = make_incident()
    prepared = socket(path_of(incident), commander)

    async def main():
        communicator = prepared()
        await communicator.connect()
        await communicator.heard("at")
        live.detach()
        began = time.monotonic()
        await asyncio.to_thread(note, incident, commander)
        at = await communicator.heard("at")
        await communicator.leave()
        return at, time.monotonic() - began

    at, took = serve(main)
    assert at == reached(incident.stream)
    assert took < hub.POLL_S / 2, "only the poll found it"


def test_a_ring_where_no_loop_listens_is_let_fall(make_incident, responder):
    live.detach()
    services.add_note(make_incident(), "Nobody watches", actor=responder)  # must neither raise nor wait


def test_a_layer_that_fails_costs_nobody_anything(serve, make_incident, commander, monkeypatch):
    """As with a Redis that is gone: the page opens, the poll brings what is new, the writer doesn't notice."""
    monkeypatch.setattr(hub, "POLL_S", 0.2)
    monkeypatch.setattr(hub, "AFTER_AN_ERROR_S", 0.05)
    incident = make_incident()
    prepared = socket(path_of(incident), commander)

    async def refuse(*_, **__):
        raise ConnectionError("Redis is gone")

    async def main():
        layer = get_channel_layer()
        for verb in ("group_add", "group_send", "group_discard", "receive"):
            monkeypatch.setattr(layer, verb, refuse)
        communicator = prepared()
        await communicator.connect()
        await communicator.heard("at")
        await asyncio.to_thread(note, incident, commander)
        at = await communicator.heard("at")
        await communicator.leave()
        return at

    assert serve(main) == reached(incident.stream)


def test_a_database_that_is_away_for_a_moment_doesnt_end_the_hub(serve, monkeypatch):
    monkeypatch.setattr(hub, "POLL_S", 0.05)
    monkeypatch.setattr(hub, "AFTER_AN_ERROR_S", 0.05)
    answers = iter([1, 1, OSError("away"), OSError("away")])

    async def reach():
        answer = next(answers, 7)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def main():
        watcher = Watcher("W", "1")
        entered = await hub.enter("room.shaky", reach, watcher)
        texts = await watcher.next_texts()
        while texts != ['{"at": 7}']:
            texts = await asyncio.wait_for(watcher.next_texts(), 5)
        await hub.leave(entered, watcher)
        return True

    assert serve(main)


def test_groups_are_named_by_stream(make_incident):
    incident = make_incident()
    assert group_of(incident.stream) == f"room.inc_{incident.uid}"
    assert len(group_of(incident.stream)) < 100  # the channel layer's limit
