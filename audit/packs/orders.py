"""From what somebody asks for to what a pack holds: checked when it is asked for, and again when it is made."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from audit.extracts import Leave, Withheld, show_all
from audit.models import Language, PackJob, PackKind, Paper
from audit.naming import labels
from audit.packs import kinds
from audit.packs.errors import NoSuchSubject
from audit.redaction.sets import check_basis
from audit.reports import zone_of


@dataclass(frozen=True, slots=True)
class Order:
    """What a pack shall hold. streams: uids; the first is the one that the pack is about. title: asked for when the
    pack is read, because it may be erased until then. redaction: uid of an approved set. zone: beside UTC in the
    report; empty: UTC alone. withheld: beside what is withheld from the audience."""

    kind: str
    streams: tuple[str, ...]
    title: Callable[[], str]
    subject: str = ""
    audience: str = ""
    redaction: str = ""
    language: str = Language.ENGLISH
    paper: str = Paper.A4
    zone: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    withheld: Withheld = field(default_factory=dict)
    leave: Leave = show_all


def order_of(stream_uid: str, withheld: Mapping[tuple[int, str], str] | None = None) -> Order:
    """A pack of one stream alone. withheld: {(seq, field): reason}."""
    places = {(stream_uid, seq, name): reason for (seq, name), reason in (withheld or {}).items()}
    return Order(
        kind=kinds.kind_of(stream_uid),
        streams=(stream_uid,),
        title=lambda: labels([stream_uid])[stream_uid].title,
        subject=stream_uid,
        withheld=places,
    )


def job_for(
    kind: str,
    subject: str = "",
    *,
    among: Sequence[str] = (),
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    audience: str = "",
    redaction: str = "",
    language: str = Language.ENGLISH,
    paper: str = Paper.A4,
    zone: str = "",
) -> PackJob:
    """A job, not saved yet. among: uids of the streams that a pack of a period may hold.

    Raises NoSuchSubject, UnknownZone, and what redaction.sets.check_basis() raises."""
    check_basis(audience, redaction)
    zone_of(zone)
    if kind == PackKind.PERIOD:
        if since is None or until is None or since >= until:
            raise NoSuchSubject("A period has a beginning and a later end.")
        streams, subject = kinds.grew_between(among, since, until), ""
    else:
        streams, since, until = kinds.find(kind, subject).streams, None, None
    return PackJob(
        kind=kind, subject=subject, streams=list(streams), since=since, until=until,
        audience=audience, redaction=redaction, language=language, paper=paper, zone=zone,
    )  # fmt: skip


def order_of_job(job: PackJob) -> Order:
    """What the job asks for. Raises NoSuchSubject when its subject is gone meanwhile."""
    subject = None if job.kind == PackKind.PERIOD else kinds.find(job.kind, job.subject)
    return Order(
        kind=job.kind,
        streams=tuple(job.streams),
        title=lambda: title_of(job),
        subject=job.subject,
        audience=job.audience,
        redaction=job.redaction,
        language=job.language,
        paper=job.paper,
        zone=job.zone,
        since=job.since,
        until=job.until,
        leave=kinds.leaving(job.kind, subject, job.since, job.until),
    )


def title_of(job: PackJob) -> str:
    """What the pack is called on screen and in its report."""
    if job.since and job.until:
        begin, end = (each.astimezone(dt.UTC) for each in (job.since, job.until))
        return f"Evidence from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
    try:
        return kinds.find(job.kind, job.subject).title
    except NoSuchSubject:
        return job.subject
