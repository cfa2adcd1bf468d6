from django.apps import AppConfig


class RunbooksConfig(AppConfig):
    name = "runbooks"

    def ready(self) -> None:
        from audit.models import PackKind
        from audit.packs import kinds, providers
        from audit.permissions import register_gate
        from runbooks import listeners
        from runbooks.actions import plugins
        from runbooks.evidence import subject_of
        from runbooks.permissions import PREFIX, describe_streams, stream_gate
        from runbooks.report import chapter
        from runbooks.selectors import version_files

        plugins.load()
        listeners.connect()
        chapter.start()
        kinds.register(PackKind.RUNBOOK, subject_of)
        providers.register("", version_files)
        register_gate(PREFIX, stream_gate, describe_streams)
