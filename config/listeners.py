"""What every kind of process does first: a worker too starts only where it is safe to."""

from typing import Any

from celery.signals import (
    celeryd_init,
    task_postrun,
    task_prerun,
    worker_init,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings
from django.db import close_old_connections

from audit import guards
from config.checks import refuse_unsafe_start
from runbooks.engine import claiming, presence


@worker_init.connect
@celeryd_init.connect
def refuse(**_: Any) -> None:
    """Exit with a sentence when the settings are unsafe or the database doesn't guard the ledger."""
    refuse_unsafe_start()
    guards.demand()


@worker_init.connect
def be_called(sender: Any, **_: Any) -> None:
    """Before its processes are forked: they all go by the worker's name."""
    claiming.be_called(sender.hostname)


@worker_ready.connect
def arrive(sender: Any, **_: Any) -> None:
    """A worker that consumes says so each second, and hears whether somebody drains it. `sender`: its consumer."""
    queue = settings.CELERY_TASK_DEFAULT_QUEUE

    def on_drain(draining: bool) -> None:
        sender.call_soon(sender.cancel_task_queue if draining else sender.add_task_queue, queue)

    here = presence.Presence(sender.hostname, sender.controller.concurrency, on_drain)
    _present.append(here)
    here.start()


@task_prerun.connect
@task_postrun.connect
def look_after_connections(**_: Any) -> None:
    """Celery itself would close them around each task (config.celery): ours are kept while they are young and well."""
    close_old_connections()


@worker_shutting_down.connect
def take_nothing_more(**_: Any) -> None:
    """SIGTERM, or Ctrl-C: what is at work ends, and others are rung for the rest."""
    presence.take_nothing_more()


@worker_shutdown.connect
def leave(**_: Any) -> None:
    """A planned end."""
    while _present:
        _present.pop().leave()


_present: list[presence.Presence] = []
