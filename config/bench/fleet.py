"""Worker processes for one measurement: started, awaited, and gone afterwards."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryFile

from django.conf import settings

READY_S = 60.0  # so long a fleet may take to say that it is ready


@contextmanager
def fleet(app: str, queue: str, processes: int, environment: Mapping[str, str]) -> Iterator[int]:
    """A Celery worker with so many prefork children on one queue; yields its process id. Raises RuntimeError."""
    command = [sys.executable, "-m", "celery", "-A", app, "worker", "-P", "prefork", "-c", str(processes), "-Q", queue]
    command += ["-n", f"{queue}@bench", "-l", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    with TemporaryFile() as log:
        program = subprocess.Popen(  # noqa: S603
            command, cwd=settings.BASE_DIR, env={**os.environ, **environment}, stdout=log, stderr=log
        )
        try:
            _await(log.fileno(), program)
            yield program.pid
        finally:
            program.send_signal(signal.SIGTERM)
            try:
                program.wait(10)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()


def _await(log: int, program: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S
    while b" ready." not in (said := os.pread(log, 1 << 20, 0)):
        if program.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the workers of {program.args!r} did not start:\n{said.decode()[-2000:]}")
        time.sleep(0.1)
