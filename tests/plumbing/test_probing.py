"""Probes: an answer for every target, a sentence for every reader, never an exception."""

import socket
import time

import pytest

from plumbing import probing
from plumbing.http import Outside
from plumbing.probing import ProbeAnswer, is_expected
from tests.plumbing.outside import Connections, Names, Session, answers, deaf_port, ok

LOOPBACK = ["127.0.0.0/8"]


def check(kind, target, **options):
    return probing.check(kind, target, **({"timeout_s": 0.5, "allow": LOOPBACK} | options))


def status(code):
    return answers(b"HTTP/1.1 %d Whatever They Say\r\ncontent-length: 0\r\n\r\n" % code)


@pytest.mark.parametrize(
    ("code", "expect", "is_ok", "detail"),
    [
        (200, "2xx", True, "200 OK"),
        (204, "2XX", True, "204 No Content"),
        (502, "2xx", False, "502 Bad Gateway, expected 2xx"),
        (302, "2xx", False, "302 Found, expected 2xx"),
        (401, "401", True, "401 Unauthorized"),
        (204, "200,204", True, "204 No Content"),
        (204, " 200 , 204 ", True, "204 No Content"),
        (201, "200,204", False, "201 Created, expected 200,204"),
        (503, "2xx,503", True, "503 Service Unavailable"),
        (599, "2xx", False, "599, expected 2xx"),
    ],
)
def test_a_status_is_compared_and_named(serve, code, expect, is_ok, detail):
    answer = check("http", f"http://127.0.0.1:{serve(status(code)).port}/healthz", expect_status=expect)
    assert (answer.ok, answer.detail) == (is_ok, detail)
    assert 0 <= answer.latency_ms < 500


@pytest.mark.parametrize("expect", ["", "ok", "2xx or 3xx", "600", "20", "2xx,", "[200, 204]", "099", "200.0"])
def test_an_expectation_that_is_none_is_said_so_and_nobody_is_asked(serve, expect):
    server = serve(status(200))
    answer = check("http", f"http://127.0.0.1:{server.port}/", expect_status=expect)
    assert answer.detail == f"expected status {expect!r} is neither like 2xx nor like 200,204"
    assert (answer.ok, server.heard) == (False, [])
    with pytest.raises(ValueError, match="neither like"):
        is_expected(200, expect)


def test_an_open_port_is_well_and_a_closed_one_is_not(serve):
    server = serve(Session.hang)
    answer = check("tcp", f"localhost:{server.port}", outside=Outside(resolve=Names(localhost=[["127.0.0.1"]])))
    assert (answer.ok, answer.detail) == (True, "connected")
    server.stop()
    for kind, target in (("tcp", f"127.0.0.1:{server.port}"), ("http", f"http://127.0.0.1:{server.port}/")):
        answer = check(kind, target)
        assert (answer.ok, answer.detail) == (False, "no connection: refused")


def test_latency_is_what_the_answer_took(serve):
    def slowly(session):
        session.read_request()
        time.sleep(0.2)
        session.send(ok())

    answer = check("http", f"http://127.0.0.1:{serve(slowly).port}/", timeout_s=2)
    assert answer.ok
    assert 200 <= answer.latency_ms < 1_200


def test_silence_ends_at_the_timeout(serve):
    answer = check("http", f"http://127.0.0.1:{serve(Session.hang).port}/")
    assert (answer.ok, answer.detail) == (False, "no answer within 0.5 s")
    assert 490 <= answer.latency_ms < 1_500
    with deaf_port() as port:
        answer = check("tcp", f"127.0.0.1:{port}", timeout_s=0.25)
    assert (answer.ok, answer.detail) == (False, "no connection within 0.25 s")


def test_broken_and_endless_answers_are_not_well(serve):
    half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nten bytes."
    answer = check("http", f"http://127.0.0.1:{serve(answers(half)).port}/")
    assert (answer.ok, answer.detail[:20]) == (False, "no complete answer: ")
    answer = check("http", f"http://127.0.0.1:{serve(answers(ok(bytes(1_500_000)))).port}/", timeout_s=3)
    assert (answer.ok, answer.detail) == (False, "the answer is longer than 1000000 bytes")


@pytest.mark.parametrize(
    ("kind", "target", "says"),
    [
        ("http", "http://169.254.169.254/", "To allow it: MUSTER_EGRESS_ALLOW=169.254.169.254:80"),
        ("tcp", "10.0.0.1:5432", "To allow it: MUSTER_EGRESS_ALLOW=10.0.0.1:5432"),
        ("tcp", "[::1]:5432", "To allow it: MUSTER_EGRESS_ALLOW=[::1]:5432"),
        ("tcp", "127.0.0.1", "found '127.0.0.1', expected host:port"),
        ("tcp", "127.0.0.1:99999", "found port 99999, expected 1 to 65535"),
        ("tcp", "", "expected host:port"),
        ("tcp", "http://127.0.0.1:80", "expected host:port"),
        ("http", "127.0.0.1:80", "expected http or https"),
        ("http", "file:///etc/passwd", "expected http or https"),
        ("http", "http://x.example/\r\nX: 1", "it must be percent-encoded"),
    ],
)
def test_a_target_that_may_not_or_cannot_be_asked_is_an_answer_too(kind, target, says):
    connect = Connections()
    answer = check(kind, target, outside=Outside(Names(), connect))
    assert (answer.ok, connect.made) == (False, [])
    assert says in answer.detail


def test_an_unknown_name_is_an_answer_too():
    def nobody_knows(host, port, timeout_s):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    answer = check("tcp", "nix.example:443", outside=Outside(resolve=nobody_knows))
    assert (answer.ok, answer.detail) == (False, "no connection: no such name")


def test_details_fit_their_field():
    answer = check("http", f"http://{'a' * 400}/")
    assert isinstance(answer, ProbeAnswer)
    assert (answer.ok, len(answer.detail)) == (False, 300)


def test_an_unknown_kind_is_the_callers_mistake():
    with pytest.raises(ValueError, match="found the probe kind 'icmp', expected http or tcp"):
        check("icmp", "127.0.0.1")
