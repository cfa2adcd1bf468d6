from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Incidents: the top room. It hears what the rooms below announce, and tells the ledger who sees its streams."""

    name = "incidents"

    def ready(self) -> None:
        from audit.naming import register_people
        from audit.packs import providers
        from audit.permissions import register_gate
        from incidents import listeners  # noqa: F401 - connects the signals
        from incidents.evidence import people_named, versions_used
        from incidents.permissions import describe_streams, run_gate, stream_gate
        from runbooks.permissions import register_run_gate

        register_gate("inc_", stream_gate, describe_streams)
        register_run_gate(run_gate)
        register_people(people_named)
        providers.register("inc_", versions_used)
