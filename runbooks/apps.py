from django.apps import AppConfig


class RunbooksConfig(AppConfig):
    name = "runbooks"

    def ready(self) -> None:
        from audit.permissions import register_gate
        from runbooks import listeners
        from runbooks.permissions import PREFIX, describe_streams, stream_gate

        listeners.connect()
        register_gate(PREFIX, stream_gate, describe_streams)
