"""`manage.py sweep`: finds work that nobody rang for. Run two copies in production; they don't hinder each other."""

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from audit import guards
from config.checks import refuse_unsafe_start
from plumbing.sweep import Sweep


class Command(BaseCommand):
    help = "Look for timers, lost workers and unheard rings until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_unsafe_start()
        guards.demand()
        sweep = Sweep(settings.SWEEP_EVERY_S)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sweep.stopping.set())
        sweep.run()
