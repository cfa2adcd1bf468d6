"""Who acts and who looks: equal sources are one opinion, not two."""

import pytest

from runbooks.actions.sources import source_of


@pytest.mark.parametrize(
    ("kind", "config", "source"),
    [
        ("http", {"url": "https://Control.bank.example/x?y"}, "control.bank.example:443"),
        ("http", {"url": "http://[::1]:8080/"}, "[::1]:8080"),
        ("webhook", {"url": "https://a.example", "secret": "x", "type": "t"}, "a.example:443"),
        ("command", {"run": ["restart", "x"]}, "command restart"),
        ("ansible", {"project": "net", "playbook": "a.yml"}, "ansible net"),
        ("sql", {"connection": "orders", "query": "select 1"}, "sql orders"),
        ("notify", {"to": ["a", "b"], "text": "x"}, "notify a, b"),
        ("manual", {}, "person"),
        ("wait", {"for": "5s"}, "wait"),
        ("probe", {"http": "https://control.bank.example/health"}, "control.bank.example:443"),
        ("probe", {"tcp": "control.bank.example:443"}, "control.bank.example:443"),
        ("probe", {"tls": "control.bank.example"}, "control.bank.example:443"),
        ("probe", {"dns": "control.bank.example"}, "dns of this machine"),
        ("probe", {"dns": {"name": "x", "server": "192.0.2.1"}}, "dns 192.0.2.1"),
        ("probe", {"sql": {"connection": "orders", "query": "select 1", "expect": "true"}}, "sql orders"),
        ("probe", {"prometheus": {"query": "up", "expect": "true"}}, "prometheus default"),
        ("probe", {"prometheus": {"query": "up", "expect": "true", "server": "http://p:9090"}}, "prometheus p:9090"),
        ("probe", {"command": {"run": ["df"]}}, "command df"),
        ("probe", {"log": {"file": "/var/log/x", "matches": "a"}}, "log /var/log/x"),
        ("probe", {"dns": {"nonsense": 1}}, ""),
        ("nothing", {}, ""),
    ],
)
def test_a_source_is_the_tool_or_host_that_speaks(kind, config, source):
    assert source_of(kind, config) == source


def test_an_actor_that_is_asked_whether_it_worked_is_told_from_another():
    actor = source_of("http", {"url": "https://control.bank.example/restart", "method": "POST"})
    assert actor == source_of("probe", {"http": "https://control.bank.example/status"})
    assert actor != source_of("probe", {"http": "https://orders.bank.example/healthz"})
