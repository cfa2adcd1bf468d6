from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """Floor 3: who must agree, who did, and to what."""

    name = "approvals"

    def ready(self) -> None:
        from approvals import listeners

        listeners.connect()
