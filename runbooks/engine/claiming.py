"""Who does an attempt: the lease, the fence, and what exactly a worker is told to do."""

import copy
import datetime as dt
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from audit import ledger
from plumbing.errors import MusterError
from plumbing.expressions import resolve
from plumbing.secrets import closed
from runbooks.actions.base import Context
from runbooks.actions.probe import memo_from
from runbooks.engine import consent, deciding, watching
from runbooks.engine.facts import Kind
from runbooks.engine.model import Effect, Step
from runbooks.engine.paces import Key, key_of
from runbooks.engine.work import Work
from runbooks.models import Attempt
from runbooks.states import AttemptState, Role, StepState

CHANGED = "What it would do has changed since it was queued."
HARMLESS = frozenset({Kind.WHEN, Kind.ITEMS, Kind.VERIFY, Kind.CHECK})  # kinds that change nothing out there


@dataclass(frozen=True)
class Claimed:
    """An attempt that this worker holds, and what it is to do. `attempt` is a copy: as it was when it was claimed."""

    attempt: Attempt
    kind: str  # of the action: the step's own, or `probe` for a verification or a check; empty: an expression
    config: dict[str, Any]  # resolved: the action's `with`, or the probe of `verify`; secrets stand for themselves
    context: Context
    template: Mapping[str, Any] = field(default_factory=dict)  # what `config` was filled in from, and with what:
    values: Mapping[str, Any] = field(default_factory=dict)  # secrets are opened from here, as the worker acts
    spec: Step = field(default_factory=lambda: Step("", "", ""))
    run_uid: str = ""
    baseline: Mapping[str, Any] = field(default_factory=dict)  # the probe's config, where it is asked before the action
    pace: Key = (0, "", "")  # attempts that should take equally long

    @property
    def step(self) -> str:
        return self.attempt.step_run.step


def worker_name() -> str:
    """Who holds a lease: this worker's node and process."""
    return f"{node_name()}/{os.getpid()}"[:120]


def node_name() -> str:
    """The worker as people know it: `Worker.name`. Its processes come and go under it."""
    return _node or f"{socket.gethostname()}"


_node = ""


def be_called(node: str) -> None:
    """This process, and those that it forks, belong to this worker."""
    global _node
    _node = node


def is_ours(attempt: Attempt) -> bool:
    """Whether this worker's label is the one that the attempt wants."""
    return attempt.executor == settings.EXECUTOR


def due_in(work: Work) -> Iterator[Attempt]:
    """Attempts of the run that this worker could begin now. Of those that have cost a worker, one at a time: else the
    one that kills its process would take the same neighbour with it each time, and both would be given up."""
    return (attempt for attempt in work.memory.open.values() if may_begin(work, attempt))


def may_begin(work: Work, attempt: Attempt) -> bool:
    """Whether this worker could begin the attempt now."""
    if attempt.state != AttemptState.QUEUED or attempt.not_before > work.now or not is_ours(attempt):
        return False
    return not (is_suspect(work, attempt) and _holds_a_suspect())


def is_suspect(work: Work, attempt: Attempt) -> bool:
    """Whether a worker was lost while it held the step."""
    return work.peek(attempt.step_run.step).losses > 0


def _holds_a_suspect() -> bool:
    mine = Attempt.objects.filter(state=AttemptState.LEASED, worker=worker_name(), step_run__losses__gt=0)
    return mine.exists()


def next_in(work: Work, most: int) -> list[Attempt]:
    """Up to `most` of them. Several only where a loss of all is harmless: of a bundle that dies with its worker, nobody
    could say how far it came."""
    found: list[Attempt] = []
    for attempt in due_in(work):
        if len(found) >= most:
            break
        harmless = attempt.kind in HARMLESS or work.spec(attempt.step_run.step).idempotent
        alone = not harmless or is_suspect(work, attempt)
        if alone and found:
            continue
        found.append(attempt)
        if alone:
            break
    return found


def claim_in(work: Work, attempts: Iterable[Attempt]) -> tuple[list[Claimed], bool]:
    """Take the leases and bring the steps to running. Also whether something came out that the planner must hear."""
    claimed, unbound = [], False
    for attempt in attempts:
        begun = _begin(work, attempt)
        if begun is None:
            unbound = True
        else:
            claimed.append(begun)
    return claimed, unbound


def sealed(claimed: list[Claimed]) -> list[Claimed]:
    """The same, written: with copies of the attempts, because the run's memory goes on with its own."""
    return [_replaced(each, attempt=copy.copy(each.attempt)) for each in claimed]


def _replaced(claimed: Claimed, **fields: Any) -> Claimed:
    return Claimed(**{**claimed.__dict__, **fields})


def _begin(work: Work, attempt: Attempt) -> Claimed | None:
    """Check that it would still do what was agreed, and say that it runs. None, and taken back, when it would not."""
    step = attempt.step_run.step
    spec, first_call = work.spec(step), attempt.started_at is None
    try:
        order = ORDERS[Kind(attempt.kind)](work, spec, step)
    except MusterError as error:
        _unbeginnable(work, step, attempt, str(error))
        return None
    if first_call and order.binding and order.binding != attempt.binding:
        unbind(work, step, attempt, CHANGED)
        return None
    begins = work.peek(step).state == StepState.READY and attempt.kind == Kind.ACT
    if begins and (because := consent.use(work, step, ledger.SYSTEM)):
        unbind(work, step, attempt, f"It could not begin: {because}.")
        return None
    changes: dict[str, Any] = {
        "state": AttemptState.LEASED,
        "fence": attempt.fence + 1,
        "lease_until": work.now + dt.timedelta(seconds=settings.LEASE_S),
        "worker": worker_name(),
    }
    if first_call:
        changes["started_at"] = work.now
    work.set_attempt(step, attempt, **changes)
    if work.peek(step).state == StepState.READY:
        work.move(step, StepState.RUNNING, f"Try {attempt.number} began.", attempt=attempt.number)
    baseline = _baseline(work, spec, step) if first_call and attempt.kind == Kind.ACT else {}
    memo = _from_baseline(work, spec, attempt) if first_call and attempt.kind == Kind.VERIFY else attempt.memo
    return Claimed(
        attempt, order.kind, order.config, _context(work, spec, attempt, memo), order.template, work.values_for(step),
        spec, work.run.uid, baseline, key_of(work.run, spec, attempt),
    )  # fmt: skip


@dataclass(frozen=True)
class Order:
    """What to do, filled in. binding: digest that consent was given to; empty where none is."""

    kind: str
    config: dict[str, Any]
    template: Mapping[str, Any]
    binding: str = ""


def _act(work: Work, spec: Step, step: str) -> Order:
    intent = work.intent(step)
    row = work.peek(step)
    if spec.decide is not None:
        return Order(spec.action, *deciding.order(work, row, spec.decide), intent.digest)
    if row.role == Role.WATCH:
        return Order(spec.action, *watching.order(work, row), intent.digest)
    return Order(spec.action, dict(intent.config), spec.with_, intent.digest)


def _verify(work: Work, spec: Step, step: str) -> Order:
    verify = spec.verify
    if verify is None:
        raise ValueError(f"step {step} has nothing to verify")
    times = {"for": verify.for_s, "within": verify.within_s, "every": verify.every_s}
    return Order("probe", {**_probe(work, verify.config, step), **times}, verify.config)


def _check(work: Work, spec: Step, step: str) -> Order:
    if spec.check is None:
        raise ValueError(f"step {step} has no check")
    return Order("probe", _probe(work, spec.check, step), spec.check)


def _expression(work: Work, spec: Step, step: str) -> Order:
    return Order("", {}, {})


ORDERS: dict[Kind, Callable[[Work, Step, str], Order]] = {
    Kind.ACT: _act,
    Kind.VERIFY: _verify,
    Kind.CHECK: _check,
    Kind.WHEN: _expression,
    Kind.ITEMS: _expression,
}


def _probe(work: Work, config: Mapping[str, Any], step: str) -> dict[str, Any]:
    found: dict[str, Any] = resolve(dict(config), closed(work.values_for(step)))
    return found


def _baseline(work: Work, spec: Step, step: str) -> dict[str, Any]:
    """What the probe is asked before the action; nothing when a value is missing by then: the action may give it."""
    try:
        return _probe(work, spec.verify.config, step) if spec.verify is not None else {}
    except MusterError:
        return {}


def _from_baseline(work: Work, spec: Step, attempt: Attempt) -> dict[str, Any]:
    """Where a log stood before the action: what the action itself wrote is news to its verification."""
    if spec.verify is None or not spec.verify.config.get("log"):
        return {}  # the other kinds remember nothing: no question to the database
    work.flush()  # the action's result may be noted in this transaction
    acted = Attempt.objects.filter(step_run=attempt.step_run, kind=Kind.ACT).order_by("-pk")
    return memo_from(acted.values_list("baseline", flat=True).first() or {})


def _context(work: Work, spec: Step, attempt: Attempt, memo: dict[str, Any]) -> Context:
    began = attempt.started_at or work.now
    return Context(
        idempotency_key=attempt.idempotency_key,
        now=work.now,
        deadline_s=spec.timeout_s,
        waited_s=(work.now - began).total_seconds(),
        memo=memo,
    )


def _unbeginnable(work: Work, step: str, attempt: Attempt, error: str) -> None:
    """A value that it needs is gone: the attempt fails before it did anything, and the planner says what follows."""
    if work.peek(step).state == StepState.READY:
        work.move(step, StepState.RUNNING, f"Try {attempt.number} began.", attempt=attempt.number)
    work.set_attempt(
        step, attempt, state=AttemptState.FAILED, fence=attempt.fence + 1, started_at=attempt.started_at or work.now,
        ended_at=work.now, error=error[:1000], effect=Effect.NONE, retryable=False,
    )  # fmt: skip
    told = {"attempt": attempt.number, "of": attempt.kind, "key": attempt.idempotency_key, "worker": worker_name()}
    work.say("attempt.failed", {"step": step, "title": work.title(step), **told, "error": error, "effect": "none"})


def unbind(work: Work, step: str, attempt: Attempt, why: str) -> None:
    """The attempt would do something else than was agreed, or nobody agrees any more: nothing is done, and consent is
    asked anew."""
    work.take_back(step, why)
    if work.spec(step).approval is not None:
        work.flush()
        consent.withdraw(work, step, why, ledger.SYSTEM)
        work.reconsider(step)
        work.move(step, StepState.APPROVAL, why)
