"""MUSTER_SIEM_URL is taken apart once, and what can't be used is said in a sentence."""

import pytest

from config.siem import RIGHT, Siem, siem


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", Siem()),
        ("https://siem.bank/in?format=cef&key=7", Siem("https://siem.bank/in?key=7", "webhook", "cef")),
        ("http://127.0.0.1:9/in", Siem("http://127.0.0.1:9/in", "webhook", "ocsf")),
        ("syslog+tls://siem.bank", Siem("siem.bank:6514", "syslog+tls", "cef")),
        ("syslog+tcp://[::1]:1601?format=ocsf", Siem("[::1]:1601", "syslog+tcp", "ocsf")),
    ],
)
def test_a_collector_is_named_by_one_url(url, expected):
    assert siem(url) == expected


@pytest.mark.parametrize(
    "url",
    ["siem.bank", "udp://siem.bank", "https://user:secret@siem.bank/", "https://siem.bank/?format=leef",
     "syslog+tls://siem.bank/path", "syslog+tls://siem.bank?x=1", "syslog+tcp://siem.bank:port", "https:///in"],
)  # fmt: skip
def test_what_cant_be_used_is_said(url):
    assert siem(url) == Siem(problem=RIGHT)


def test_people_are_told_the_host_alone():
    assert siem("https://siem.bank:8443/in?key=secret").host == "siem.bank:8443"
    assert siem("syslog+tls://siem.bank").host == "siem.bank:6514"
