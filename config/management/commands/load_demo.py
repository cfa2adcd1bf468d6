"""`manage.py load_demo`: the demo organisation, for `make run` and for tests."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import demo
from plumbing import clock

MODES = ("demo", "test")


class Command(BaseCommand):
    help = "Load what is missing of the demo organisation, and print how to sign in."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.MODE not in MODES:
            raise CommandError(
                f"The demo has a password that everybody knows: it is not loaded with MUSTER_MODE={settings.MODE}."
            )
        report = demo.load(clock.now())
        self.stdout.write(f"Demo organisation: {report.made} people and services made, the rest was there.")
        self.stdout.write(f"\nSign in as one of these, password {demo.PASSWORD}")
        for each in report.sign_ins:
            self.stdout.write(f"  {each.username:8} {each.name}, {each.title.lower()}")
