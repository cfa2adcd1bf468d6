from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import checkpoints
from audit.errors import LedgerError
from audit.ledger import SYSTEM
from audit.trust import epochs


class Command(BaseCommand):
    help = (
        "Go on under a new name (…/evidence/2) after signed history was lost, for example by restoring a backup."
        " First try to bring the newest database back: what a new epoch leaves behind stays lost."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="what happened, and who decided; it stays on record")

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        if not reason.strip():
            raise CommandError("Say why: --reason 'Restored the backup of 3 March after the disk failed'.")
        try:
            epoch = epochs.open_epoch(actor=SYSTEM, reason=reason)
            checkpoints.checkpoint()
        except LedgerError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"From head {epoch.since} on the log is {epoch.origin}. Tell whoever checks your packs.")
