from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import keys
from audit.errors import LedgerError
from audit.ledger import SYSTEM
from audit.trust import rotation


class Command(BaseCommand):
    help = "Have the signer make a new log key. Old and new sign side by side for 30 days; then the old one is retired."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="why, for the record")

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        try:
            rotation.rotate(actor=SYSTEM, reason=reason)
            held = keys.log_keys()
        except LedgerError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Register the new fingerprint with your regulators, and hand out the new line:")
        for key in held:
            if key.is_in_force:
                self.stdout.write(f"{key.fingerprint}\n{key.vkey}")
