"""manage.py reset_factors USERNAME --reason "…" """

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import ledger
from catalog.models import User
from catalog.services import reset_factors
from catalog.states import SIGN_IN

LONGEST_REASON = 500


class Command(BaseCommand):
    help = (
        "Take all second factors and recovery codes from somebody who lost theirs, and end their sessions. "
        "They sign in with their password alone until they add one: make sure who is asking, not by mail."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="who asked, and how you know that it was them; on record")

    def handle(self, *args: Any, **options: Any) -> None:
        username, reason = options["username"], options["reason"].strip()
        if not reason or len(reason) > LONGEST_REASON:
            raise CommandError(f"--reason needs 1 to {LONGEST_REASON} characters. Nothing was changed.")
        person = User.objects.filter(username=username, kind__in=SIGN_IN).first()
        if person is None:
            raise CommandError(f"There is no person {username!r}. Nothing was changed.")
        count = reset_factors(person, reason=reason, actor=ledger.SYSTEM)
        self.stdout.write(f"{username}: {count} second factor{'' if count == 1 else 's'} removed, all sessions ended")
