"""Runs one program with limits and sees to it that nobody is left of it: python -I -S launch.py, its order on stdin.

A file of its own, run as a script: limits can't be set safely between fork and exec in a process with threads. It knows
nothing of Muster and imports only the standard library. It stays beside the program and adopts whatever detaches itself
from it, also into a session of its own. It kills what is left when the program ends; when it is told to end (SIGTERM,
the program first gets `grace` seconds; SIGHUP, at once); and when its worker dies (the kernel sends SIGHUP).
Descriptor `status` gets {"exit": …} or {"refused": …}.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import time
from contextlib import suppress

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
GIVE_UP_S = 3.0  # on a process that SIGKILL doesn't end
LOOK_EVERY_S = 0.005


def main() -> None:
    order = json.load(sys.stdin)  # not on the command line: everybody on the machine reads that
    os.set_inheritable(order["status"], False)  # a successful exec closes it in the program
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _tie_to(order["parent"], signal.SIGHUP)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD])
    us, reading, writing = os.getpid(), *os.pipe()
    program = os.fork()
    if program == 0:
        _become(order, us, writing)
    os.close(writing)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)  # who reads the outputs must see their end when the program is over
    os.dup2(quiet, 2)
    with os.fdopen(reading, "rb") as refusal:
        refused = refusal.read().decode(errors="replace")
    exit_code = _watch(program, order["grace"])
    _end_all()
    answer = {"refused": refused} if refused else {"exit": exit_code}
    os.write(order["status"], json.dumps(answer).encode())
    os._exit(0)


def _become(order: dict, parent: int, refusal: int) -> None:  # type: ignore[type-arg]
    """In the child: set the limits and become the program. Never returns."""
    try:
        os.set_inheritable(refusal, False)
        os.setpgid(0, 0)
        _tie_to(parent, signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        for name, wanted in order["limits"].items():
            kind = getattr(resource, f"RLIMIT_{name}")
            _, most = resource.getrlimit(kind)
            bound = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
            resource.setrlimit(kind, (bound, bound))
        os.execve(order["argv"][0], order["argv"], order["env"])  # noqa: S606 - no shell; an operator allowed it
    except (OSError, ValueError) as error:
        os.write(refusal, str(getattr(error, "strerror", None) or error).encode())
    os._exit(127)


def _watch(program: int, grace_s: float) -> int:
    """Wait for the program's end, and hurry it when told so. Its exit code; negative is the signal that ended it."""
    ends = None
    while True:
        left = None if ends is None else max(ends - time.monotonic(), 0)
        heard = _wait_for_signal(left)
        if heard == signal.SIGTERM and ends is None:
            ends = time.monotonic() + grace_s
            _send(-program, signal.SIGTERM)
        elif heard == signal.SIGHUP or (ends is not None and time.monotonic() >= ends):
            _send(-program, signal.SIGKILL)
            _send(program, signal.SIGKILL)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return -signal.SIGKILL  # nobody is left, and the program's own end was missed
            if pid == program:
                return os.waitstatus_to_exitcode(status)
            if pid == 0:
                break


def _wait_for_signal(left_s: float | None) -> int:
    """The next signal, or 0 after `left_s` seconds."""
    signals = [signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD]
    if left_s is None:
        return signal.sigwait(signals)
    found = signal.sigtimedwait(signals, max(left_s, LOOK_EVERY_S))
    return found.si_signo if found else 0


def _end_all() -> None:
    """Kill everything that descends from us, until nothing does."""
    gives_up = time.monotonic() + GIVE_UP_S
    while (left := _descendants()) and time.monotonic() < gives_up:
        for pid in left:
            _send(pid, signal.SIGKILL)
        time.sleep(LOOK_EVERY_S)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return


def _descendants() -> list[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():  # noqa: PTH112, PTH208 - pathlib takes 20 ms
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue  # it ended meanwhile
            children.setdefault(parent, []).append(int(name))
    found = list(children.get(os.getpid(), ()))
    for pid in found:
        found += children.get(pid, ())
    return found


def _tie_to(parent: int, number: int) -> None:
    """Get this signal when the process that started us dies: a lost worker leaves nobody behind who goes on acting."""
    _prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(127)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # it is over
        os.kill(pid, number)


if __name__ == "__main__":
    main()
