from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Floor 2: people, services, and how they are."""

    name = "catalog"

    def ready(self) -> None:
        from catalog import listeners

        listeners.connect()
