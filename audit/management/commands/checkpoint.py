from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import checkpoints
from audit.errors import LedgerError


class Command(BaseCommand):
    help = "Signs what the ledger holds now and prints the checkpoint."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = checkpoints.checkpoint()
        except LedgerError as error:
            raise CommandError(str(error)) from error
        if made is None:
            raise CommandError("The ledger is empty: there is nothing to sign.")
        self.stdout.write(bytes(made.note).decode(), ending="")
