from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.errors import LedgerError
from audit.states import HolderState
from audit.trust import stamps
from audit.trust.holders import keeping
from audit.trust.stamps import party


class Command(BaseCommand):
    help = "Has the last checkpoint, or a file, stamped by the configured authority now. Exit code 1 if nobody did."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="stamp this file instead; needs --out")
        parser.add_argument("--out", type=Path, help="where the response goes, as openssl ts -verify reads it")

    def handle(self, *args: Any, **options: Any) -> None:
        if not stamps.is_configured():
            raise CommandError("No authority is configured: set MUSTER_TSA_URLS and MUSTER_TSA_TRUST.")
        if (options["file"] is None) != (options["out"] is None):
            raise CommandError("--file and --out belong together.")
        try:
            self.stdout.write(_file(options["file"], options["out"]) if options["file"] else _checkpoint())
        except (LedgerError, OSError) as error:
            raise CommandError(str(error)) from error


def _file(path: Path, out: Path) -> str:
    if out.exists():
        raise CommandError(f"{out} exists already.")
    token = stamps.token_for(path.read_bytes())
    if token is None:
        raise CommandError("No authority is configured.")
    out.write_bytes(token.response)
    return f"{out}: {path} existed at {token.gen_time:%Y-%m-%d %H:%M:%S} UTC, says {token.authority}"


def _checkpoint() -> str:
    row = keeping.give(party.parties()[0], at_once=True)
    if row is None:
        raise CommandError("There is no checkpoint yet, or another process is asking for a stamp right now.")
    if row.state != HolderState.KEEPING_UP or row.checkpoint is None:
        raise CommandError(row.problem)
    return f"Checkpoint {row.checkpoint.size} is stamped by {row.name}."
