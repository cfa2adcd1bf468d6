"""Numbers from Prometheus: a real one, that scrapes itself every second."""

import time

import pytest

from plumbing import prometheus
from plumbing.http import EgressError
from plumbing.prometheus import QueryFailed
from scripts.servers import free_port

LOOPBACK = ["127.0.0.0/8"]


def ask(url, query, **options):
    return prometheus.ask(url, query, timeout_s=3, **({"allow": LOOPBACK} | options))


@pytest.mark.drill
@pytest.mark.parametrize(("query", "value"), [('up{job="self"}', 1), ("sum(up) * 2.5", 2.5), ("scalar(sum(up))", 1)])
def test_a_query_gives_one_number(prometheus_url, query, value):
    assert ask(prometheus_url, query).value == value


@pytest.mark.drill
def test_a_number_says_how_old_its_newest_sample_is(prometheus_url, settings):
    settings.EGRESS_ALLOW = LOOPBACK
    assert 0 <= prometheus.age_s(prometheus_url, "up", timeout_s=3) < 3
    time.sleep(0.05)
    assert ask(prometheus_url, "up").at.timestamp() == pytest.approx(time.time(), abs=5)


@pytest.mark.drill
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("nothing_of_this_name", "finds no data"),
        ("prometheus_http_requests_total or up", "series; one is needed"),
        ("up[5m]", "gives a matrix"),
        ("sum(up) / 0 * 0", "NaN"),
        ("sum(", "was refused"),
        ("x" * 4_001, "the limit is 4000"),
    ],
)
def test_what_is_no_number_is_refused_with_a_reason(prometheus_url, query, said):
    with pytest.raises(QueryFailed, match=said):
        ask(prometheus_url, query)


@pytest.mark.drill
def test_another_server_is_told_from_prometheus(prometheus_url):
    with pytest.raises(QueryFailed, match="Is it the right address"):
        ask(f"{prometheus_url}/nowhere", "up")


def test_nobody_there_is_an_error_of_the_way():
    with pytest.raises(EgressError):
        ask(f"http://127.0.0.1:{free_port()}", "up")
