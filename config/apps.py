from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Wiring: the commands that start, stock and measure a portal, and the checks that refuse an unsafe one."""

    name = "config"

    def ready(self) -> None:
        from config import checks, listeners, openapi  # noqa: F401 - all register themselves
