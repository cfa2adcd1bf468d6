"""From a door to a job: what is asked for is found and checked, and the asker's rights are looked at by the door."""

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings

from audit.ledger import Actor
from audit.models import PackJob, PackKind, Stream
from audit.packs import jobs, running
from audit.packs.orders import job_for

SMALL = 1_000  # entries: such a pack is made while the asker waits


def ask(wanted: dict[str, Any], *, actor: Actor, exportable: Sequence[str], check: Callable[[str], object]) -> PackJob:
    """Have a pack made. wanted: arguments of job_for(). exportable: uids of the streams that the asker may export.
    check: raises when the asker may not export the stream with this uid.

    Where nothing is said of the zone of the report, it is the asker's own.
    Raises NoSuchSubject, UnknownZone, what `check` raises, and what redaction.sets.check_basis() raises."""
    told = {"zone": own_zone(actor), **wanted}
    job = job_for(told.pop("kind"), told.pop("subject", ""), among=exportable, **told)
    if job.kind == PackKind.RUNBOOK:  # rehearsals may have been other teams': those stay out
        job.streams = [job.streams[0], *(uid for uid in job.streams[1:] if uid in exportable)]
    for uid in job.streams:
        check(uid)
    return jobs.ask(job, actor=actor)


def own_zone(actor: object) -> str:
    """The time zone of somebody who asks: their own where the portal knows it, else the portal's."""
    return str(getattr(actor, "time_zone", "") or settings.TIME_ZONE)


def now(job: PackJob) -> PackJob:
    """Make a small pack at once, in the asker's own time; a large one is left to the workers. Gives the job anew."""
    if Stream.objects.filter(uid__in=job.streams, size__gt=SMALL).exists():
        return job
    running.attend(job.uid)
    return PackJob.objects.select_related("pack").get(pk=job.pk)
