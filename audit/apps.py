from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import connections
from django.db.migrations import Migration
from django.db.models.signals import post_migrate, pre_migrate


class AuditConfig(AppConfig):
    name = "audit"

    def ready(self) -> None:
        from audit import listeners
        from audit.checks import ledger_is_guarded, log_key_is_given, organisation_can_sign
        from audit.filings import listening

        checks.register(checks.Tags.database)(ledger_is_guarded)
        checks.register(checks.Tags.security, deploy=True)(log_key_is_given)
        checks.register(checks.Tags.security, deploy=True)(organisation_can_sign)
        listeners.connect()
        listening.connect()
        pre_migrate.connect(lift_guards, sender=self, dispatch_uid="audit.lift")
        post_migrate.connect(install_guards, sender=self, dispatch_uid="audit.guards")


def lift_guards(using: str, plan: list[tuple[Migration, bool]], **_: Any) -> None:
    """Before a migration of this app on SQLite: Django rebuilds tables, which triggers of other tables prevent."""
    connection = connections[using]
    if connection.vendor == "sqlite" and any(migration.app_label == "audit" for migration, _ in plan):
        from audit.guards import sqlite

        with connection.cursor() as cursor:
            for statement in sqlite.lifted():
                cursor.execute(statement)


def install_guards(using: str, **_: Any) -> None:
    """(Re)install what migrate may have lost: Django rebuilds SQLite tables without their triggers."""
    from audit import guards

    guards.install(connections[using])
