"""Programs of the machine as children of ours: started with a log file, stopped by pid, never left behind."""

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from drill.errors import NotReady, ProgramsMissing

PACKAGES = {  # program -> Debian package
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
    "prometheus-node-exporter": "prometheus-node-exporter",
    "nginx": "nginx",
}
STOP_WITHIN_S = 5


def check_installed() -> None:
    """Raises ProgramsMissing, naming the Debian packages."""
    missing = [name for name in PACKAGES if find(name) is None]
    if missing:
        raise ProgramsMissing(missing, [PACKAGES[name] for name in missing])


def find(name: str) -> str | None:
    """Path of a program; Debian keeps nginx in /usr/sbin, which isn't on everybody's path."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


class Program:
    """One child process. Start again after a stop as often as you like.

    user: whose rights it gets, where ours would be too many (we must be root then). env: its whole environment, ours by
    default."""

    def __init__(
        self, arguments: list[str], log: Path, *, user: str | None = None, ends_on: signal.Signals = signal.SIGTERM,
        env: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.arguments, self.log, self.user, self.ends_on, self.env = arguments, log, user, ends_on, env
        self.child: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return self.arguments[0]

    def start(self) -> None:
        """Nothing happens when it already runs."""
        if self.running():
            return
        path = find(self.name)
        if path is None:
            raise ProgramsMissing([self.name], [PACKAGES.get(self.name, self.name)])
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                [path, *self.arguments[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.log.parent,
                env=self.env,
                start_new_session=True,  # Ctrl-C is for us: we stop our children in order
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
            )

    def running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def signal_group(self, number: int) -> None:
        """Send a signal to it and to all its children: it leads a session of its own."""
        if self.child is not None and self.running():
            os.killpg(self.child.pid, number)

    def stop(self) -> None:
        """Asked to end, then SIGKILL when it doesn't listen. Returns when the process is gone."""
        if self.child is None:
            return
        if self.running():
            self.child.send_signal(self.ends_on)
            try:
                self.child.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.child.wait()


def answers(url: str) -> bool:
    """True when a GET gets a 2xx within a second."""
    try:
        with urllib.request.urlopen(url, timeout=1) as response:  # noqa: S310 (our own loopback addresses)
            return bool(200 <= response.status < 300)
    except (OSError, urllib.error.URLError):
        return False


def wait_until(what: str, true: Callable[[], bool], *, within_s: float, where: str = "") -> None:
    """Ask until `true()`. Raises NotReady with `what` and, where a log may tell more, `where`."""
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            raise NotReady(what, within_s, where)
        time.sleep(0.05)
