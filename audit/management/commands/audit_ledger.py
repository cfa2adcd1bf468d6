import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from audit import nightly
from audit.models import AuditState


class Command(BaseCommand):
    help = (
        "Do now what the nightly audit does: derive everything again, record the result, and raise an alarm for what is"
        " wrong. Exit code 1 if anything is. `verify_ledger` does the same reading and records nothing."
    )
    requires_system_checks: list[str] = []  # a missing guard is a finding, not a reason to look away

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="say only what is wrong")

    def handle(self, *args: Any, quiet: bool, **options: Any) -> None:
        run = nightly.whole()
        for _, sentence in run.findings:
            self.stdout.write(sentence)
        if not quiet:
            self.stdout.write(f"{run.entries} entries in {run.streams} streams were read: the audit {run.state}.")
            for skipped in run.place["skipped"]:
                self.stdout.write(f"Left out: {skipped}")
        if run.state == AuditState.FAILED:
            sys.exit(1)
