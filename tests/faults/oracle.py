"""The oracle of the fault matrix. It believes no code of the engine: triggers of its own write down what rows were.

1. Each stream is gapless and verifies; each state that a row had is in the ledger, and the last one is the row's.
2. No attempt is owned twice: each claim has a higher fence, and only a queued attempt is claimed.
3. No effect is doubled, and each success had its effect (`acted` comes from tests.faults.target).
4. No POST that was answered 2xx is forgotten.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from django.db import connection

WATCHED = {"runbooks_attempt": "fence", "runbooks_steprun": "seen_at"}  # table -> a number worth keeping
SQLITE = """
CREATE TRIGGER fault_watch_{table} AFTER UPDATE ON {table} WHEN OLD.state <> NEW.state OR OLD.{number} <> NEW.{number}
BEGIN INSERT INTO fault_log (source, pk, was, became, number_was, number) VALUES
    ('{table}', NEW.id, OLD.state, NEW.state, OLD.{number}, NEW.{number}); END
"""
POSTGRES = """
CREATE FUNCTION fault_note_{table}() RETURNS trigger AS $$ BEGIN
    INSERT INTO fault_log (source, pk, was, became, number_was, number) VALUES
    ('{table}', NEW.id, OLD.state, NEW.state, OLD.{number}, NEW.{number}); RETURN NULL; END $$ LANGUAGE plpgsql;
CREATE TRIGGER fault_watch_{table} AFTER UPDATE ON {table} FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.{number} IS DISTINCT FROM NEW.{number})
    EXECUTE FUNCTION fault_note_{table}();
"""


def install() -> None:
    """Put the triggers beside the engine's tables, once per database."""
    is_sqlite = connection.vendor == "sqlite"
    number = "INTEGER PRIMARY KEY AUTOINCREMENT" if is_sqlite else "BIGSERIAL PRIMARY KEY"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE fault_log (id {number}, source TEXT, pk BIGINT, was TEXT, became TEXT,"
            " number_was BIGINT, number BIGINT)"
        )
        for table, column in WATCHED.items():
            cursor.execute((SQLITE if is_sqlite else POSTGRES).format(table=table, number=column))


def judge(runs: list[str], stream: str, acted: dict[str, int], notes: list[str]) -> list[str]:
    """Sentences about what is wrong with these runs of one stream.

    acted: idempotency key -> requests that came to the target under it, for those that had an effect.
    notes: texts whose POST was answered 2xx."""
    told = list(_told(stream))
    return [
        *_streams(),
        *_states(runs, told),
        *_owners(runs),
        *_effects(runs, acted),
        *(f"the note {text!r} was taken and is gone" for text in notes if not _is_noted(text, told)),
    ]


def _told(stream: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(kind, fields) of all entries of a stream, in order."""
    from audit.selectors import entries

    after = -1
    while page := entries(stream, after=after, limit=500):
        yield from ((entry.kind, dict(entry.fields)) for entry in page)
        after = page[-1].seq


def _is_noted(text: str, told: list[tuple[str, dict[str, Any]]]) -> bool:
    return any(kind == "note.added" and fields["text"] == text for kind, fields in told)


def _streams() -> Iterator[str]:
    from audit.verify import verify_ledger

    report = verify_ledger()
    yield from (verdict.sentence for verdict in (report.log, *report.streams) if not verdict.ok)


def _states(runs: list[str], told: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    """Rows, what the triggers saw, and the ledger tell one story."""
    from runbooks.models import Run, StepRun
    from runbooks.states import RunState, StepState

    for uid in runs:
        run = Run.objects.filter(uid=uid).first()
        if run is None:
            yield f"run {uid} was started with a 2xx and is gone"
            continue
        mine = [(kind, fields) for kind, fields in told if fields.get("run") == uid]
        ends = [kind.removeprefix("run.") for kind, _ in mine if kind.removeprefix("run.") in set(RunState)]
        if (ends or ["running"])[-1] != run.state and not (run.state == "running" and ends[-1] in ("failed", "paused")):
            yield f"run {uid} is {run.state}; its ledger says {ends}"
        if Counter(kind for kind, _ in mine)["run.started"] != 1:
            yield f"run {uid} has not exactly one start"
        for pk, step, state in StepRun.objects.filter(run=run).values_list("pk", "step", "state"):
            said = [kind[5:] for kind, fields in mine if fields.get("step") == step and kind[5:] in set(StepState)]
            yield from _step(f"step {step} of run {uid}", state, said, _went_through("runbooks_steprun", [pk]))


def _step(who: str, state: str, said: list[str], seen: list[tuple[int, str, str, int, int]]) -> Iterator[str]:
    saw = [became for _, was, became, _, _ in seen if was != became]
    if (said or ["waiting"])[-1] != state:
        yield f"{who} is {state}; its ledger ends with {said[-3:]}"
    if surplus := Counter(saw) - Counter(said):
        yield f"{who} was {dict(surplus)} without an entry; its ledger says {said}"


def _went_through(table: str, pks: Iterable[int]) -> list[tuple[int, str, str, int, int]]:
    wanted = list(pks)
    marks = ", ".join(["%s"] * len(wanted)) or "NULL"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pk, was, became, number_was, number FROM fault_log WHERE source = %s AND pk IN ({marks})"  # noqa: S608 - marks alone
            " ORDER BY id",
            [table, *wanted],
        )
        return [(int(row[0]), row[1], row[2], int(row[3]), int(row[4])) for row in cursor.fetchall()]


def _owners(runs: list[str]) -> Iterator[str]:
    from runbooks.models import Attempt
    from runbooks.states import ATTEMPT_MOVES

    mine = Attempt.objects.filter(step_run__run__uid__in=runs)
    rows = _went_through("runbooks_attempt", mine.values_list("pk", flat=True))
    for pk, was, became, fence_was, fence in rows:
        if was != became and became not in ATTEMPT_MOVES[was]:
            yield f"attempt {pk} went from {was} to {became}"
        if fence < fence_was:
            yield f"the fence of attempt {pk} went from {fence_was} back to {fence}"
        if became == "leased" and (was != "queued" or fence <= fence_was):
            yield f"attempt {pk} was claimed when it was {was}, fence {fence_was} -> {fence}"
    claims: dict[int, list[int]] = {}
    for pk, _, became, _, fence in rows:
        if became == "leased":
            claims.setdefault(pk, []).append(fence)
    for pk, fences in claims.items():
        if any(later <= earlier for earlier, later in pairwise(fences)):
            yield f"attempt {pk} was claimed under fences {fences}"


def _effects(runs: list[str], acted: dict[str, int]) -> Iterator[str]:
    """Each success of an attempt that posts had its effect; nothing acted that has no attempt, or has two keys for one
    visit."""
    from runbooks.models import Attempt

    for uid in runs:
        attempts = Attempt.objects.filter(step_run__run__uid=uid, kind="act", worker__contains="/")
        rows = list(attempts.values_list("idempotency_key", "state", "output"))
        keys = {key for key, _, _ in rows}
        for key, state, output in rows:
            if state == "succeeded" and "status" in output and key not in acted:
                yield f"{key} is done, and had no effect"
        for key in acted:
            if key.startswith(f"{uid}/") and key not in keys:
                yield f"{key} acted, and there is no attempt"
