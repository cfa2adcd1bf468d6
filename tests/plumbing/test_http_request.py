"""What a request sends and what it makes of the answer. Servers are on loopback, opened by an entry."""

import pickle
import socket
import threading

import pytest

from plumbing import egress, http
from plumbing.http import Broken, Malformed, Outside, TooLarge, TooSlow, Unreachable
from tests.plumbing.outside import Names, answers, ok

LOOPBACK = ["127.0.0.0/8"]
DEADLINE_S = 0.8


def ask(server, method="GET", path="/", **options):
    options = {"deadline_s": DEADLINE_S, "allow": LOOPBACK} | options
    return http.request(method, f"http://127.0.0.1:{server.port}{path}", **options)


def test_a_request_arrives_as_given_and_the_answer_comes_back_whole(serve):
    server = serve(answers(ok(b"\x00\xff", b"X-One: 1\r\nx-one: 2\r\nETag: \xe9\r\n")))
    answer = ask(server, "POST", "/a/%2e?q=\u00e4&b=1#frag", headers={"Authorization": "Bearer x"}, body=b"{}")
    assert (answer.status, answer.body) == (200, b"\x00\xff")
    assert answer.headers == {"content-length": "2", "x-one": "1, 2", "etag": "\u00e9"}
    assert 0 <= answer.elapsed_ms < 1000 * DEADLINE_S
    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    line, *headers = head.decode("ascii").split("\r\n")
    assert (line, body) == ("POST /a/%2e?q=%C3%A4&b=1 HTTP/1.1", b"{}")
    assert {header.lower() for header in headers} == {
        *("user-agent: muster", "accept: */*", "accept-encoding: identity", "authorization: bearer x"),
        *(f"host: 127.0.0.1:{server.port}", "connection: close", "content-length: 2"),
    }
    assert len(headers) == 7


@pytest.mark.parametrize(
    ("method", "is_announced"),
    [(method, method.startswith("P")) for method in ("GET", "HEAD", "DELETE", "OPTIONS", "POST", "PUT", "PATCH")],
)
def test_an_empty_body_is_announced_only_where_one_belongs(serve, method, is_announced):
    server = serve(answers(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert ask(server, method).status == 204
    assert server.heard[0].startswith(f"{method} / HTTP/1.1\r\n".encode())
    assert (b"content-length: 0" in server.heard[0].lower()) is is_announced


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(serve, status):
    elsewhere = serve(answers(ok()))
    location = b"http://127.0.0.1:%d/" % elsewhere.port
    server = serve(answers(b"HTTP/1.1 %d Moved\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % (status, location)))
    answer = ask(server)
    assert (answer.status, answer.headers["location"]) == (status, location.decode())
    assert (len(server.heard), elsewhere.heard) == (1, [])


def test_an_answer_without_length_ends_with_the_connection(serve):
    server = serve(answers(b"HTTP/1.0 200 OK\r\n\r\nfine"))
    assert ask(server).body == b"fine"


def test_a_compressed_body_is_left_as_it_is(serve):
    server = serve(answers(ok(b"\x1f\x8b...", b"content-encoding: gzip\r\n")))
    assert ask(server).body == b"\x1f\x8b..."


# ---- what must not be sent ------------------------------------------------------------------------------------------
BAD_HEADERS = {
    "line break in value": {"X-A": "1\r\nX-B: 2"},
    "line feed in value": {"X-A": "1\nX-B: 2"},
    "carriage return in value": {"X-A": "1\rX-B: 2"},
    "zero in value": {"X-A": "1\x00"},
    "line separator": {"X-A": "1\u2028X-B: 2"},
    "turns into a line feed as latin-1": {"X-A": "1\u010aX-B: 2"},
    "escape": {"X-A": "\x1b[2J"},
    "line break in name": {"X-A\r\nX-B": "1"},
    "colon in name": {"X-A: 1, X-B": "1"},
    "space in name": {"X A": "1"},
    "no name": {"": "1"},
    "umlaut in name": {"X-\u00e4": "1"},
    "host": {"Host": "inside.example"},
    "length": {"Content-Length": "5"},
    "chunks": {"Transfer-Encoding": "chunked"},
    "connection": {"Connection": "keep-alive"},
    "upgrade": {"Upgrade": "websocket"},
    "proxy": {"Proxy-Authorization": "x"},
    "expect": {"Expect": "100-continue"},
}


@pytest.mark.parametrize("headers", BAD_HEADERS.values(), ids=BAD_HEADERS.keys())
def test_headers_that_could_end_or_redirect_a_request_are_refused(serve, headers):
    server = serve(answers(ok()))
    with pytest.raises(Malformed) as refused:
        ask(server, headers=headers)
    assert (server.heard, refused.value.effect) == ([], "none")


@pytest.mark.parametrize("method", ["get", "TRACE", "CONNECT", "GET / HTTP/1.1\r\nHost: x", "", "G\u00cbT"])
def test_other_methods_are_refused(serve, method):
    server = serve(answers(ok()))
    with pytest.raises(Malformed):
        ask(server, method)
    assert server.heard == []


# ---- errors ---------------------------------------------------------------------------------------------------------
def test_nobody_listening_has_no_effect(serve):
    server = serve(answers(ok()))
    server.stop()
    with pytest.raises(Unreachable, match=rf"No connection to http://127.0.0.1:{server.port}: refused\.") as none:
        ask(server)
    assert none.value.effect == "none"


def test_an_unknown_name_is_said_so():
    def no_such_name(host, port, timeout_s):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(Unreachable, match=r"No connection to http://nix\.example: no such name"):
        http.request("GET", "http://nix.example/", deadline_s=1, outside=Outside(resolve=no_such_name))
    with pytest.raises(Unreachable, match="the name has no address"):
        http.request("GET", "http://x.example/", deadline_s=1, outside=Outside(resolve=Names(x_example=[[]])))


def test_errors_show_no_secrets_of_the_url(serve):
    server = serve(answers(b""))
    for error in (Broken, Unreachable):
        with pytest.raises(error) as failed:
            ask(server, path="/hook/secret?token=secret")
        assert "secret" not in str(failed.value)
        server.stop()
    with pytest.raises(Malformed) as refused:
        http.request("GET", "http://user:secret@x.example/?token=secret", deadline_s=1)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "error", [Unreachable("a", "b"), TooSlow("a", 1.5, "unknown"), TooLarge("a", 3), Broken("a", "b"), Malformed("a")]
)
def test_errors_survive_the_way_to_another_process(error):
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(again), str(again), again.effect) == (type(error), str(error), error.effect)


# ---- names as the operating system knows them -----------------------------------------------------------------------
def test_the_systems_lookup_gives_each_address_once_in_its_order(monkeypatch):
    rows = [(0, 0, 0, "", (address, 80)) for address in ("10.0.0.2", "10.0.0.1", "10.0.0.2")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: rows)
    assert egress.system_resolve("x.example", 80, 2) == ["10.0.0.2", "10.0.0.1"]


@pytest.mark.parametrize(
    "trouble", [socket.gaierror(socket.EAI_AGAIN, "Try again"), UnicodeError("label too long"), OSError(5, "I/O error")]
)
def test_the_systems_lookup_fails_as_an_unreachable_name(trouble, monkeypatch):
    def fails(*args, **options):
        raise trouble

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(Unreachable, match=r"^No connection to http://x\.example: (the name server|label|I/O error)"):
        http.request("GET", "http://x.example/", deadline_s=2, allow=[])


def test_a_machine_without_threads_gives_the_place_of_a_lookup_back(monkeypatch):
    def no_thread_left(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(egress, "_lookups", threading.BoundedSemaphore(1))
    monkeypatch.setattr(threading.Thread, "start", no_thread_left)
    for _ in range(2):
        with pytest.raises(Unreachable, match="can't start new thread"):
            http.request("GET", "http://x.example/", deadline_s=1, allow=[])
