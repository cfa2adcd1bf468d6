import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.witness import command


class Command(BaseCommand):
    help = "Runs a witness: it cosigns a log's checkpoints, and only such as extend what it saw before. No database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            command.run(argparse.Namespace(**options))
        except command.CantRun as error:
            raise CommandError(str(error)) from error
