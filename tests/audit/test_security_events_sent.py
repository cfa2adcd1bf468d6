"""Security events are delivered: in order, at least once, past a collector that is away, by one sender at a time."""

import datetime as dt
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from audit import ledger
from audit.access import delivery
from audit.models import EventCursor, EventFeed
from config.siem import siem
from plumbing import clock
from plumbing.database import atomic

pytestmark = pytest.mark.django_db


class Sink:
    """A collector on loopback that keeps what it gets, and answers as it is told."""

    def __init__(self) -> None:
        self.batches: list[list[dict]] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if sink.status == 200:
                    sink.batches.append([json.loads(line) for line in body.splitlines()])
                    sink.headers.append(dict(self.headers.items()))
                self.send_response(sink.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/in"

    @property
    def seen(self) -> list[tuple[str, int]]:
        return [(event["metadata"]["log_name"], event["metadata"]["sequence"]) for b in self.batches for event in b]


@pytest.fixture
def sink(settings):
    made = Sink()
    settings.SIEM, settings.SIEM_TOKEN = siem(made.url), "s3cret"
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def happen(person):
    def make(stream: str = "access", kind: str = "session.started", count: int = 1) -> None:
        with atomic():
            for _ in range(count):
                ledger.record(stream, kind, person, {"address": "10.0.0.1", "text": "typed"})

    return make


def test_events_go_out_in_order_and_once(sink, happen):
    delivery.deliver()  # the feed begins
    happen(count=3)
    assert delivery.deliver() == 3
    assert delivery.deliver() == 0
    happen("portal", "pack.issued")
    assert delivery.deliver() == 1
    assert sink.seen == [("access", 0), ("access", 1), ("access", 2), ("portal", 0)]
    assert sink.headers[0]["authorization"] == "Bearer s3cret"
    assert EventFeed.objects.get().sent == 4


def test_what_was_before_the_feed_is_not_sent(sink, happen, monkeypatch):
    happen()
    later = clock.now() + dt.timedelta(seconds=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert delivery.deliver() == 0
    assert sink.batches == []


def test_a_collector_that_is_away_loses_nothing(sink, happen, monkeypatch):
    delivery.deliver()
    happen(count=2)
    sink.status = 503
    assert delivery.deliver() == 0
    feed = EventFeed.objects.get()
    assert "503" in feed.error
    assert feed.tries == 1
    assert list(delivery.due(clock.now())) == [], "it waits before it tries again"
    assert delivery.deliver() == 0, "also when somebody rings"
    sink.status = 200
    later = clock.now() + dt.timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert list(delivery.due(later)) == ["siem"]
    assert delivery.deliver() == 2
    assert sink.seen == [("access", 0), ("access", 1)]
    assert EventFeed.objects.get().error == ""


def test_who_dies_after_sending_is_followed_by_one_who_sends_again(sink, happen, monkeypatch):
    delivery.deliver()
    happen()

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(EventCursor.objects.__class__, "update_or_create", die)
        delivery.deliver()
    assert delivery.deliver() == 0, "the dead one's lease holds"
    later = clock.now() + delivery.LEASE
    monkeypatch.setattr(clock, "now", lambda: later)
    assert delivery.deliver() == 1
    assert sink.seen == [("access", 0), ("access", 0)]
    assert sink.batches[0][0]["metadata"]["uid"] == sink.batches[1][0]["metadata"]["uid"]


def test_entries_of_incidents_move_the_cursor_without_being_told(sink, happen, make_stream):
    delivery.deliver()
    make_stream("inc_1", 3)
    assert delivery.deliver() == 0
    assert EventCursor.objects.get().size == 3
    assert sink.batches == []


def test_long_history_goes_in_batches(sink, happen, monkeypatch):
    monkeypatch.setattr(delivery, "BATCH", 4)
    delivery.deliver()
    happen(count=10)
    assert delivery.deliver() == 10
    assert [len(batch) for batch in sink.batches] == [4, 4, 2]


def test_nothing_is_looked_at_without_a_collector(settings, happen, django_assert_num_queries):
    settings.SIEM = siem("")
    happen()
    now = clock.now()
    with django_assert_num_queries(0):
        assert list(delivery.due(now)) == []
        assert delivery.deliver() == 0
    assert not delivery.outlook().is_on


def test_the_guard_holds_for_collectors_too(settings, happen):
    settings.SIEM, settings.EGRESS_ALLOW = siem("syslog+tcp://127.0.0.1:9"), []
    delivery.deliver()
    happen()
    delivery.deliver()
    assert "127.0.0.1" in EventFeed.objects.get().error


def test_syslog_gets_framed_lines(settings, happen):
    got = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            connection, _ = server.accept()
            with connection:
                while chunk := connection.recv(65536):
                    got.extend(chunk)

        settings.SIEM = siem(f"syslog+tcp://127.0.0.1:{server.getsockname()[1]}")
        settings.EGRESS_ALLOW = ["127.0.0.0/8"]
        delivery.deliver()
        happen(count=2)
        listener = threading.Thread(target=listen)
        listener.start()
        assert delivery.deliver() == 2
        listener.join(10)
    length = int(bytes(got).split(b" ")[0])
    first = bytes(got)[len(str(length)) + 1 :][:length]
    assert first.endswith(b" src=10.0.0.1"), "the message is as long as it says"
    assert bytes(got).count(b"CEF:0|Muster|Muster|1|session.started|Session started|1|") == 2
    assert b"typed" not in got


def test_the_outlook_counts_what_waits(sink, happen):
    delivery.deliver()
    happen(count=2)
    told = delivery.outlook()
    assert (told.is_on, told.behind, told.host) == (True, 2, sink.url.split("/")[2])
