"""Three nginx that depend on each other: edge -> api -> store. What is broken below, fails above."""

import os
import signal
import subprocess
import threading
from pathlib import Path
from string import Template

from drill.ports import Ports
from drill.programs import Program, answers, wait_until

CONFIG = Path(__file__).parent / "config"
NAMES = ("store", "api", "edge")  # the order of starting: providers first


class WebServices:
    """Starts, breaks and repairs the three; safe to call from several threads."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        self.ports = ports
        self.lock = threading.Lock()
        self.folders = {name: folder / name for name in NAMES}
        self.programs = {
            name: Program(["nginx", "-c", str(home / "nginx.conf"), "-p", str(home)], home / "nginx.log")
            for name, home in self.folders.items()
        }

    def port(self, name: str) -> int:
        return int(getattr(self.ports, name))

    def health_url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port(name)}/healthz"

    def start_all(self) -> None:
        for name in NAMES:
            self.folders[name].joinpath("tmp").mkdir(parents=True, exist_ok=True)
            self.write(name, self.good_health(name))
            self.start(name)

    def good_health(self, name: str) -> str:
        below = {"api": ("store", 2), "edge": ("api", 3)}
        if name not in below:
            return f'return 200 "ok {name}\\n";'
        provider, timeout_s = below[name]
        target = f"http://127.0.0.1:{self.port(provider)}"
        return f"proxy_connect_timeout 1s; proxy_read_timeout {timeout_s}s; proxy_pass {target};"

    def write(self, name: str, health: str) -> None:
        home = self.folders[name]
        text = Template(CONFIG.joinpath("nginx.conf").read_text())
        values = {"folder": str(home), "port": str(self.port(name)), "name": name, "health": health}
        home.joinpath("nginx.conf").write_text(text.substitute(values))

    def start(self, name: str) -> None:
        """The repair of `kill`: returns when the service answers for itself (what is below may still be broken)."""
        with self.lock:
            program = self.programs[name]
            program.start()
            metrics = f"http://127.0.0.1:{self.port(name)}/metrics"
            wait_until(f"nginx of {name} answered", lambda: answers(metrics), within_s=10, where=str(program.log))

    def kill(self, name: str) -> None:
        """Fault 'killed': the process is gone."""
        with self.lock:
            self.programs[name].stop()

    def hang(self, name: str) -> None:
        """Fault 'hang': the workers accept connections and never answer. Repaired by `resume`."""
        self.signal_workers(name, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        self.signal_workers(name, signal.SIGCONT)

    def answer_wrongly(self, name: str) -> None:
        """Fault 'wrong answer': the process is up, its health says 500. Repaired by `answer_rightly`."""
        self.reload(name, 'return 500 "broken\\n";')

    def answer_rightly(self, name: str) -> None:
        self.reload(name, self.good_health(name))

    def reload(self, name: str, health: str) -> None:
        self.write(name, health)
        os.kill(self.pid(name), signal.SIGHUP)

    def pid(self, name: str) -> int:
        child = self.programs[name].child
        if child is None:
            raise ValueError(f"{name} was never started")
        return child.pid

    def signal_workers(self, name: str, number: signal.Signals) -> None:
        found = subprocess.run(["pgrep", "-P", str(self.pid(name))], capture_output=True, text=True)
        for pid in found.stdout.split():
            os.kill(int(pid), number)

    def running(self, name: str) -> bool:
        return self.programs[name].running()

    def stop_all(self) -> None:
        for name in reversed(NAMES):
            if self.running(name):
                self.resume(name)  # a stopped worker wouldn't hear the end
            self.kill(name)
