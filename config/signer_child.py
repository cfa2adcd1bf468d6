"""The embedded portal's signer: a child process with a folder of its own, started again when it dies.

It ends with the portal, however the portal ends: it reads a pipe that only the portal holds open.
"""

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

from django.conf import settings

log = logging.getLogger(__name__)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
RUNS_WELL_S = 60.0  # after so long the pauses begin anew
GRACE_S = 5.0  # for what it is just signing
START_S = 15.0  # a slow machine takes its time to start Python


class SignerChild:
    """Keeps one signer running. A portal whose signer is elsewhere (MUSTER_SIGNER) needs none."""

    def __init__(self) -> None:
        self.folder = Path(settings.SIGNER_DIR)
        self.socket = self.folder / "signer.sock"
        self.is_needed = not settings.SIGNER
        self.process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._held = threading.Lock()

    def start(self) -> None:
        """Start it, and let this process sign by it from now on."""
        if not self.is_needed:
            return
        settings.SIGNER = f"unix:{self.socket.absolute()}"
        self._launch()
        threading.Thread(target=self._attend, name="signer", daemon=True).start()
        self._await_socket()

    def stop(self) -> None:
        """Let it finish what it does, and end."""
        self._stopping.set()
        with self._held:
            process = self.process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()

    def _launch(self) -> None:
        command = [sys.executable, "-m", "audit.signer", "--folder", self.folder, "--key", settings.LEDGER_KEY_FILE]
        command += ["--origin", settings.LEDGER_ORIGIN, "--socket", self.socket, "--begin", "--end-with-stdin"]
        if not settings.PRODUCTION:
            command.append("--make-key")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._held:
            if self.process is not None and self.process.stdin is not None:
                self.process.stdin.close()  # of the one that died
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                [str(word) for word in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                cwd=settings.BASE_DIR,
                env={"LANG": "C.UTF-8"},  # it needs none of our secrets
                start_new_session=True,  # Ctrl-C is for the portal, which then lets it finish
            )

    def _attend(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            begun = time.monotonic()
            if self.process is not None:
                self.process.wait()
            if self._stopping.is_set():
                return
            if time.monotonic() - begun > RUNS_WELL_S:
                pause_s = FIRST_PAUSE_S
            log.warning("The signer ended; it is started again in %.1f s.", pause_s)
            if self._stopping.wait(pause_s):
                return
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            try:
                self._launch()
            except OSError as error:  # no memory, no process: it is tried again
                log.warning("The signer could not be started: %s", error)

    def _await_socket(self) -> None:
        """A portal that serves before its signer listens would begin with `signer away` on its page."""
        ends = time.monotonic() + START_S
        while time.monotonic() < ends and not self.socket.exists():
            if self.process is not None and self.process.poll() is not None:
                return  # it can't start; the page says so, and it is tried again
            time.sleep(0.05)
