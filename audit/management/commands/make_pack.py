import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from audit.packs.making import make


class Command(BaseCommand):
    help = "Makes a pack that a worker claimed. Workers start it as a process of its own; there is no need to by hand."
    requires_system_checks: list[str] = []  # the worker that starts it has made them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", help="uid of the job")
        parser.add_argument("tries", type=int, help="which try it was claimed as")

    def handle(self, *args: Any, **options: Any) -> None:
        if not make(options["job"], options["tries"]):
            self.stderr.write("The job is somebody else's meanwhile.")
            sys.exit(0)
