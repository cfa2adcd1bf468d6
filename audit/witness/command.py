"""The command line of a witness: `init` makes key and state, `serve` answers logs. No Django."""

import argparse
import ipaddress
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.cosigning import COSIGNATURE, Verifier, is_name, read_verifier
from audit.ed25519 import ED25519, make_private, read_private
from audit.errors import BadNote, NoLogKey
from audit.witness.core import Witness
from audit.witness.server import Server
from audit.witness.state import State, StateUnusable, write


class CantRun(Exception):
    """One sentence for the person at the terminal."""


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        prog="python -m audit.witness",
        description="Cosigns a log's checkpoints, if they extend what it saw before.",
    )
    add_arguments(parser)
    return parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments, for a parser of anybody's."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    init = verbs.add_parser("init", help="make a key and an empty state, and print the witness's verifier key")
    serve = verbs.add_parser("serve", help="answer logs until stopped")
    for verb in (init, serve):
        verb.add_argument("--name", required=True, help="what the witness is called, as in witness.bank.example/1")
        verb.add_argument("--folder", required=True, type=Path, help="where its key and its state are")
    serve.add_argument("--logs", required=True, type=Path, help="file with the verifier key of a log on each line")
    serve.add_argument("--listen", default="127.0.0.1:8790", metavar="HOST:PORT", help="default: %(default)s")
    serve.add_argument("--behind-proxy", action="store_true", help="listen beyond loopback; TLS is elsewhere")


def run(options: argparse.Namespace) -> None:
    """Do what was asked. Raises CantRun."""
    if not is_name(options.name):
        raise CantRun(f"{options.name!r} can't be a witness's name: no spaces and no +, at most 200 characters.")
    try:
        init(options.name, options.folder) if options.verb == "init" else serve(options)
    except (NoLogKey, StateUnusable) as error:
        said = f"The witness's key {error.path} {error.reason}." if isinstance(error, NoLogKey) else str(error)
        raise CantRun(said) from error
    except OSError as error:
        raise CantRun(f"{error.filename or options.folder}: {error.strerror}.") from error


def init(name: str, folder: Path) -> None:
    """A key and an empty state. Never over what is there: a witness that forgets can be shown another history."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / "state.json").exists() or (folder / "key.pem").exists():
        raise CantRun(f"{folder} holds a witness already, or what is left of one: take another folder, key and name.")
    make_private(folder / "key.pem")
    verifier = _verifier(name, folder)
    write(folder / "state.json", str(verifier), {})
    sys.stdout.write(f"{verifier}\n")


def serve(options: argparse.Namespace) -> None:
    """Answer until SIGTERM or Ctrl-C."""
    host, port = _address(options.listen, anywhere=options.behind_proxy)
    verifier, logs = _verifier(options.name, options.folder), read_logs(options.logs)
    state = State(options.folder / "state.json", str(verifier))
    witness = Witness(options.name, read_private(options.folder / "key.pem"), logs, state)
    server = Server((host, port), witness, options.folder / "contradictions.jsonl")
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    signal.signal(signal.SIGTERM, _stop)
    sys.stdout.write(f"{verifier}\nwitnesses {', '.join(sorted(logs))} on http://{host}:{server.server_port}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        state.close()


def read_logs(path: Path) -> dict[str, list[Ed25519PublicKey]]:
    """Origin -> keys, from a file with one verifier key per line; # begins a comment. Raises CantRun."""
    logs: dict[str, list[Ed25519PublicKey]] = {}
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CantRun(f"{path} can't be read: {error}.") from error
    for number, line in enumerate(lines, 1):
        if not (text := line.strip()) or text.startswith("#"):
            continue
        try:
            known = read_verifier(text, ED25519)
        except BadNote as error:
            raise CantRun(f"{path}, line {number}: {error.reason}.") from error
        logs.setdefault(known.name, []).append(known.key)
    if not logs:
        raise CantRun(f"{path} names no log: put the log's verifier key there (keys/log.vkey in each pack).")
    return logs


def _verifier(name: str, folder: Path) -> Verifier:
    return Verifier(name, COSIGNATURE, read_private(folder / "key.pem").public_key())


def _address(text: str, *, anywhere: bool) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    try:
        if not (ipaddress.ip_address(host).is_loopback or anywhere):
            raise CantRun(f"{host} is not this machine alone. Put a proxy with TLS before it, or say --behind-proxy.")
        return host, int(port)
    except ValueError:
        raise CantRun(f"{text!r} is no address: expected an IP address and a port, as in 127.0.0.1:8790.") from None


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0, or 1 after one sentence on stderr."""
    try:
        run(arguments().parse_args(argv))
    except CantRun as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
