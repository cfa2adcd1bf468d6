from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Incidents: the top room. It hears what the rooms below announce, and tells the ledger who sees its streams."""

    name = "incidents"

    def ready(self) -> None:
        from audit.naming import register_people
        from audit.packs import providers
        from audit.permissions import register_gate
        from audit.trust.findings import register_alarm
        from incidents import (
            copies,
            filings,
            listeners,  # noqa: F401 - connects the signals
            regulation,
        )
        from incidents.evidence import people_named, versions_used
        from incidents.permissions import describe_streams, run_gate, stream_gate
        from incidents.report import chapter
        from incidents.selectors.alerts import signal_seen
        from incidents.selectors.burning import burning_at
        from incidents.services.alarms import raise_about_ledger
        from incidents.services.runs import holder_of
        from runbooks.engine import values
        from runbooks.engine.deadlines import register_assignees
        from runbooks.impact import register_incidents
        from runbooks.permissions import register_run_gate

        copies.connect()
        register_alarm(raise_about_ledger)
        filings.connect()
        regulation.connect()
        register_gate("inc_", stream_gate, describe_streams)
        register_run_gate(run_gate)
        register_incidents(burning_at)
        register_assignees(holder_of)
        values.register("signal", signal_seen)
        register_people(people_named)
        providers.register("inc_", versions_used)
        chapter.start()
