"""What a step would do, told by a worker before anybody agrees to it. Nothing is changed by it; both ends are recorded.

The row is the truth, the ring a doorbell: a worker with the step's label takes it; the sweep finds what nobody heard.
"""

import datetime as dt
import hashlib
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from audit import ledger
from catalog.models import User
from plumbing import clock, doorbell
from plumbing.database import atomic
from plumbing.errors import MusterError
from runbooks.actions.base import Context
from runbooks.actions.sources import offers_preview, preview_of
from runbooks.engine.graph import spec_of
from runbooks.engine.intent import Intent, intent_of
from runbooks.engine.model import Step
from runbooks.engine.presence import is_draining
from runbooks.engine.reading import definition_of_run, scope_of, values_of
from runbooks.errors import NoPreview
from runbooks.models import Preview, Run, StepRun
from runbooks.states import Role, RunState, StepState

PREVIEW_S = 60.0  # so long a preview may take
TAKEN_S = PREVIEW_S + 30  # a worker that has not answered by then is gone
LAPSES = dt.timedelta(minutes=10)  # nobody waits longer for an answer
UNHEARD = dt.timedelta(seconds=2)  # so long a ring may take before the sweep looks
MOST = 100  # previews of one pass of the sweep
KEPT = 20_000  # characters of a preview
TOLD = 4_000  # of them in the ledger, beside the SHA-256 of what is kept
OPEN_RUNS = frozenset({RunState.RUNNING, RunState.PAUSED})
NOT_BEGUN = frozenset({StepState.WAITING, StepState.APPROVAL, StepState.LOCKED, StepState.READY})


def spec_of_row(row: StepRun) -> Step:
    """What the row's step is, whatever its role."""
    return spec_of(definition_of_run(row.run), row.step, Role(row.role), row.of)


def is_offered(row: StepRun) -> bool:
    """Whether somebody could ask now: the step has not begun, changes something, and its action can tell what."""
    spec, is_open = spec_of_row(row), row.run.state in OPEN_RUNS and row.state in NOT_BEGUN
    return is_open and not spec.harmless and offers_preview(spec.action)


def would_do(row: StepRun) -> Intent:
    """Exactly what the step would do now. Raises ExpressionError while a value is missing."""
    run = row.run
    values = {**values_of(run), **scope_of(row)}
    return intent_of(spec_of_row(row), values, version=run.version.digest, environment=run.environment)


def digest_now(row: StepRun) -> str:
    """Of exactly what the step would do now; empty while a value is missing."""
    try:
        return would_do(row).digest
    except MusterError:
        return ""


def latest_preview(row: StepRun) -> Preview | None:
    """The newest preview of the step, told or not."""
    return row.previews.select_related("by").order_by("-pk").first()


def has_lapsed(preview: Preview, now: dt.datetime) -> bool:
    """Whether no worker has answered in all the time that anybody would wait."""
    return preview.told_at is None and preview.asked_at < now - LAPSES


@atomic()
def ask_preview(run_uid: str, step: str, *, actor: User) -> Preview:
    """Let a worker tell what the step would do. One that waits for an answer already is given back.

    Raises NoPreview when the step has begun, its action has none, or a value is missing."""
    run = Run.objects.select_related("version__runbook").get(uid=run_uid)
    row = run.steps.get(step=step)
    row.run = run
    if not is_offered(row):
        raise NoPreview("There is nothing to foresee: it has begun, changes nothing, or its action has no preview.")
    try:
        digest = would_do(row).digest
    except MusterError as error:
        raise NoPreview(f"What it would do isn't known yet. {error}") from None
    waiting, now = latest_preview(row), clock.now()
    if waiting is not None and waiting.told_at is None and waiting.digest == digest and not has_lapsed(waiting, now):
        return waiting
    executor = spec_of_row(row).executor
    asked = Preview.objects.create(step_run=row, digest=digest, executor=executor, by=actor, asked_at=now)
    ledger.record(run.stream, "step.preview_asked", actor, _fields(asked))
    doorbell.ring("preview", _subject(asked.pk, executor))
    return asked


def tell_preview(preview_id: int) -> bool:
    """Take a preview and tell it, outside of any transaction. False when it isn't to be had, or not by this worker."""
    now = clock.now()
    free = Q(began_at=None) | Q(began_at__lt=now - dt.timedelta(seconds=TAKEN_S))
    mine = Preview.objects.filter(free, pk=preview_id, told_at=None, executor=settings.EXECUTOR)
    if is_draining() or not mine.update(began_at=now):
        return False
    preview = Preview.objects.select_related("step_run__run__version__runbook", "by").get(pk=preview_id)
    try:
        text, problem = _foreseen(preview, now), ""
    except MusterError as error:
        text, problem = "", str(error)
    _keep(preview, text[:KEPT], problem[:1_000])
    return True


def _foreseen(preview: Preview, now: dt.datetime) -> str:
    intent = would_do(preview.step_run)
    if intent.digest != preview.digest:
        raise NoPreview("What the step would do has changed since it was asked. Ask again.")
    config: dict[str, Any] = dict(intent.config)
    return preview_of(intent.action, config, Context(f"preview/{preview.pk}", now, PREVIEW_S))


@atomic()
def _keep(preview: Preview, text: str, problem: str) -> None:
    untold = Preview.objects.filter(pk=preview.pk, told_at=None)
    if not untold.update(told_at=clock.now(), text=text, problem=problem):
        return  # somebody else was faster
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    told = {"problem": problem} if problem else {"text": text[:TOLD], "text_sha256": sha256}
    ledger.record(preview.step_run.run.stream, "step.previewed", ledger.SYSTEM, _fields(preview) | told)


def _fields(preview: Preview) -> dict[str, Any]:
    row = preview.step_run
    return {"run": row.run.uid, "step": row.step, "title": spec_of_row(row).title, "digest": preview.digest}


def _subject(pk: int, executor: str) -> str:
    return f"{pk}@{executor}" if executor else str(pk)


def find_previews(now: dt.datetime) -> list[str]:
    """Previews whose ring was not heard, or whose worker is gone, as `id` or `id@label`; those that lapsed no more."""
    untold = Preview.objects.filter(told_at=None, asked_at__gt=now - LAPSES, asked_at__lte=now - UNHEARD)
    free: QuerySet[Preview] = untold.exclude(began_at__gt=now - dt.timedelta(seconds=TAKEN_S))
    return [_subject(pk, label) for pk, label in free.order_by("pk").values_list("pk", "executor")[:MOST]]
