from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """Floor 3: who must agree, who did, and to what."""

    name = "approvals"

    def ready(self) -> None:
        from approvals import listeners
        from approvals.evidence import subject_of
        from approvals.report import chapter
        from audit.models import PackKind
        from audit.packs import kinds

        kinds.register(PackKind.APPROVAL, subject_of)
        listeners.connect()
        chapter.start()
