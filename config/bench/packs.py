"""What a pack costs: time from the ring to the sealed zip, in a process of its own as workers make it, and its peak."""

import os
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from audit import ledger
from audit.canonical import Json
from audit.files.attaching import attach
from audit.models import PackJob, PackState
from audit.packs import jobs, keeping, running
from audit.packs.orders import job_for
from audit.packs.seal import BUNDLE
from plumbing.database import atomic

SIZES = ((2_000, 0), (10_000, 50))  # entries, files
FILE_SIZE = 1_000_000
AT_ONCE = 500  # entries in one transaction
SAID = "The standby took over; writes stopped for forty seconds and came back. Zoë looks at the queue ✓"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one pack."""

    entries: int
    files: int
    seconds: float
    worked_s: float  # by processors: what the time by the clock would be on a machine that does nothing else
    peak_mb: float
    zip_mb: float
    verified_s: float

    def __str__(self) -> str:
        took = f"{self.seconds:.1f} s ({self.worked_s:.1f} of processor), peak {self.peak_mb:.0f} MB"
        return f"{took}, zip {self.zip_mb:.1f} MB, verify.py {self.verified_s:.1f} s"


def figures() -> Iterator[dict[str, str]]:
    """A line for each size. For a scratch database only: what it appends can't be deleted."""
    settings.PACKS_IN_CHILD = True
    for entries, files in SIZES:
        cost = measured(entries, files)
        yield {f"pack of {entries:,} entries, {files} files of 1 MB": str(cost)}


def measured(entries: int, files: int) -> Cost:
    """Make one pack of a new stream with so many entries of five fields and so many files, and verify it."""
    uid = _stream(entries, files)
    job = jobs.ask(job_for("incident", uid), actor=ledger.SYSTEM)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    running.attend(job.uid)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak_kb = after.ru_maxrss  # of the largest child so far: sizes grow
    made = PackJob.objects.select_related("pack").get(pk=job.pk)
    if made.state != PackState.DONE or made.pack is None:
        raise RuntimeError(f"the pack was not made: {made.state} {made.error}")
    path = keeping.path_of(made.pack.zip_sha256)
    start = time.perf_counter()
    subprocess.run(  # noqa: S603 - our own verifier
        [sys.executable, "-I", str(BUNDLE / "verify.py"), str(path)], check=True, capture_output=True
    )
    return Cost(entries, files, seconds, worked, peak_kb / 1024, made.file_size / 1e6, time.perf_counter() - start)


def _stream(entries: int, files: int) -> str:
    uid = f"inc_{uuid.uuid4().hex}"
    stream = ledger.open_stream(uid)
    for number in range(files):
        attach(stream, ledger.SYSTEM, name=f"{number}.bin", media_type="", chunks=[os.urandom(FILE_SIZE)])
    for first in range(files, entries, AT_ONCE):
        rows = [
            ("note.added", ledger.SYSTEM, _fields(number)) for number in range(first, min(first + AT_ONCE, entries))
        ]
        with atomic():
            ledger.record_many(stream, rows)
    return uid


def _fields(number: int) -> dict[str, Json]:
    return {"text": f"{SAID} {number}", "from": "declared", "to": "mitigating", "count": number, "seen": ["a", "b"]}
