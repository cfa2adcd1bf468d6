"""Numbers from Prometheus: a real one, that scrapes itself every second."""

import time
import urllib.request
from pathlib import Path

import pytest

from drill.programs import PACKAGES, Program, find
from plumbing import prometheus
from plumbing.http import EgressError
from plumbing.prometheus import QueryFailed
from scripts.servers import free_port
from tests.plugins.lacking import lacks

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: self
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
LOOPBACK = ["127.0.0.0/8"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if find("prometheus") is None:
        lacks("Prometheus", f"run `apt-get install {PACKAGES['prometheus']}` as root (Debian)")
    folder, port = Path(tmp_path_factory.mktemp("prometheus")), free_port()
    folder.joinpath("prometheus.yml").write_text(CONFIG.format(port=port))
    program = Program(
        [
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        folder / "log",
    )
    program.start()
    url, until = f"http://127.0.0.1:{port}", time.monotonic() + 30
    try:
        while not scraped(url):
            assert time.monotonic() < until, folder.joinpath("log").read_text()
            time.sleep(0.2)
        yield url
    finally:
        program.stop()


def scraped(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?query=up", timeout=2) as response:  # noqa: S310
            return b'"1"' in response.read()
    except OSError:
        return False


def ask(url, query, **options):
    return prometheus.ask(url, query, timeout_s=3, **({"allow": LOOPBACK} | options))


@pytest.mark.drill
@pytest.mark.parametrize(("query", "value"), [('up{job="self"}', 1), ("sum(up) * 2.5", 2.5), ("scalar(sum(up))", 1)])
def test_a_query_gives_one_number(server, query, value):
    assert ask(server, query).value == value


@pytest.mark.drill
def test_a_number_says_how_old_its_newest_sample_is(server, settings):
    settings.EGRESS_ALLOW = LOOPBACK
    assert 0 <= prometheus.age_s(server, "up", timeout_s=3) < 3
    time.sleep(0.05)
    assert ask(server, "up").at.timestamp() == pytest.approx(time.time(), abs=5)


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
def test_what_is_no_number_is_refused_with_a_reason(server, query, said):
    with pytest.raises(QueryFailed, match=said):
        ask(server, query)


@pytest.mark.drill
def test_another_server_is_told_from_prometheus(server):
    with pytest.raises(QueryFailed, match="Is it the right address"):
        ask(f"{server}/nowhere", "up")


def test_nobody_there_is_an_error_of_the_way():
    with pytest.raises(EgressError):
        ask(f"http://127.0.0.1:{free_port()}", "up")
