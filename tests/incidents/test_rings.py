"""How a ring reaches the sockets, and that losing one loses nothing."""

import asyncio
import threading
import time
from types import SimpleNamespace

import pytest
from channels.layers import get_channel_layer

from audit.selectors import reached
from incidents import hub, services
from incidents.hub import Watcher, group_of
from plumbing import live
from tests.incidents.sockets import note, path_of, prepared, rung, served

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("our_host")]


def test_a_lost_ring_costs_no_more_than_a_poll(make_incident, commander, monkeypatch):
    monkeypatch.setattr(hub, "POLL_S", 0.2)
    monkeypatch.setattr(live, "_put", lambda *_: None)
    incident = make_incident()
    socket = prepared(path_of(incident), commander)

    async def main():
        async with socket() as opened:
            return await rung(opened, incident, commander)

    assert served(main)[1] == reached(incident.stream)


def test_many_watchers_cost_one_reader_and_a_frozen_one_hurts_nobody():
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
            live._put("room.test")
        texts = [await each.next_texts() for each in watchers]
        while '{"at": 299}' not in texts[0]:
            texts = [await each.next_texts() for each in watchers]
        pending = await frozen.next_texts()
        for each in [frozen, *watchers]:
            await hub.leave(*hubs, each)
        return len(hubs), len(reads) - joins, texts, pending, hub.watching()

    hubs, extra_reads, texts, pending, left = served(main)
    assert hubs == 1
    assert extra_reads < 30, "298 rings in one breath are a few reads, not 298"
    assert {tuple(text) for text in texts} == {('{"at": 299}',)}
    assert pending == ['{"at": 299}'], "whoever doesn't read keeps the newest only"
    assert left == 0


def test_a_ring_from_another_thread_wakes_the_loop(make_incident, commander):
    incident = make_incident()
    socket = prepared(path_of(incident), commander)

    async def main():
        async with socket() as opened:
            await opened.heard("at")
            thread = threading.Thread(target=note, args=(incident, commander))
            thread.start()
            at = await opened.heard("at", hub.POLL_S / 2)
            await asyncio.to_thread(thread.join)
            return at

    assert served(main) == reached(incident.stream)


@pytest.mark.redis
def test_a_process_without_sockets_rings_over_redis(make_incident, commander):
    """As a worker does: it has no loop, so the ring travels over the channel layer."""
    incident = make_incident()
    socket = prepared(path_of(incident), commander)

    async def main():
        async with socket() as opened:
            await opened.heard("at")
            live.detach()
            began = time.monotonic()
            await asyncio.to_thread(note, incident, commander)
            return await opened.heard("at"), time.monotonic() - began

    at, took = served(main)
    assert at == reached(incident.stream)
    assert took < hub.POLL_S / 2, "only the poll found it"


def test_a_ring_where_no_loop_listens_is_let_fall(make_incident, responder):
    live.detach()
    services.add_note(make_incident(), "Nobody watches", actor=responder)  # must neither raise nor wait


def test_a_layer_that_fails_costs_nobody_anything(make_incident, commander, monkeypatch):
    """As with a Redis that is gone: the page opens, the poll brings what is new, the writer doesn't notice."""
    monkeypatch.setattr(hub, "POLL_S", 0.2)
    monkeypatch.setattr(hub, "AFTER_AN_ERROR_S", 0.05)
    incident = make_incident()
    socket = prepared(path_of(incident), commander)

    async def refuse(*_, **__):
        raise ConnectionError("Redis is gone")

    async def main():
        layer = get_channel_layer()
        for verb in ("group_add", "group_send", "group_discard", "receive"):
            monkeypatch.setattr(layer, verb, refuse)
        async with socket() as opened:
            return await rung(opened, incident, commander)

    assert served(main)[1] == reached(incident.stream)


def test_a_database_that_is_away_for_a_moment_doesnt_end_the_hub(monkeypatch):
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

    assert served(main)


def test_groups_are_named_by_stream(make_incident):
    incident = make_incident()
    assert group_of(incident.stream) == f"room.inc_{incident.uid}"
    assert len(group_of(incident.stream)) < 100  # the channel layer's limit
