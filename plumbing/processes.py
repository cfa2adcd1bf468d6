"""Runs a program as a child of its own session, with limits, and never for longer than it may.

Needed by runbooks (actions `command`, `ansible`) and plumbing (probe `command`). No shell, a minimal environment,
bounded output. What is left of it when it ends, or must end, is killed, detached or not (plumbing/launch.py).
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from plumbing.errors import MusterError
from plumbing.printed import Kept, Lines

MEGABYTE = 1024 * 1024
ASK_EVERY_S = 0.1  # how often `should_stop` is asked
DRAIN_S = 0.5  # for what is still in the pipes when all is over
SEEN_OFF_S = 5.0  # the launcher has to kill all that is left
CHUNK = 65_536
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LAUNCHER = Path(__file__).with_name("launch.py")


class NotStarted(MusterError):
    """The program could not be run at all. Nothing was done."""

    code = "not_started"
    status = 422


@dataclass(frozen=True)
class Limits:
    """Of each of the child's processes; grace_s is how long it has between being told to end and being killed."""

    cpu_s: int = 60
    memory_mb: int = 512
    file_mb: int = 100
    files: int = 256
    grace_s: float = 2.0


@dataclass(frozen=True)
class Ended:
    """How it ended. exit_code: negative is the signal that ended it. cut: `deadline`, `stopped`, or empty."""

    exit_code: int
    stdout: str
    stderr: str
    elapsed_ms: int
    cut: str = ""

    @property
    def how(self) -> str:
        """In words: `ended with 1`, `was killed (SIGKILL)`."""
        if self.exit_code >= 0:
            return f"ended with {self.exit_code}"
        name = signal.Signals(-self.exit_code).name if -self.exit_code in set(signal.Signals) else str(-self.exit_code)
        return f"was ended by {name}"


def run(
    argv: Sequence[str],
    *,
    deadline_s: float,
    limits: Limits = Limits(),
    folder: str = "/",
    env: Mapping[str, str] | None = None,
    say: Callable[[str], None] = lambda text: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Ended:
    """Run the program argv[0] (a full path) to its end, or until it must end. Raises NotStarted.

    say: gets whole lines of both outputs as they come, bounded. Nothing of our environment is handed on."""
    return _Child(list(argv), deadline_s, limits, folder, dict(env or {}), say, should_stop).finish()


@dataclass
class _Child:
    """One running program."""

    argv: list[str]
    deadline_s: float
    limits: Limits
    folder: str
    env: dict[str, str]
    say: Callable[[str], None]
    should_stop: Callable[[], bool]
    cut: str = ""
    begun: float = field(default_factory=time.monotonic)

    def finish(self) -> Ended:
        """Start it, hear it out, and see it off."""
        process, status = self._start()
        kept, lines = {"out": Kept(), "err": Kept()}, Lines(self.say)
        try:
            with selectors.DefaultSelector() as waiting:
                for stream, name in ((process.stdout, "out"), (process.stderr, "err")):
                    waiting.register(_open(stream), selectors.EVENT_READ, name)
                self._listen(process, waiting, kept, lines)
        finally:
            _see_off(process)
            answer = _answer(status)
            for stream in (process.stdout, process.stderr):
                _open(stream).close()
        lines.close()
        if "refused" in answer:
            raise NotStarted(f"{self.argv[0]} can't be run: {answer['refused']}.")
        elapsed_ms = round((time.monotonic() - self.begun) * 1_000)
        exit_code = int(answer.get("exit", -signal.SIGKILL))
        return Ended(exit_code, kept["out"].text(), kept["err"].text(), elapsed_ms, self.cut)

    def _start(self) -> tuple[subprocess.Popen[bytes], int]:
        """The launcher, and a descriptor on which it says how the program ended."""
        reading, writing = os.pipe()
        try:
            process = subprocess.Popen(  # noqa: S603 - a list of words; the operator allowed each
                [sys.executable, "-I", "-S", str(LAUNCHER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self.folder,
                env={},
                start_new_session=True,
                pass_fds=(writing,),
            )
        except OSError as error:
            os.close(reading)
            raise NotStarted(f"{self.argv[0]} can't be run in {self.folder}: {error.strerror}.") from None
        finally:
            os.close(writing)
        with _open(process.stdin) as order, suppress(BrokenPipeError):
            order.write(self._order(writing))
        return process, reading

    def _order(self, status: int) -> bytes:
        """What plumbing/launch.py reads."""
        limits = {
            "AS": self.limits.memory_mb * MEGABYTE,
            "CPU": self.limits.cpu_s,
            "FSIZE": self.limits.file_mb * MEGABYTE,
            "NOFILE": self.limits.files,
            "CORE": 0,
        }
        env = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": self.folder, **self.env}
        order = {"limits": limits, "argv": self.argv, "env": env, "parent": os.getpid(), "status": status}
        return json.dumps({**order, "grace": self.limits.grace_s}).encode()

    def _listen(
        self, process: subprocess.Popen[bytes], waiting: selectors.BaseSelector, kept: dict[str, Kept], lines: Lines
    ) -> None:
        """Take in what it says until it is over, or until it was told to end and had its time."""
        told_at = over_at = 0.0
        while True:
            for key, _ in waiting.select(ASK_EVERY_S):
                data = os.read(key.fd, CHUNK)
                if data:
                    kept[key.data].add(data)
                    lines.add(key.data, data)
                else:
                    waiting.unregister(key.fileobj)
            now = time.monotonic()
            if process.poll() is not None:
                over_at = over_at or now
                if not waiting.get_map() or now - over_at > DRAIN_S:
                    return
            elif not self.cut and self._must_end(now):
                told_at = now
                process.send_signal(signal.SIGTERM)  # the launcher gives the program its grace
            elif self.cut and now - told_at > self.limits.grace_s + SEEN_OFF_S:
                return

    def _must_end(self, now: float) -> bool:
        if now - self.begun > self.deadline_s:
            self.cut = "deadline"
        elif self.should_stop():
            self.cut = "stopped"
        return bool(self.cut)


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the child has no pipe")
    return stream


def _answer(descriptor: int) -> dict[str, Any]:
    """What the launcher said at its end: `exit` or `refused`, or nothing when it was killed."""
    with os.fdopen(descriptor, "rb") as status:
        said = status.read(10_000)
    answer: dict[str, Any] = json.loads(said) if said else {}
    return answer


def _see_off(process: subprocess.Popen[bytes]) -> None:
    """Make sure that nobody is left, whatever happened here."""
    if process.poll() is None:
        process.send_signal(signal.SIGHUP)  # the launcher kills the program and all that descends from it
        with suppress(subprocess.TimeoutExpired):
            process.wait(SEEN_OFF_S)
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
