"""`manage.py signer`: python -m audit.signer with the portal's own settings as defaults."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.signer.__main__ import serve


class Command(BaseCommand):
    help = "Serve the signer on a Unix socket, as the one user who may read the log key. See docs/how-to."
    requires_system_checks: list[str] = []  # it needs neither the database nor the portal's secrets

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, default=settings.SIGNER_DIR, help="what it remembers")
        parser.add_argument("--key", type=Path, default=settings.LEDGER_KEY_FILE, help="PEM file of the first log key")
        parser.add_argument("--origin", default=settings.LEDGER_ORIGIN, help="name of the ledger")
        parser.add_argument("--socket", type=Path, help="where the portal finds it; default: MUSTER_SIGNER")
        parser.add_argument("--group", action="store_true", help="the socket's group may use it too")
        parser.add_argument("--begin", action="store_true", help="once: there is no state yet")

    def handle(self, *args: Any, **options: Any) -> None:
        socket = options["socket"] or settings.SIGNER.removeprefix("unix:")
        if not socket:
            raise CommandError("Name the socket: --socket /run/muster/signer.sock, or MUSTER_SIGNER=unix:/…")
        told = [f"--{name}={options[name]}" for name in ("folder", "key", "origin")]
        told += [f"--{name}" for name in ("group", "begin") if options[name]]
        if code := serve([*told, f"--socket={socket}"]):
            raise SystemExit(code)
