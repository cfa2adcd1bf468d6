from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Floor 2: people, services, and how they are."""

    name = "catalog"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from catalog import listeners
        from catalog.report import chapter
        from catalog.services.teams import give_rights

        listeners.connect()
        chapter.start()
        post_migrate.connect(give_rights, sender=self, dispatch_uid="catalog.rights")
