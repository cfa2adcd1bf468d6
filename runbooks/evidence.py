"""What a pack about a runbook holds: its own history with all versions, and the rehearsals of it."""

from audit.packs.kinds import Subject
from runbooks.models import Run, Runbook, RunMode

PREFIX = "rbk_"
MOST_REHEARSALS = 100  # the latest


def subject_of(stream_uid: str) -> Subject | None:
    """The runbook as the subject of a pack; None when there is none. A rehearsal's entries stand in another stream."""
    uid = stream_uid.removeprefix(PREFIX)
    runbook = Runbook.objects.filter(uid=uid).first() if uid.isalnum() and stream_uid.startswith(PREFIX) else None
    if runbook is None:
        return None
    rehearsals = Run.objects.filter(version__runbook=runbook, mode=RunMode.REHEARSAL).order_by("-started_at")
    found = list(rehearsals.values_list("uid", "stream")[:MOST_REHEARSALS])
    streams = sorted({stream for _, stream in found if stream != runbook.stream})
    return Subject(f"Runbook {runbook.title}", (runbook.stream, *streams), [run for run, _ in found])
