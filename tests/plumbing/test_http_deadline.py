"""Answers that never end, or end too soon: cut at the deadline and at 1 MB, and never taken for success."""

import socket
import struct
import threading
import time
from ipaddress import IPv4Address

import pytest

from plumbing import egress, http
from plumbing.addresses import Allowed
from plumbing.http import Broken, TooLarge, TooSlow
from tests.plumbing.outside import Session, answers, deaf_port, ok

LOOPBACK = ["127.0.0.0/8"]
DEADLINE_S = 0.8
SLACK_S = 1.0  # a busy machine; what drips would go on for much longer


def ask(server, method="GET", **options):
    options = {"deadline_s": DEADLINE_S, "allow": LOOPBACK} | options
    return http.request(method, f"http://127.0.0.1:{server.port}/", **options)


# ---- answers that never end -----------------------------------------------------------------------------------------
def hang_before_reading(session):
    session.hang()


def hang_after_reading(session):
    session.read_request()
    session.hang()


def drip_headers(session):
    session.read_request()
    session.drip(b"HTTP/1.1 200 OK\r\nx-slow: " + b"a" * 10_000)


def drip_body(session):
    session.read_request()
    session.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n")
    session.drip(b"a" * 10_000)


def drip_chunks(session):
    session.read_request()
    session.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    session.drip(b"1\r\na\r\n" * 2_000)


def drip_continues(session):
    session.read_request()
    session.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000, every_s=0.01)


@pytest.mark.parametrize(
    "script", [hang_before_reading, hang_after_reading, drip_headers, drip_body, drip_chunks, drip_continues]
)
def test_the_deadline_cuts_hanging_and_dripping(serve, script):
    server, begun = serve(script), time.monotonic()
    with pytest.raises(TooSlow, match=rf"^No full answer from http://127.0.0.1:{server.port} within 0.8 s\.$") as slow:
        ask(server)
    assert DEADLINE_S - 0.05 < time.monotonic() - begun < DEADLINE_S + SLACK_S
    assert slow.value.effect == "unknown", "the request was sent; what it did, nobody knows"


def test_the_deadline_cuts_a_server_that_reads_slowly(serve):
    server, begun = serve(Session.sip), time.monotonic()
    with pytest.raises(TooSlow) as slow:
        ask(server, "POST", body=bytes(40_000_000))
    assert time.monotonic() - begun < DEADLINE_S + SLACK_S
    assert slow.value.effect == "unknown"


def test_the_deadline_cuts_connecting_and_nothing_was_sent():
    begun = time.monotonic()
    with deaf_port() as port, pytest.raises(TooSlow, match=r"^No connection to 127.0.0.1:") as slow:
        http.tcp_connect("127.0.0.1", port, deadline_s=DEADLINE_S, allow=LOOPBACK)
    assert DEADLINE_S - 0.05 < time.monotonic() - begun < DEADLINE_S + SLACK_S
    assert slow.value.effect == "none"


@pytest.fixture
def name_server(monkeypatch):
    """An Event: until it is set, no lookup ends."""
    answers_again = threading.Event()
    monkeypatch.setattr(egress, "_lookups", threading.BoundedSemaphore(2))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: [] if answers_again.wait(5) else None)
    yield answers_again
    answers_again.set()
    for thread in threading.enumerate():
        if thread.name == "lookup":
            thread.join(5)


def test_the_deadline_cuts_a_lookup(name_server):
    begun = time.monotonic()
    with pytest.raises(TooSlow) as slow:
        http.request("GET", "http://slow.example/", deadline_s=0.3, allow=[])
    assert 0.25 < time.monotonic() - begun < 0.3 + SLACK_S
    assert slow.value.effect == "none"


def test_hanging_lookups_take_only_their_share_of_threads(name_server):
    for _ in range(4):
        with pytest.raises(TimeoutError):
            egress.system_resolve("slow.example", 80, 0.1)
    waiting = [thread for thread in threading.enumerate() if thread.name == "lookup"]
    assert len(waiting) == 2
    name_server.set()
    assert egress.system_resolve("x.example", 80, 2) == [], "the places are given back"


def test_a_deadline_that_is_over_sends_nothing(serve):
    server = serve(answers(ok()))
    with pytest.raises(TooSlow) as slow:
        ask(server, deadline_s=0)
    assert (server.heard, slow.value.effect) == ([], "none")


# ---- answers that are too much, or end too soon ---------------------------------------------------------------------
def endless_without_length(session):
    session.read_request()
    session.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        session.send(bytes(50_000))


def endless_in_chunks(session):
    session.read_request()
    session.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        session.send(b"c350\r\n" + bytes(50_000) + b"\r\n")


@pytest.mark.parametrize("script", [endless_without_length, endless_in_chunks, answers(ok(bytes(1_000_001)))])
def test_a_body_is_cut_at_one_megabyte(serve, script):
    server = serve(script)
    with pytest.raises(TooLarge, match="longer than 1000000 bytes") as large:
        ask(server, deadline_s=5)
    server.stop()
    assert large.value.effect == "unknown"
    assert server.sent < 20_000_000, "the connection was closed: what came more sat in the kernel's buffers"


def test_a_body_of_one_megabyte_is_taken(serve):
    assert len(ask(serve(answers(ok(bytes(1_000_000)))), deadline_s=5).body) == 1_000_000


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nten bytes.",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\nten bytes.",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n12345",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 200_000 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
    ],
)
def test_half_an_answer_or_none_leaves_the_effect_unknown(serve, response):
    with pytest.raises(Broken, match=r"gave no complete answer: .+") as broken:
        ask(serve(answers(response)))
    assert broken.value.effect == "unknown"


def test_a_reset_leaves_the_effect_unknown(serve):
    def reset(session):
        session.read_request()
        session.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with pytest.raises(Broken, match="reset") as broken:
        ask(serve(reset))
    assert broken.value.effect == "unknown"


def test_a_connection_is_closed_when_it_fails_half_way():
    with deaf_port() as port, pytest.raises(TimeoutError):  # a socket left open would be a ResourceWarning: an error
        egress.system_connect(IPv4Address("127.0.0.1"), port, 0.1)


def test_a_call_knows_what_is_left():
    call = egress.Call("x", 10, Allowed.parse([]))
    assert 9.5 < call.left_s() <= 10
    call.begun -= 10
    with pytest.raises(TooSlow):
        call.left_s()
