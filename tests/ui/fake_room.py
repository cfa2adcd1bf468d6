"""A room whose ledger, bell and failures the test controls. One per server process."""

import asyncio
from datetime import UTC, datetime
from typing import Any


class FakeRoom:
    """Ledger as a list of op lists: entry n changes the page by `changes[n]`. Sockets hear only numbers."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.start = self.at = 318
        self.changes: dict[int, list[dict[str, Any]]] = {}
        self.decision, self.question = "d1", "Promote the standby in eu-central?"
        self.signed_out = self.feed_down = self.refuse_sockets = False
        self.decided_by, self.decisions, self.lobby = "", 0, 0
        self.page_size = 100
        self.delays: list[float] = []
        self.late_answers: list[float] = []
        self.feeds: list[int] = []
        self.fragments: list[str] = []
        self.notes: list[str] = []
        self.heard: list[str] = []
        self.stale_answer: dict[str, Any] | None = None
        self.bells: set[asyncio.Queue[str | int]] = getattr(self, "bells", set())

    def answer(self, after: int) -> dict[str, Any]:
        """One feed answer: at most `page_size` entries' ops."""
        self.feeds.append(after)
        if self.stale_answer is not None:
            stale, self.stale_answer = self.stale_answer, None
            return stale
        upto = min(self.at, after + self.page_size)
        ops = [op for seq in range(after + 1, upto + 1) for op in self.changes.get(seq, [])]
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"at": max(upto, after), "now": now, "more": upto < self.at, "ops": ops}

    def obey(self, order: dict[str, Any]) -> None:
        """Do what the test asks for: reset, set fields, grow the ledger, ring, close sockets."""
        if order.get("reset"):
            self.reset()
        for name, value in order.get("set", {}).items():
            setattr(self, name, value)
        for ops in order.get("grow", []):
            self.at += 1
            self.changes[self.at] = ops
        for message in order.get("send", []):
            self.send(message)
        if "close" in order:
            self.send(order["close"])

    def send(self, message: str | int) -> None:
        """A text to every socket; a number closes them with that code."""
        for bell in self.bells:
            bell.put_nowait(message)

    def facts(self) -> dict[str, Any]:
        return {
            "at": self.at, "feeds": self.feeds, "fragments": self.fragments, "notes": self.notes,
            "sockets": len(self.bells), "heard": self.heard, "decisions": self.decisions,
        }  # fmt: skip


FAKE = FakeRoom()
