"""manage.py probes pause|resume SERVICE…"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import ledger
from catalog.models import Service
from catalog.services import switch_probes


class Command(BaseCommand):
    help = "Pause or resume all probes of services."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["pause", "resume"])
        parser.add_argument("services", nargs="+", metavar="SERVICE", help="slug")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["services"]
        found = {service.slug: service for service in Service.objects.filter(slug__in=wanted)}
        if missing := [slug for slug in wanted if slug not in found]:
            raise CommandError(f"There is no service {missing[0]!r}. Nothing was changed.")
        paused = options["action"] == "pause"
        for slug in wanted:
            count = switch_probes(found[slug], paused=paused, actor=ledger.SYSTEM)
            self.stdout.write(f"{slug}: {count} probe{'' if count == 1 else 's'} {'paused' if paused else 'resumed'}")
