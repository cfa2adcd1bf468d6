"""manage.py seal_contacts_anew: after a new key was put first into MUSTER_SEALING_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.services import seal_anew
from plumbing.sealing import SealingRefused


class Command(BaseCommand):
    help = "Seal the addresses of contact points with the first sealing key, so that older ones can be dropped."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = seal_anew()
        except SealingRefused as error:
            raise CommandError(f"{error} Nothing was changed.") from None
        self.stdout.write(f"{count} address{'' if count == 1 else 'es'} sealed anew. Older keys are needed no more.")
