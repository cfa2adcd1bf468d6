import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from audit.verify import verify_ledger


class Command(BaseCommand):
    help = "Reads every entry and says of each stream whether it is whole. Exit code 1 if anything is wrong."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("stream", nargs="*", help="only these streams, by uid")

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify_ledger(options["stream"])
        for verdict in [report.log, *report.streams]:
            self.stdout.write(verdict.sentence)
        if not report.ok:
            sys.exit(1)
