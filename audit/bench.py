"""How fast the ledger appends, as a ratio to plain ORM inserts of the same row, measured in turns in the same run.

For a scratch database only: what it appends can't be deleted. `make bench` uses it."""

import statistics
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.apps.registry import Apps
from django.db import connection, models

from audit import ledger
from audit.canonical import Json
from plumbing import clock
from plumbing.database import atomic

TURNS = 5
FIELDS: dict[str, Json] = {"from": "declared", "to": "mitigating", "reason": "drill ✓", "count": 3, "seen": ["a", "b"]}


class PlainRow(models.Model):
    """A row like an entry, without chain, disclosures and guards: what an application would write otherwise."""

    objects: models.Manager["PlainRow"]

    uid = models.UUIDField(unique=True)
    stream_id = models.BigIntegerField(db_index=True)
    time = models.DateTimeField()
    kind = models.CharField(max_length=64)
    actor = models.CharField(max_length=64)
    body = models.BinaryField()

    class Meta:
        app_label = "audit"
        db_table = "bench_plain_row"
        apps = Apps()  # its own registry: no migration ever sees it

    def __str__(self) -> str:
        return str(self.uid)


@dataclass(frozen=True, slots=True)
class Rates:
    """Medians over the turns, each in transactions of one append or one insert."""

    writers: int
    streams: int
    appends_per_s: float
    inserts_per_s: float
    append_p99_ms: float
    insert_p99_ms: float

    @property
    def ratio(self) -> float:
        """Appends for each plain insert; 1 would be: evidence costs nothing."""
        return self.appends_per_s / self.inserts_per_s


def appends(count: int = 500, *, writers: int = 1, streams: int = 1) -> Rates:
    """Measure `count` appends of five fields and as many plain inserts per turn, by `writers` over `streams`."""
    uids = [ledger.open_stream(f"bench_{uuid.uuid4().hex}").uid for _ in range(streams)]
    now, body = clock.now(), bytes(600)

    def append(number: int) -> None:
        ledger.record(uids[number % streams], "incident.moved", ledger.SYSTEM, FIELDS)

    def insert(number: int) -> None:
        PlainRow.objects.create(
            uid=uuid.uuid4(), stream_id=number % streams, time=now, kind="incident.moved", actor="sys_muster", body=body
        )

    with connection.schema_editor() as editor:
        editor.create_model(PlainRow)
    try:
        turns = [(_run(append, count, writers), _run(insert, count, writers)) for _ in range(TURNS)]
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(PlainRow)
    appended, inserted = zip(*turns, strict=True)
    return Rates(
        writers=writers,
        streams=streams,
        appends_per_s=statistics.median(rate for rate, _ in appended),
        inserts_per_s=statistics.median(rate for rate, _ in inserted),
        append_p99_ms=statistics.median(p99 for _, p99 in appended),
        insert_p99_ms=statistics.median(p99 for _, p99 in inserted),
    )


def _run(write: Callable[[int], None], count: int, writers: int) -> tuple[float, float]:
    """Writes per second and the 99th percentile in ms."""

    def work(part: range) -> list[float]:
        took = []
        for number in part:
            start = time.perf_counter()
            with atomic():
                write(number)
            took.append(time.perf_counter() - start)
        if writers > 1:
            connection.close()
        return took

    start = time.perf_counter()
    if writers == 1:
        took = work(range(count))
    else:
        with ThreadPoolExecutor(writers) as pool:
            took = [one for part in pool.map(work, (range(n, count, writers) for n in range(writers))) for one in part]
    elapsed = time.perf_counter() - start
    return count / elapsed, sorted(took)[int(len(took) * 0.99)] * 1000
