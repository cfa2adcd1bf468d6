"""The Celery application of the bench's own workers: Muster's, with an action that does nothing."""

from typing import Any

from celery.signals import worker_init

from config.celery import app

__all__ = ["app"]


@worker_init.connect(weak=False)
def _know_noop(**_: Any) -> None:
    """Late: Django's apps are ready now, and the children of this process inherit the registry."""
    from config.bench.actions import Noop
    from runbooks import actions

    actions.register(Noop())
