"""manage.py seal_contacts_anew: after a new key was put first into MUSTER_SEALING_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.services import seal_anew, seal_factors_anew
from plumbing.database import atomic
from plumbing.sealing import SealingRefused


class Command(BaseCommand):
    help = (
        "Seal the addresses of contact points, and the secrets of second factors, with the first sealing key, so that "
        "older ones can be dropped."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with atomic():
                count, factors = seal_anew(), seal_factors_anew()
        except SealingRefused as error:
            raise CommandError(f"{error} Nothing was changed.") from None
        addresses = f"{count} address{'' if count == 1 else 'es'}"
        secrets = f"{factors} secret{'' if factors == 1 else 's'} of second factors"
        self.stdout.write(f"{addresses} and {secrets} sealed anew. Older keys are needed no more.")
