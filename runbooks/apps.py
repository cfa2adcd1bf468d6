from django.apps import AppConfig


class RunbooksConfig(AppConfig):
    name = "runbooks"

    def ready(self) -> None:
        from audit.packs import providers
        from audit.permissions import register_gate
        from runbooks import listeners
        from runbooks.actions import plugins
        from runbooks.permissions import PREFIX, describe_streams, stream_gate
        from runbooks.selectors import version_files

        plugins.load()
        listeners.connect()
        providers.register("", version_files)
        register_gate(PREFIX, stream_gate, describe_streams)
