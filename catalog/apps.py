from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Rooms on floor 2: people, services, and how they are."""

    name = "catalog"
