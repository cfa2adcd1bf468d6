"""Packs as lists and pages show them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from audit.models import Attachment, PackJob, PackKind, PackState, Stream
from audit.naming import Label, Person, labels, people
from audit.packs import keeping
from audit.packs.orders import title_of
from audit.packs.states import OPEN
from audit.redaction.profiles import profiles
from audit.reports import zone_of

GLYPHS = {
    PackState.QUEUED: "waiting",
    PackState.MAKING: "running",
    PackState.DONE: "done",
    PackState.FAILED: "failed",
    PackState.CANCELLED: "cancelled",
}
MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class PackLine:
    """A pack that was asked for."""

    job: PackJob
    title: str
    kind: str
    audience: str
    by: Person
    streams: list[Label]
    earlier: int  # packs of the same stream before it, each of them a prefix

    @property
    def glyph(self) -> str:
        """The word of the state grammar."""
        return GLYPHS[PackState(self.job.state)]

    @property
    def state_words(self) -> str:
        """How far it is."""
        if self.job.state == PackState.MAKING and self.job.error:
            return "Waits to try again"
        return PackState(self.job.state).label

    @property
    def beside_utc(self) -> str:
        """The time zone that the report has beside UTC; "" for none."""
        return self.job.zone if zone_of(self.job.zone) else ""

    @property
    def is_open(self) -> bool:
        """Whether something still happens to it."""
        return self.job.state in OPEN

    @property
    def has_file(self) -> bool:
        """Whether it can be downloaded."""
        return self.job.pack is not None and keeping.path_of(self.job.pack.zip_sha256).is_file()


def lines_of(jobs: Iterable[PackJob]) -> list[PackLine]:
    """These jobs, in their order."""
    found = list(jobs)
    known = people(job.asked_by for job in found)
    named = labels({uid for job in found for uid in job.streams})
    audiences = {one.audience: one.title for one in profiles()}
    return [
        PackLine(
            job=job,
            title=title_of(job),
            kind=PackKind(job.kind).label,
            audience=audiences.get(job.audience, job.audience) or "Nothing is withheld",
            by=known[job.asked_by],
            streams=[named[uid] for uid in job.streams],
            earlier=_earlier(job),
        )
        for job in found
    ]


def jobs_seen(streams: Collection[str], limit: int = MOST_LISTED) -> list[PackJob]:
    """The latest jobs that hold nothing but these streams, newest first."""
    seen = set(streams)
    found = PackJob.objects.select_related("pack").order_by("-pk")[: limit * 2]
    return [job for job in found if seen.issuperset(job.streams)][:limit]


def _earlier(job: PackJob) -> int:
    if job.pack is None:
        return 0
    return job.pack.stream.packs.filter(pk__lt=job.pack_id).count()


def files_of(stream: Stream) -> int:
    """How many files entries of a stream name."""
    return Attachment.objects.filter(stream=stream).count()
