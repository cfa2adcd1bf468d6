"""manage.py import_catalog FILE…"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import ledger
from catalog.services import import_files
from catalog.states import Outcome


class Command(BaseCommand):
    help = "Import Backstage catalog files together, and say of every statement what became of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--all", action="store_true", help="also print what is unchanged")

    def handle(self, *args: Any, **options: Any) -> None:
        report = import_files([_read(path) for path in options["files"]], ledger.SYSTEM)
        for line in report.lines:
            if options["all"] or line.outcome != Outcome.UNCHANGED:
                why = f": {line.why}" if line.why else ""
                self.stdout.write(f"{line.outcome.label:9} {line.what}{why}  [{line.place}]")
        self.stdout.write(report.sentence())
        if report.refused:
            raise CommandError(f"{len(report.refused)} refused; the rest was imported.")


def _read(path: Path) -> tuple[str, bytes]:
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}. Nothing was imported.") from None
