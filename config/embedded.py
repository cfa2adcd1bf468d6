"""The embedded portal: web, WebSocket, worker and sweep in one process, because its broker lives in its memory.

Rules of the one process: runtime.md, section 2.
"""

import contextlib
import errno
import fcntl
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO

import uvicorn
from django.conf import settings
from django.db import connections

from config.celery import app as celery_app
from config.signer_child import SignerChild
from plumbing.sweep import Sweep

WORKER_GRACE_S = 3.0  # so long a step may take to end at Ctrl-C; what is left is found again by its lease


class CantStart(Exception):
    """Something outside is wrong; str() is one sentence for the person at the terminal."""


def lock_data_folder(folder: Path) -> IO[str]:
    """Hold the folder for this process alone. Raises CantStart when it can't be written or is held."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / "muster.lock").open("a+")
    except OSError as error:
        raise CantStart(f"Can't write to {folder}: {error.strerror}. Set MUSTER_DATA to a folder of yours.") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.seek(0)
        raise CantStart(
            f"Another Muster (process {held.read().strip() or 'unknown'}) uses {folder}. Stop it, or set MUSTER_DATA."
        ) from error
    held.truncate(0)
    held.write(str(os.getpid()))
    held.flush()
    return held


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, bound before anything slow begins. Raises CantStart when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise CantStart(
                f"Port {port} on {host} is taken. Stop what uses it, or choose another: MUSTER_PORT={port + 1} make run"
            ) from error
        raise CantStart(f"Can't listen on {host}:{port}: {error.strerror}.") from error
    return listener


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: it would end the process before the worker has drained."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Embedded:
    """Starts all parts, waits for Ctrl-C or SIGTERM, and stops them in the order that loses nothing."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.signer = SignerChild()
        self.sweep = Sweep(settings.SWEEP_EVERY_S, has_worker=True)
        self.worker = celery_app.WorkController(
            app=celery_app,
            pool="threads",
            concurrency=settings.WORKER_THREADS,
            hostname="embedded@local",
            loglevel="WARNING",
            without_mingle=True,
            without_gossip=True,
            without_heartbeat=True,
            task_events=False,
        )
        options = uvicorn.Config(
            "config.asgi:application",
            log_level="warning",
            lifespan="on",
            timeout_graceful_shutdown=1,
            ws_ping_interval=20,
            ws_ping_timeout=20,
            ws_max_size=65536,
            server_header=False,
            proxy_headers=False,
        )
        self.server = Server(options)

    def run(self, listener: socket.socket) -> None:
        """Serve until stopped, then leave the process: executor threads must not hold up the exit."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self.signer.start()
        for name, target in (("worker", self.worker.start), ("sweep", self.sweep.run), ("stop", self._stop)):
            threading.Thread(target=target, name=name, daemon=True).start()
        self.server.run(sockets=[listener])
        self.signer.stop()
        connections.close_all()
        os._exit(0)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.stopping.is_set():
            os._exit(130)  # the second Ctrl-C: leave now, leases recover
        self.stopping.set()

    def _stop(self) -> None:
        self.stopping.wait()
        self.sweep.stopping.set()
        drained = threading.Thread(target=self.worker.stop, daemon=True)
        drained.start()
        drained.join(WORKER_GRACE_S)
        self.server.should_exit = True
