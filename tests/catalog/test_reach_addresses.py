"""Addresses that people enter: which are taken, what is said of the others, and where Muster never connects to.

No packet leaves: names come from a table, connections are recorded and lead to loopback or nowhere.
"""

import json

import pytest

from catalog import services
from catalog.errors import AddressRefused, ContactRefused, NotSent
from catalog.models import ContactPoint
from catalog.reaching import chat, courier
from catalog.services.contacts import MOST
from plumbing.egress import Outside
from tests.catalog.reaching import MAIL, TOKEN, chat_sink, make_point, own_keys
from tests.plumbing.outside import PUBLIC, Connections, Names

__all__ = ["chat_sink", "make_point", "own_keys"]
SLACK = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
SCHEMES = ["slack", "ntfy", "ntfys", "mmosts", "discord", "workflow", "json", "jsons", "syslog", "xmpp", "mqtt", "smpp"]


def order(address: str, do: str = "check", allow: tuple[str, ...] = (), schemes: list[str] = SCHEMES) -> dict:
    return {"do": do, "address": address, "schemes": schemes, "allow": list(allow), "deadline_s": 5.0, "title": "T",
            "text": "B"}  # fmt: skip


@pytest.mark.parametrize(
    ("address", "channel"),
    [
        (f"slack://{SLACK}", "slack"),
        (f"SLACK://{SLACK}", "slack"),
        (f"https://hooks.slack.com/services/{SLACK}", "slack"),
        ("https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord"),
        ("ntfy://our-topic", "ntfy"),
        ("ntfys://ntfy.bank.example/topic", "ntfys"),
        ("workflow://prod-1.bank.example:443/flow/sig", "workflow"),
    ],
)
def test_a_channel_is_known_by_its_address(address, channel) -> None:
    outside = Outside(
        resolve=Names(**{name: [[PUBLIC]] for name in ("ntfy_bank_example", "prod-1_bank_example")}),
        connect=Connections(),
    )
    assert courier.perform(order(address), outside) == {"what": "done", "channel": channel}
    assert outside.connect.made == []


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("", "no_address"),
        ("lena", "no_address"),
        (f"slack://{SLACK} json://127.0.0.1/", "no_address"),
        ("slack://\n", "no_address"),
        ("https://evil.example/hook", "no_address"),
        ("http://hooks.slack.com/", "scheme"),
        ("slack://too/short", "incomplete"),
        ("file:///etc/passwd", "scheme"),
        ("dbus://", "scheme"),
        ("mailto://lena@bank.example", "scheme"),
        ("xml://127.0.0.1/", "scheme"),
        ("json://[::1", "incomplete"),
    ],
)
def test_what_is_no_address_is_told_apart(address, what) -> None:
    assert courier.perform(order(address))["what"] == what


@pytest.mark.parametrize(
    "scheme",
    ["json", "jsons", "xml", "form", "mailto", "file", "syslog", "rsyslog", "dbus", "gnome", "apprise", "mqtt"],
)
def test_what_names_a_host_or_works_on_this_machine_is_off_by_default(scheme, settings) -> None:
    from config import settings as ours

    assert scheme not in ours.NOTIFY_SCHEMES


HOSTILE = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0.0.0.1", "169.254.169.254", "10.0.0.7", "192.168.1.1",
    "100.64.0.1", "[::1]", "[::ffff:127.0.0.1]", "[fd00:ec2::254]", "[64:ff9b::7f00:1]", "inner.bank.example",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTILE)
@pytest.mark.parametrize("do", ["check", "send"])
def test_a_host_that_is_not_public_is_not_connected_to(host, do) -> None:
    names = Names(inner_bank_example=[["93.184.216.34", "10.1.2.3"]])
    outside = Outside(resolve=names, connect=Connections())
    outcome = courier.perform(order(f"jsons://{host}/x", do), outside)
    assert outcome["what"] in ("guard", "incomplete", "no_address", "not_taken", "unreachable")
    assert outside.connect.made == []
    if host in ("127.0.0.1", "10.0.0.7", "inner.bank.example"):
        assert outcome == {"what": "guard"} | ({"where": f"{host}:443"} if do == "check" else {})


def test_a_name_that_changes_its_meaning_is_judged_at_the_connection() -> None:
    names = Names(rebinds_example=[[PUBLIC], ["127.0.0.1"]])
    outside = Outside(resolve=names, connect=Connections())
    assert courier.perform(order("jsons://rebinds.example/x"), outside)["what"] == "done"
    assert courier.perform(order("jsons://rebinds.example/x", "send"), outside)["what"] == "guard"
    assert outside.connect.made == []


def test_the_web_without_tls_needs_an_entry() -> None:
    outside = Outside(resolve=Names(chat_bank_example=[[PUBLIC]]), connect=Connections())
    plain = order("json://chat.bank.example/x", "send")
    assert courier.perform(plain, outside)["what"] == "guard"
    assert outside.connect.made == []
    opened = order("json://chat.bank.example/x", "send", allow=("chat.bank.example:80",))
    assert courier.perform(opened, outside) == {"what": "unreachable", "reason": "refused"}
    assert outside.connect.made == [(PUBLIC, 80)]


def test_it_connects_to_the_judged_address_and_follows_no_redirect(chat_sink) -> None:
    chat_sink.status = 302
    allowed = ("chat.bank.example",)
    outside = Outside(
        resolve=Names(chat_bank_example=[["10.9.9.9"]]), connect=Connections(int(chat_sink.host.split(":")[1]))
    )
    outcome = courier.perform(order("json://chat.bank.example/x?redirect=yes", "send", allowed), outside)
    assert outcome == {"what": "status", "status": 302}
    assert outside.connect.made == [("10.9.9.9", 80)]
    assert [path for path, _ in chat_sink.posted] == ["/x"]


def test_an_address_can_not_switch_the_certificate_check_off(chat_sink) -> None:
    plugin, _ = courier.read("jsons://chat.bank.example/x?verify=no&redirect=yes&rto=900&cto=900", frozenset({"jsons"}))
    assert (plugin.verify_certificate, plugin.redirects, plugin.request_timeout) == (True, False, (4.0, 4.0))


def test_words_that_call_a_whole_channel_are_only_words(chat_sink) -> None:
    said = {
        **order(f"json://{chat_sink.host}/x", "send", ("127.0.0.1",)),
        "title": "@everyone",
        "text": "<!here> @channel",
    }
    assert courier.perform(said)["what"] == "done"
    body = json.loads(chat_sink.posted[0][1])
    assert (body["title"], body["message"]) == ("@\u200beveryone", "<\u200b!here> @\u200bchannel")


@pytest.mark.parametrize(
    "address",
    [
        f"slack://{SLACK}/?template=/etc/passwd",
        "mqtt://127.0.0.1:{port}/topic",
        "xmpp://u:p@127.0.0.1:{port}/t@127.0.0.1",
        "syslog://_/",
        "smpp://u:p@127.0.0.1:{port}/15551234567/15551234568",
    ],
)
def test_no_plugin_reads_files_or_connects_past_the_guard(address, chat_sink, settings) -> None:
    """In the courier's own process: what an operator may have allowed by mistake still can't."""
    settings.NOTIFY_SCHEMES, settings.EGRESS_ALLOW = SCHEMES, []
    with pytest.raises(NotSent):
        chat.send(address.format(port=chat_sink.host.split(":")[1]), "T", "B")
    assert chat_sink.posted == []


BARS = """
import sys; sys.path.insert(0, sys.argv[1])
from catalog.reaching import courier
from plumbing.egress import OUTSIDE
import os, socket, subprocess, pathlib
courier.bar(OUTSIDE)
def tried(act):
    try: act()
    except courier.Barred as barred: return str(barred)
    except Exception as error: return type(error).__name__
    return "done"
where = ("127.0.0.1", int(sys.argv[2]))
print(
    tried(lambda: open("/etc/passwd")), tried(lambda: pathlib.Path("/proc/self/environ").read_bytes()),
    tried(lambda: open(sys.argv[1] + "/README.md")), tried(lambda: open(sys.prefix + "/new", "w")),
    tried(lambda: os.open(os.__file__, os.O_RDWR)),
    tried(lambda: subprocess.run(["true"])), tried(lambda: os.system("true")), tried(os.fork),
    tried(lambda: socket.create_connection(where)),
    tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", where)),
    tried(lambda: socket.socket(socket.AF_UNIX).connect("/dev/log")), tried(lambda: open(os.__file__)),
)
"""


def test_the_courier_bars_itself(chat_sink) -> None:
    import subprocess
    import sys

    argv = [sys.executable, "-I", "-W", "ignore", "-c", BARS, str(chat.ROOT), chat_sink.host.split(":")[1]]
    said = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=True).stdout
    assert said.split() == [
        "open", "open", "open", "open", "open", "subprocess.Popen", "os.system", "os.fork",
        "socket.connect", "socket.sendto", "socket.connect", "done",
    ]  # fmt: skip


def test_a_service_that_never_answers_is_cut_at_the_deadline(chat_sink, monkeypatch) -> None:
    monkeypatch.setattr(chat, "DEADLINE_S", 3.0)
    monkeypatch.setattr(courier, "READ_S", 60.0)
    chat_sink.hold.clear()
    try:
        with pytest.raises(NotSent, match="it may have arrived all the same"):
            chat.send(f"json://{chat_sink.host}/x", "T", "B")
    finally:
        chat_sink.hold.set()


def test_a_service_without_tls_or_with_a_bad_certificate_is_not_told(chat_sink) -> None:
    with pytest.raises(NotSent, match="TLS did not come about, or its certificate is not valid"):
        chat.send(f"jsons://{chat_sink.host}/{TOKEN}", "T", "B")
    outcome = courier.perform(order(f"jsons://{chat_sink.host}/x", "send", ("127.0.0.1",)))
    assert outcome == {"what": "unreachable", "reason": courier.TLS}
    assert chat_sink.posted == []


def test_a_service_that_is_slow_to_answer_is_left(chat_sink, monkeypatch) -> None:
    monkeypatch.setattr(courier, "READ_S", 0.3)
    chat_sink.hold.clear()
    try:
        assert courier.perform(order(f"json://{chat_sink.host}/x", "send", ("127.0.0.1",))) == {"what": "slow"}
    finally:
        chat_sink.hold.set()


@pytest.mark.parametrize("mistake", [ValueError(TOKEN), courier.Barred(TOKEN)])
def test_a_plugin_that_breaks_tells_nothing(mistake, chat_sink, monkeypatch, capfd) -> None:
    def broken(*_, **__):
        raise mistake

    monkeypatch.setattr("apprise.plugins.custom_json.NotifyJSON.notify", broken)
    outcome = courier.perform(order(f"json://{chat_sink.host}/x", "send", ("127.0.0.1",)))
    assert outcome == {"what": "barred" if isinstance(mistake, OSError) else "not_taken"}
    monkeypatch.setattr("apprise.Apprise.instantiate", broken)
    outcome = courier.perform(order(f"json://{chat_sink.host}/x"))
    assert outcome["what"] == ("barred" if isinstance(mistake, OSError) else "incomplete")
    assert TOKEN not in f"{outcome} {capfd.readouterr()}"


@pytest.mark.parametrize("program", ["print('json://tok-5ecret-9f3a')", "import os; os.kill(os.getpid(), 9)"])
def test_a_courier_that_breaks_tells_nothing(program, tmp_path, monkeypatch) -> None:
    broken = tmp_path / "courier.py"
    broken.write_text(program)
    monkeypatch.setattr(chat, "COURIER", broken)
    with pytest.raises(NotSent, match=r"The process that sends it .* without an answer") as error:
        chat.send(f"json://127.0.0.1/{TOKEN}", "T", "B")
    assert "5ecret" not in str(error.value)
    with pytest.raises(AddressRefused, match="It could not be checked"):
        chat.check(f"json://127.0.0.1/{TOKEN}")


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_the_number_of_an_answer_is_all_that_is_kept_of_it(status, chat_sink) -> None:
    chat_sink.status = status
    with pytest.raises(NotSent) as error:
        chat.send(f"json://{chat_sink.host}/{TOKEN}", "T", "B")
    assert str(error.value) == f"The service answered {status}."


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("lena", "as lena.vogt@bank.example is"),
        ("lena@bank.example\nBcc: all@bank.example", "no e-mail address"),
        ("", "no e-mail address"),
        ("hello://", "sends nothing over hello://"),
        ("syslog://x", "an operator adds others to MUSTER_NOTIFY_SCHEMES"),
        ("json://10.0.0.7/x", "MUSTER_EGRESS_ALLOW=10.0.0.7:80"),
        ("slack://x", "A complete one looks like"),
        ("https://evil.example/hook", "a webhook of Slack, Teams or Discord is taken as it is"),
        ("slack://a b", "no address of a chat or pager"),
        ("json://" + "x" * 1_000, "at most 1,000 are kept"),
    ],
)
def test_a_refusal_says_what_would_be_right_and_keeps_nothing(address, says, owner) -> None:
    with pytest.raises(AddressRefused, match=says):
        services.add_contact_point(owner, label="Chat", address=address)
    assert not ContactPoint.objects.exists()


@pytest.mark.django_db
def test_a_contact_point_is_refused_when_its_name_is_taken_or_shows_the_address(owner, make_point) -> None:
    make_point(label="My chat")
    with pytest.raises(ContactRefused, match="called MY CHAT already"):
        make_point(label="MY CHAT")
    with pytest.raises(ContactRefused, match="The name holds the address"):
        make_point(label=f"to {MAIL.upper()}", address=MAIL)


@pytest.mark.django_db
def test_nobody_has_more_contact_points_than_allowed(owner, make_point) -> None:
    for number in range(MOST):
        make_point(label=f"Mail {number}", address=MAIL)
    with pytest.raises(ContactRefused, match="Remove one first"):
        make_point(label="One more", address=MAIL)
