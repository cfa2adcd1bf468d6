"""The bell of the war room: who hears it, what it says, and what people may say to it."""

import datetime as dt
import time

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore

from audit.selectors import reached
from catalog.models import Membership
from incidents import consumers, hub
from incidents.hub import group_of
from incidents.room import room_for
from tests.incidents.sockets import ORIGIN, path_of, prepared, rung, served

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("our_host")]
NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


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
def test_only_those_who_see_the_incident_hear_its_bell(request, make_incident, who, origin, welcome):
    socket = prepared(path_of(make_incident()), request.getfixturevalue(who) if who else None, origin)

    async def main():
        communicator = socket()
        accepted = await communicator.connect()
        if accepted:
            await communicator.leave()
        return accepted

    assert served(main) is welcome  # closed before accept: the browser sees a 403, and no reason


def test_an_unknown_incident_is_refused_like_somebody_elses(commander):
    socket = prepared("/ws/incidents/" + "0" * 32, commander)

    async def main():
        return await socket().connect()

    assert served(main) is False


def test_it_rings_on_connect_and_after_each_commit(make_incident, commander):
    incident = make_incident()
    socket = prepared(path_of(incident), commander)

    async def main():
        async with socket() as opened:
            began = time.monotonic()
            return *await rung(opened, incident, commander), time.monotonic() - began

    first, second, took = served(main)
    assert first == reached(incident.stream) - 1
    assert second == reached(incident.stream)
    assert took < hub.POLL_S / 2, "the ring was lost; only the poll found the entry"


def test_what_a_client_says_commands_nothing(make_incident, commander):
    incident = make_incident()
    socket = prepared(path_of(incident), commander)
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
        async with socket() as opened:
            await opened.heard("at")
            for text in nonsense:
                await opened.say(text=text)
            await opened.say(text='{"here": "away"}')
            people = await opened.heard("here")
            while people[0]["here"] != "away":
                people = await opened.heard("here")
            return people

    before = reached(incident.stream)
    (person,) = served(main)
    assert (person["name"], person["initials"]) == ("Amara Diallo", "AD")
    assert reached(incident.stream) == before


@pytest.mark.parametrize("frame", [{"raw": b"x"}, {"text": "x" * 65_537}], ids=["binary", "too large"])
def test_a_frame_that_no_page_of_ours_sends_closes_the_socket(make_incident, commander, frame):
    socket = prepared(path_of(make_incident()), commander)

    async def main():
        communicator = socket()
        await communicator.connect()
        await communicator.say(**frame)
        return await communicator.closed()

    assert served(main)[0] == consumers.TOO_LARGE


def test_people_in_the_room_see_each_other(make_incident, commander, responder):
    incident = make_incident()
    one, two = prepared(path_of(incident), commander), prepared(path_of(incident), responder)

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

    together, seen, alone = served(main)
    assert [person["name"] for person in together] == ["Amara Diallo", "Jonas Weber"] == [p["name"] for p in seen]
    assert [person["name"] for person in alone] == ["Amara Diallo"]
    assert hub.present_in(group_of(incident.stream)) == []


@pytest.mark.parametrize(
    ("end", "code"),
    [("session", consumers.SIGN_IN), ("right", consumers.NO_ACCESS), ("account", consumers.SIGN_IN)],
)
def test_an_open_socket_ends_with_session_or_right(make_incident, viewer, monkeypatch, end, code):
    monkeypatch.setattr(consumers, "RECHECK_S", 0.1)
    incident = make_incident()
    socket = prepared(path_of(incident), viewer)

    def finish():
        if end == "session":
            SessionStore.get_model_class().objects.all().delete()
        elif end == "right":
            Membership.objects.filter(user=viewer).delete()
            viewer.groups.clear()
        else:
            type(viewer).objects.filter(pk=viewer.pk).update(is_active=False)

    async def main():
        communicator = socket()
        await communicator.connect()
        await sync_to_async(finish)()
        return await communicator.closed()

    closed, said = served(main)
    assert closed == code
    assert '"bye"' in said[-1]


def test_the_lobby_hears_every_incident(make_incident, stranger, commander):
    incident = make_incident()
    socket = prepared("/ws/lobby", stranger)

    async def main():
        async with socket() as opened:
            return await rung(opened, incident, commander)

    first, second = served(main)
    assert second > first


def test_one_person_cannot_open_sockets_without_end(make_incident, commander, monkeypatch):
    monkeypatch.setattr(consumers, "MOST_PER_USER", 2)
    sockets = [prepared(path_of(make_incident()), commander) for _ in range(3)]

    async def main():
        communicators = [each() for each in sockets]
        accepted = [await each.connect() for each in communicators]
        for each, was in zip(communicators, accepted, strict=True):
            if was:
                await each.leave()
        again = sockets[0]()
        accepted.append(await again.connect())
        await again.leave()
        return accepted

    assert served(main) == [True, True, False, True]
