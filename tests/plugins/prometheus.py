"""A real Prometheus, for all tests of a run that ask for one."""

import time
import urllib.request
from collections.abc import Iterator

import pytest

from drill.programs import PACKAGES, Program, find
from scripts.servers import free_port
from tests.plugins.lacking import lacks

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: self
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@pytest.fixture(scope="session")
def prometheus_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Prometheus that scrapes itself every second. Who asks for it is marked `drill`."""
    if find("prometheus") is None:
        lacks("Prometheus", f"run `apt-get install {PACKAGES['prometheus']}` as root (Debian)")
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
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
