"""Registers the hurtful actions when Django is ready."""

import os

from django.apps import AppConfig


class Hurtful(AppConfig):
    name = "tests.faults.hurtful"
    label = "hurtful"

    def ready(self) -> None:
        from runbooks import actions
        from tests.faults.hurtful import hurts

        actions.register(hurts.Poison())
        if jump_s := float(os.environ.get("MUSTER_FAULT_CLOCK_S", "0")):
            hurts.jump(jump_s)
