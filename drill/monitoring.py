"""Prometheus, its exporters and Alertmanager, started in the order in which they need each other."""

import json
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Any

from drill.ports import Ports
from drill.programs import Program, answers, wait_until
from drill.web import CONFIG

TARGETS = 7  # node exporter, three metrics pages, three probes
PLACEHOLDERS = {"prometheus.yml", "alertmanager.yml"}  # the others are used as they are: rules hold `$labels`


@dataclass(frozen=True)
class Receiver:
    """Where Alertmanager posts, and the bearer token it shows there."""

    url: str
    token: str


class Monitoring:
    """All four programs, with data folders of their own: an old notification log would swallow posts."""

    def __init__(self, folder: Path, ports: Ports, receiver: Receiver) -> None:
        self.folder, self.ports, self.receiver = folder, ports, receiver
        self.alertmanager_url = f"http://127.0.0.1:{ports.alertmanager}"
        self.prometheus_url = f"http://127.0.0.1:{ports.prometheus}"
        self.alertmanager, self.node, self.blackbox, self.prometheus = self.programs()

    def programs(self) -> tuple[Program, Program, Program, Program]:
        home, ports = self.folder, self.ports
        return (
            self.program(
                "prometheus-alertmanager", ports.alertmanager,
                f"--config.file={home}/alertmanager.yml", f"--storage.path={home}/alertmanager",
                "--cluster.listen-address=", f"--web.external-url={self.alertmanager_url}",
            ),
            self.program("prometheus-node-exporter", ports.node_exporter),
            self.program(
                "prometheus-blackbox-exporter", ports.blackbox_exporter, f"--config.file={home}/blackbox.yml"
            ),
            self.program(
                "prometheus", ports.prometheus,
                f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/prometheus",
                f"--web.external-url={self.prometheus_url}",
                "--rules.alert.resend-delay=5s",  # a minute else: an alert from before it knew Alertmanager is lost
            ),
        )  # fmt: skip

    def program(self, name: str, port: int, *arguments: str) -> Program:
        return Program([name, *arguments, f"--web.listen-address=127.0.0.1:{port}"], self.folder / f"{name}.log")

    def start(self) -> None:
        """Returns when every target is scraped and the watchdog alert has reached Alertmanager."""
        self.write_configuration()
        self.alertmanager.start()  # first: Prometheus, refused once, sends its next alert a minute later
        self.wait("Alertmanager was ready", f"{self.alertmanager_url}/-/ready", self.alertmanager)
        for program in (self.node, self.blackbox, self.prometheus):
            program.start()
        self.wait("Prometheus was ready", f"{self.prometheus_url}/-/ready", self.prometheus)
        log = str(self.prometheus.log)
        wait_until("All targets were up", lambda: self.targets_up() == TARGETS, within_s=30, where=log)
        wait_until("The watchdog alert arrived", lambda: "Watchdog" in self.alerts(), within_s=30, where=log)

    def write_configuration(self) -> None:
        values = {**{name: str(port) for name, port in asdict(self.ports).items()}, **asdict(self.receiver)}
        for name in ("prometheus.yml", "alertmanager.yml", "rules.yml", "blackbox.yml"):
            text = CONFIG.joinpath(name).read_text()
            self.folder.joinpath(name).write_text(Template(text).substitute(values) if name in PLACEHOLDERS else text)

    def wait(self, what: str, url: str, program: Program) -> None:
        wait_until(what, lambda: answers(url), within_s=30, where=str(program.log))

    def targets_up(self) -> int:
        targets = read(f"{self.prometheus_url}/api/v1/targets?state=active")["data"]["activeTargets"]
        return sum(target["health"] == "up" for target in targets)

    def alerts(self) -> set[str]:
        """Names of the alerts that are active at Alertmanager."""
        return {alert["labels"]["alertname"] for alert in read(f"{self.alertmanager_url}/api/v2/alerts?active=true")}

    def stop(self) -> None:
        for program in (self.prometheus, self.blackbox, self.node, self.alertmanager):
            program.stop()


def read(url: str) -> Any:
    """JSON behind one of our own loopback addresses."""
    with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
        return json.load(response)
