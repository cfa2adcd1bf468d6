from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Incidents: the top room. It hears what the rooms below announce, and tells the ledger who sees its streams."""

    name = "incidents"

    def ready(self) -> None:
        from audit.permissions import register_gate
        from incidents.permissions import describe_streams, stream_gate

        register_gate("inc_", stream_gate, describe_streams)
