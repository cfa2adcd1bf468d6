"""python -m audit.signer: a signer on a Unix socket, as the user who may read the log key.

    python -m audit.signer --folder /var/lib/muster-signer --key /etc/muster/ledger-key.pem \\
        --origin muster.bank.example/evidence --socket /run/muster/signer.sock --group --begin
"""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from audit.errors import LedgerError
from audit.signer.core import Signer
from audit.signer.server import Server, say


def parser() -> argparse.ArgumentParser:
    """What a signer may be told."""
    made = argparse.ArgumentParser(prog="python -m audit.signer", description="Signs checkpoints of one ledger.")
    made.add_argument("--folder", type=Path, required=True, help="what it remembers; for this user alone")
    made.add_argument("--key", type=Path, required=True, help="PEM file of the first log key, mode 600")
    made.add_argument("--origin", required=True, help="name of the ledger, as in the portal's MUSTER_LEDGER_ORIGIN")
    made.add_argument("--socket", type=Path, required=True, help="where the portal finds it")
    made.add_argument("--group", action="store_true", help="the socket's group may use it too (mode 660, not 600)")
    made.add_argument("--begin", action="store_true", help="once: there is no state yet")
    made.add_argument("--make-key", action="store_true", help="make the key when its file is missing")
    made.add_argument("--end-with-stdin", action="store_true", help="stop when standard input is closed")
    return made


def serve(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code."""
    told = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="signer: %(message)s")
    signer = Signer(told.folder, told.key, told.origin, makes_key=told.make_key, begins=told.begin)
    server = Server(signer, told.socket, mode=0o660 if told.group else 0o600)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stopping.set())
    if told.end_with_stdin:
        server.stop_when_closed(sys.stdin.fileno())
    try:
        state = signer.status()
        say(f"Signing {state.origin} at {told.socket}; {state.signed.size} heads signed so far.")
        server.run()
    except LedgerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1:]))
