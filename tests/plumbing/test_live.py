"""Live rings: few, in order of need, and nobody's trouble."""

import asyncio
import threading
from typing import Any

import pytest

from plumbing import live


class Layer:
    """A channel layer that remembers what it was sent, and fails while it is told to."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.loops: set[asyncio.AbstractEventLoop] = set()
        self.is_down = False
        self.heard = threading.Event()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        assert message == {"type": "ring"}
        if self.is_down:
            raise ConnectionError("Redis is gone")
        self.sent.append(group)
        self.loops.add(asyncio.get_running_loop())
        self.heard.set()


@pytest.fixture
def layer(monkeypatch) -> Layer:
    made = Layer()
    monkeypatch.setattr(live, "get_channel_layer", lambda: made)
    return made


def test_many_rings_in_one_breath_are_two(layer):
    async def main() -> None:
        bell = live.Bell(asyncio.get_running_loop())
        bell.put("room.a")
        await asyncio.sleep(live.PAUSE_S / 3)
        for _ in range(300):
            bell.put("room.a")
        bell.put("room.b")
        await asyncio.sleep(live.PAUSE_S * 3)

    asyncio.run(main())
    assert sorted(layer.sent) == ["room.a", "room.a", "room.b"], "the first at once, the last not lost"


def test_a_ring_after_a_pause_goes_out_by_itself(layer):
    async def main() -> None:
        bell = live.Bell(asyncio.get_running_loop())
        for _ in range(3):
            bell.put("room.a")
            await asyncio.sleep(live.PAUSE_S * 2)

    asyncio.run(main())
    assert layer.sent == ["room.a"] * 3


def test_a_layer_that_fails_is_left_alone_for_a_while(layer, monkeypatch, caplog):
    monkeypatch.setattr(live, "SILENCE_S", 0.2)

    async def main() -> None:
        bell = live.Bell(asyncio.get_running_loop())
        layer.is_down = True
        for group in ("room.a", "room.b", "room.c"):
            bell.put(group)
            await asyncio.sleep(live.PAUSE_S)
        layer.is_down = False
        await asyncio.sleep(0.2)
        bell.put("room.d")
        await asyncio.sleep(live.PAUSE_S)

    asyncio.run(main())
    assert layer.sent == ["room.d"]
    assert len([one for one in caplog.records if "No live rings" in one.message]) == 1


def test_a_process_without_sockets_keeps_one_loop_for_all_its_rings(layer, monkeypatch):
    monkeypatch.setattr(live, "_own", None)
    live.detach()
    for group in ("room.a", "room.b"):
        layer.heard.clear()
        live._put(group)
        assert layer.heard.wait(5)
    assert layer.sent == ["room.a", "room.b"]
    assert len(layer.loops) == 1
    own, thread = live._own, next(each for each in threading.enumerate() if each.name == "live")
    own.loop.call_soon_threadsafe(own.loop.stop)
    thread.join(5)
    own.loop.close()
