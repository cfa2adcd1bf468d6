"""What every kind of process does first: a worker too starts only where it is safe to."""

from typing import Any

from celery.signals import celeryd_init, worker_init

from audit import guards
from config.checks import refuse_unsafe_start


@worker_init.connect
@celeryd_init.connect
def refuse(**_: Any) -> None:
    """Exit with a sentence when the settings are unsafe or the database doesn't guard the ledger."""
    refuse_unsafe_start()
    guards.demand()
