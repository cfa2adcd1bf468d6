"""Where a request may go. No packet leaves: names come from a table, connections are only noted."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbing import http
from plumbing.addresses import Allowed, is_public, plain
from plumbing.http import EgressError, Malformed, Outside, Refused, Unreachable
from tests.plumbing.hostile import INSIDE, NO_URL
from tests.plumbing.outside import PUBLIC, PUBLIC_TOO, Connections, Names, answers, ok


def a_world(leads_to: int | None = None, **rounds: list[list[str]]) -> Outside:
    table: dict[str, list[list[str]]] = {
        "public_example": [[PUBLIC]],
        "inside_example": [["10.1.2.3"]],
        "both_example": [[PUBLIC, "127.0.0.1"]],
        "localhost": [["127.0.0.1"]],
    }
    return Outside(resolve=Names(**(table | rounds)), connect=Connections(leads_to))


@pytest.mark.parametrize("url", INSIDE.values(), ids=INSIDE.keys())
def test_nobody_gets_inside(url):
    world = a_world()
    with pytest.raises(Refused, match="not a public address") as refused:
        http.request("GET", url, deadline_s=1, allow=[], outside=world)
    assert world.connect.made == []
    assert refused.value.effect == "none"


@pytest.mark.parametrize("url", NO_URL.values(), ids=NO_URL.keys())
def test_what_is_no_address_is_not_even_looked_up(url):
    world = a_world()
    with pytest.raises(Malformed):
        http.request("GET", url, deadline_s=1, allow=["0.0.0.0/0", "::/0", "public.example"], outside=world)
    assert (world.resolve.asked, world.connect.made) == ([], [])


@pytest.mark.parametrize(
    ("url", "reached"),
    [
        ("http://public.example/", (PUBLIC, 80)),
        ("HTTPS://Public.Example./x", (PUBLIC, 443)),
        (f"http://{PUBLIC}/", (PUBLIC, 80)),
        (f"http://[::ffff:{PUBLIC}]/", (PUBLIC, 80)),
        (f"http://[{PUBLIC_TOO}]:443/", (PUBLIC_TOO, 443)),
    ],
)
def test_the_public_web_is_reached_at_the_address_that_was_judged(url, reached):
    world = a_world()
    with pytest.raises(Unreachable, match="refused"):
        http.request("GET", url, deadline_s=1, allow=[], outside=world)
    assert world.connect.made == [reached]


@pytest.mark.parametrize("port", [21, 22, 25, 3306, 6379, 8080])
def test_other_ports_of_public_hosts_need_an_entry(port):
    world, url = a_world(), f"http://public.example:{port}/"
    with pytest.raises(Refused, match=f"MUSTER_EGRESS_ALLOW=public.example:{port}$"):
        http.request("GET", url, deadline_s=1, allow=["public.example:81"], outside=world)
    with pytest.raises(Unreachable):
        http.request("GET", url, deadline_s=1, allow=[f"public.example:{port}"], outside=world)
    assert world.connect.made == [(PUBLIC, port)]


def test_a_name_that_changes_its_mind_gains_nothing(serve):
    server = serve(answers(ok()))
    world = a_world(server.port, turncoat_example=[[PUBLIC], ["127.0.0.1"]])
    http.request("GET", "http://turncoat.example/", deadline_s=2, allow=[], outside=world)
    assert world.resolve.asked == ["turncoat.example"], "looked up once: what was judged is what is connected to"
    with pytest.raises(Refused, match=r"turncoat.example is 127\.0\.0\.1"):
        http.request("GET", "http://turncoat.example/", deadline_s=2, allow=[], outside=world)
    assert world.connect.made == [(PUBLIC, 80)]


@pytest.mark.parametrize("order", [[PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC], [PUBLIC_TOO, "::1"]])
def test_one_bad_address_spoils_the_name(order):
    world = a_world(two_example=[order])
    with pytest.raises(Refused):
        http.request("GET", "http://two.example/", deadline_s=1, allow=[], outside=world)
    assert world.connect.made == []


def test_a_dead_address_is_passed_over(serve):
    server = serve(answers(ok()))
    connect = Connections(server.port, dead=frozenset({PUBLIC_TOO}))
    world = Outside(resolve=Names(public_example=[[PUBLIC_TOO, PUBLIC]]), connect=connect)
    assert http.request("GET", "http://public.example/", deadline_s=2, allow=[], outside=world).status == 200
    assert connect.made == [(PUBLIC_TOO, 80), (PUBLIC, 80)]


@pytest.mark.parametrize(
    ("entry", "url", "is_open"),
    [
        ("10.0.0.0/8", "http://inside.example:8080/", True),
        ("10.0.0.0/8", "http://[::ffff:10.1.2.3]/", True),
        ("10.0.0.0/8", "http://192.168.0.1/", False),
        ("10.1.2.3", "http://inside.example/", True),
        ("10.1.2.3:8080", "http://inside.example:8080/", True),
        ("10.1.2.3:8080", "http://inside.example/", False),
        ("inside.example", "http://inside.example:8080/", True),
        ("Inside.Example.", "http://inside.example/", True),
        ("inside.example:443", "https://inside.example/", True),
        ("inside.example:443", "http://inside.example/", False),
        ("inside.example", "http://10.1.2.3/", False),
        ("example", "http://inside.example/", False),
        ("inside.example", "http://x.inside.example/", False),
        ("both.example", "http://both.example/", True),
        ("::1/128", "http://[::1]:9000/", True),
        ("[::1]:9000", "http://[::1]:9000/", True),
        ("[::1]:9000", "http://[::1]:9001/", False),
        ("fd00::/8", "http://[fd12:3456::1]/", True),
        ("10.0.0.0/8", "http://[64:ff9b::10.1.2.3]/", False),
    ],
)
def test_an_entry_opens_what_it_names_and_no_more(entry, url, is_open):
    world = a_world(x_inside_example=[["10.1.2.3"]])
    with pytest.raises(Unreachable if is_open else Refused):
        http.request("GET", url, deadline_s=1, allow=[entry], outside=world)
    assert bool(world.connect.made) is is_open


@pytest.mark.parametrize("address", ["169.254.169.254", "168.63.129.16", "0.0.0.1", "fe80::1", "fd00:ec2::254"])
def test_a_name_never_opens_a_clouds_credentials_but_their_address_does(address):
    world = a_world(pretty_example=[[address]])
    for entry in ("pretty.example", "pretty.example:80"):
        with pytest.raises(Refused) as refused:
            http.request("GET", "http://pretty.example/", deadline_s=1, allow=[entry], outside=world)
    assert world.connect.made == []
    advised = str(refused.value).rpartition("=")[2]
    with pytest.raises(Unreachable):
        http.request("GET", "http://pretty.example/", deadline_s=1, allow=[advised], outside=world)
    assert world.connect.made == [(address, 80)]


@pytest.mark.parametrize("url", [url for url in INSIDE.values() if "both" not in url])
def test_the_advice_of_a_refusal_is_true(url):
    world = a_world()
    with pytest.raises(Refused) as refused:
        http.request("GET", url, deadline_s=1, allow=[], outside=world)
    advised = str(refused.value).rpartition("MUSTER_EGRESS_ALLOW=")[2]
    with pytest.raises(Unreachable):
        http.request("GET", url, deadline_s=1, allow=[advised], outside=world)


def test_a_refusal_says_name_address_and_remedy():
    with pytest.raises(Refused) as refused:
        http.request("GET", "http://inside.example:8080/", deadline_s=1, allow=[], outside=a_world())
    assert str(refused.value) == (
        "inside.example is 10.1.2.3, which is not a public address, and no entry allows it. "
        "To allow it: MUSTER_EGRESS_ALLOW=inside.example:8080"
    )


@pytest.mark.parametrize("entry", ["10.0.0.0/33", "10.0.0.1/8", "http://x/", "host:port", "a b", "", "[::1", "h:0"])
def test_a_broken_entry_is_named_not_skipped(entry, settings):
    settings.EGRESS_ALLOW = ["127.0.0.1", entry]
    with pytest.raises(Malformed, match=r"^MUSTER_EGRESS_ALLOW: "):
        http.request("GET", "http://127.0.0.1/", deadline_s=1, outside=a_world())


def test_the_setting_is_the_default_and_an_argument_replaces_it(settings):
    settings.EGRESS_ALLOW = ["inside.example"]
    world = a_world()
    with pytest.raises(Unreachable):
        http.request("GET", "http://inside.example/", deadline_s=1, outside=world)
    with pytest.raises(Refused):
        http.request("GET", "http://inside.example/", deadline_s=1, allow=[], outside=world)
    assert len(world.connect.made) == 1


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"])
def test_the_environment_names_no_proxy(variable, monkeypatch):
    monkeypatch.setenv(variable, "http://127.0.0.1:9/")
    world = a_world()
    with pytest.raises(Unreachable):
        http.request("GET", "http://public.example/", deadline_s=1, allow=[], outside=world)
    assert world.connect.made == [(PUBLIC, 80)]


def test_tcp_goes_through_the_same_guard():
    world = a_world()
    for host in ("inside.example", "127.1", "::1", "localhost", "64:ff9b::7f00:1"):
        with pytest.raises(Refused):
            http.tcp_connect(host, 80, deadline_s=1, allow=[], outside=world)
    with pytest.raises(Malformed):
        http.tcp_connect("public.example:80", 80, deadline_s=1, allow=[], outside=world)
    assert world.connect.made == []


spelled = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=4).map(lambda address: str(int(address))),
    st.ip_addresses(v=4).map(lambda address: hex(int(address))),
    st.ip_addresses(v=4).map(lambda address: f"[::ffff:{address}]"),
    st.ip_addresses(v=4).map(lambda address: f"[64:ff9b::{address}]"),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.text("0123456789abcdefx.:[]@%#?/\\。①", max_size=24),
)


@given(host=spelled, port=st.sampled_from(["", ":80", ":443", ":8080"]))
def test_no_spelling_of_a_host_reaches_what_python_calls_private(host, port):
    world = Outside(resolve=Names(), connect=Connections())
    with pytest.raises(EgressError):
        http.request("GET", f"http://{host}{port}/", deadline_s=1, allow=[], outside=world)
    for address, _ in world.connect.made:
        reached = ipaddress.ip_address(address)
        inner = reached
        if reached in ipaddress.ip_network("64:ff9b::/96") and reached.version == 6:
            inner = ipaddress.IPv4Address(int(reached) & 0xFFFFFFFF)
        assert inner.is_global and not (inner.is_private or inner.is_multicast or inner.is_link_local)


@given(st.ip_addresses(v=4))
def test_clothes_of_ipv6_change_no_judgement(address):
    assert is_public(plain(f"::ffff:{address}")) == is_public(plain(f"64:ff9b::{address}")) == is_public(address)
    assert Allowed.parse(["10.0.0.0/8"]).permits("x", plain(f"::ffff:{address}"), 1) == str(address).startswith("10.")
