"""Runs the making of a pack in a child process: it may take hundreds of megabytes, and must not take the worker along.

What the child has not settled when it ends is given back, and taken up again by whoever finds it.
"""

import logging
import os
import sys
import time
from pathlib import Path

from django.conf import settings

from audit.errors import LedgerError
from audit.models import PackJob
from audit.packs import jobs, making, strays
from audit.packs.errors import Superseded
from plumbing import processes

log = logging.getLogger(__name__)
LOOK_EVERY_S = 3.0  # at the job, while the child works: whether it is still wanted
DEADLINE_S = 1_800.0
NO_LIMIT_MB = 1 << 22  # of the files it writes: on SQLite one of them is the database
MOST_FILES = 1_024


def attend(uid: str) -> None:
    """Make one pack if it is due. Safe to call twice, late, or for a job that is gone: the database decides."""
    job = jobs.claim(uid)
    if job is not None:
        run(job)


def run(job: PackJob) -> None:
    """Make a claimed job; afterwards it is settled, or given back."""
    if not settings.PACKS_IN_CHILD:
        making.make(job.uid, job.tries)
        return
    try:
        ended = _child(job)
        strays.remove()  # it may have been killed while it wrote
    except (processes.NotStarted, LedgerError) as error:
        log.error("Pack %s could not be made: %s", job.uid, error)
        jobs.give_back(job)
        return
    if ended.exit_code == 0:
        return
    log.error("The process that made pack %s %s: %s", job.uid, ended.how, ended.stderr[-2_000:])
    if "MemoryError" in ended.stderr or "memory allocation" in ended.stderr:
        jobs.settle_failed(job, making.TOO_MUCH_MEMORY)
    else:
        jobs.give_back(job)


def _child(job: PackJob) -> processes.Ended:
    looked = time.monotonic()

    def is_unwanted() -> bool:
        nonlocal looked
        if time.monotonic() - looked < LOOK_EVERY_S:
            return False
        looked = time.monotonic()
        try:
            jobs.keep_claim(job)
        except Superseded:
            return True
        return False

    limits = processes.Limits(
        cpu_s=int(DEADLINE_S), memory_mb=settings.PACK_MEMORY_MB, file_mb=NO_LIMIT_MB, files=MOST_FILES
    )
    manage = Path(settings.BASE_DIR) / "manage.py"
    return processes.run(
        [sys.executable, str(manage), "make_pack", job.uid, str(job.tries)],
        deadline_s=DEADLINE_S,
        limits=limits,
        folder=str(settings.BASE_DIR),
        env={**os.environ, "MALLOC_ARENA_MAX": "2", "MUSTER_PROCESS": "worker"},  # threads of a pool would only wait
        should_stop=is_unwanted,
    )
