from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import connections
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"

    def ready(self) -> None:
        from audit.checks import ledger_is_guarded

        checks.register(ledger_is_guarded, checks.Tags.database)
        post_migrate.connect(install_guards, sender=self, dispatch_uid="audit.guards")


def install_guards(using: str, **_: Any) -> None:
    """(Re)install what migrate may have lost: Django rebuilds SQLite tables without their triggers."""
    from audit import guards

    guards.install(connections[using])
