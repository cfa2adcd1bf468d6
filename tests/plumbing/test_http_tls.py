"""HTTPS: the certificate must be good for the name in the URL, wherever the connection went."""

import socket
import ssl
import time
from functools import partial

import pytest

from plumbing import egress, http
from plumbing.http import Broken, Outside, TooSlow, Unreachable
from tests.plumbing.certificates import Authority
from tests.plumbing.outside import PUBLIC, Connections, Names, Session, answers, ok


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def over_tls(context):
    return partial(context.wrap_socket, server_side=True)


def ask(server, authority, url="https://pay.example/", deadline_s=3.0):
    world = Outside(Names(pay_example=[[PUBLIC]]), Connections(server.port), authority.trusting)
    return http.request("POST", url, body=b"{}", deadline_s=deadline_s, allow=["10.0.0.0/8"], outside=world)


def test_the_name_of_the_url_is_asked_for_and_verified(serve, authority):
    context, asked = authority.server("pay.example"), []
    context.sni_callback = lambda connection, name, _: asked.append(name)
    server = serve(answers(ok()), wrap=over_tls(context))
    assert ask(server, authority, "https://Pay.Example./").body == b"fine"
    assert asked == ["pay.example"]
    assert b"\r\nhost: pay.example\r\n" in server.heard[0].lower()


def test_an_address_is_verified_as_an_address(serve, authority):
    server = serve(answers(ok()), wrap=over_tls(authority.server("10.1.2.3")))
    assert ask(server, authority, "https://10.1.2.3/").status == 200
    with pytest.raises(Unreachable, match="not valid: IP address mismatch"):
        ask(server, authority, "https://10.1.2.4/")


@pytest.mark.parametrize(
    ("name", "age_days", "complaint"),
    [("other.example", 0, "Hostname mismatch"), ("pay.example", 3, "certificate has expired")],
)
def test_a_certificate_for_another_name_or_time_gets_no_request(serve, authority, name, age_days, complaint):
    server = serve(answers(ok()), wrap=over_tls(authority.server(name, age_days=age_days)))
    with pytest.raises(Unreachable, match=f"https://pay.example: TLS: its certificate is not valid: {complaint}") as no:
        ask(server, authority)
    assert (server.heard, no.value.effect) == ([], "none")


def test_the_systems_store_does_not_know_our_authority(serve, authority):
    server = serve(answers(ok()), wrap=over_tls(authority.server("pay.example")))
    world = Outside(Names(pay_example=[[PUBLIC]]), Connections(server.port))
    with pytest.raises(Unreachable, match="unable to get local issuer certificate"):
        http.request("GET", "https://pay.example/", deadline_s=3, allow=[], outside=world)
    context = egress.system_tls()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_plain_server_is_said_so(serve, authority):
    server = serve(lambda session: session.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with pytest.raises(Unreachable, match=r"TLS: (wrong version number|record layer failure)\.$"):
        ask(server, authority)


def test_the_deadline_cuts_a_silent_and_a_dripping_handshake(serve, authority):
    for script in (Session.hang, lambda session: session.drip(b"\x16\x03\x03\x40\x00\x02" + bytes(5_000))):
        begun = time.monotonic()
        with pytest.raises(TooSlow) as slow:
            ask(serve(script), authority, deadline_s=0.6)
        assert time.monotonic() - begun < 1.6
        assert slow.value.effect == "none"


def test_the_deadline_cuts_a_dripping_answer_over_tls(serve, authority):
    def drip(session):
        session.read_request()
        session.drip(b"HTTP/1.1 200 OK\r\n" + b"x: 1\r\n" * 1_000)

    server, begun = serve(drip, wrap=over_tls(authority.server("pay.example"))), time.monotonic()
    with pytest.raises(TooSlow) as slow:
        ask(server, authority, deadline_s=0.6)
    assert time.monotonic() - begun < 1.6
    assert slow.value.effect == "unknown"


def test_a_cut_connection_is_no_end_of_an_answer(serve, authority):
    def cut(session):
        session.read_request()
        session.send(b"HTTP/1.1 200 OK\r\n\r\nhalf of a bo")  # its end is the connection's end: TLS must say so itself
        session.connection.shutdown(socket.SHUT_RDWR)

    server = serve(cut, wrap=over_tls(authority.server("pay.example")))
    with pytest.raises(Broken, match="unexpected eof while reading") as broken:
        ask(server, authority)
    assert broken.value.effect == "unknown"
