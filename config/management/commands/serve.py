"""`manage.py serve`: the whole portal in one process. `--demo` loads the demo organisation first."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.checks import refuse_unsafe_start
from config.embedded import CantStart, Embedded, bind, lock_data_folder
from runbooks.engine.leases import expire_all

LOOPBACK = ("127.0.0.1", "localhost")


class Command(BaseCommand):
    help = "Migrate, then serve pages, API, WebSockets, worker and sweep from this one process."
    requires_system_checks: list[str] = []  # migrations come first: the ledger's triggers are checked after them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="load the demo organisation")
        parser.add_argument("--host", default=os.environ.get("MUSTER_HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=int(os.environ.get("MUSTER_PORT", "8000")))

    def handle(self, *args: Any, demo: bool, host: str, port: int, **options: Any) -> None:
        if demo and not settings.DEMO:
            raise CommandError(f"A demo can't start with MUSTER_MODE={settings.MODE}. Unset it.")
        if settings.DEMO and host not in LOOPBACK:
            raise CommandError(f"A demo has known passwords: it listens on 127.0.0.1 only, not on {host}.")
        refuse_unsafe_start()
        try:
            self.held = lock_data_folder(settings.DATA_DIR)
            listener = bind(host, port)
        except CantStart as error:
            raise CommandError(str(error)) from error
        self._prepare(demo)
        self.stdout.write(self.style.SUCCESS(f"\nMuster is at http://{host}:{port}/   (Ctrl-C stops it)\n"))
        Embedded().run(listener)

    def _prepare(self, demo: bool) -> None:
        """Bring the database and the static files up to date, and free what a killed predecessor held."""
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        expire_all()
        if demo:
            call_command("load_demo", stdout=self.stdout)
