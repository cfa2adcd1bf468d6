from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from audit import guards


class Command(BaseCommand):
    help = "Puts back whatever keeps the database from enforcing that the ledger is append-only."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = guards.install(connection)
        for problem in wrong:
            self.stdout.write(f"repaired: {problem}")
        self.stdout.write("The ledger is guarded." if wrong else "The ledger was guarded already.")
