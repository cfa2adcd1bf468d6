"""Who is in whose way: reads of the lock rows. Nothing is written here.

Two steps conflict when they touch the same service, or services with a declared dependency between them, or when a
resource has no unit left. Rules of the queue:
1. A step waits for whoever holds what conflicts, and for whoever conflicts and asked before: first come, first served.
2. Who can't go on by themselves keep nobody waiting: steps of runs that don't run, and steps that a person holds back.
3. A family doesn't wait for itself: a step of a nested run not for the steps that wait for that run, an undo not for
   the step that it takes back. A step of a nested run has the place in the queue of the oldest of these that holds a
   lock: else it would stand behind somebody who waits for its own family.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby

from django.db.models import Q, QuerySet

from catalog.graph import neighbours_of
from catalog.models import Dependency
from runbooks.models import Lock, Run, StepRun
from runbooks.states import LockState, Role, RunState, StepState

SHOWN = 20  # of those in the way, so many are looked at: one is enough to wait
LOOKED_AT = 200  # lock rows of the queue that one search for the next looks through
DEEPEST = 10  # runs inside runs
MOST_IN_CIRCLE = 50  # steps that the search for a circle visits

OVER = frozenset(
    {StepState.DONE, StepState.FAILED, StepState.SKIPPED, StepState.BYPASSED, StepState.CANCELLED, StepState.UNDONE}
)  # a step in one of these holds nothing; `unknown` may still be going on
HELD = Q(state=LockState.HELD)
IN_LINE = Q(state=LockState.QUEUED, step_run__run__state=RunState.RUNNING, step_run__held="")
STEP = ("step_run", "step_run__step", "step_run__role", "step_run__of")
RUN = ("step_run__run", "step_run__run__uid", "step_run__run__parent")
LOCK = ("pk", "state", "asked_at", "service", "service__slug", "resource", "resource__slug", "resource__capacity")


@dataclass(frozen=True)
class Resource:
    slug: str
    capacity: int


@dataclass(frozen=True)
class Claim:
    """Everything that one step wants together, as its lock rows say. `pk` is its StepRun's.

    services: id -> slug. asked: its first lock row, the place in the queue that others see."""

    pk: int
    step: str
    role: str
    of: str
    run: int
    run_uid: str
    parent: int | None
    asked: int
    state: LockState
    asked_at: datetime
    services: Mapping[int, str]
    resources: Mapping[int, Resource]

    @cached_property
    def ancestors(self) -> list[int]:
        """The steps, innermost first, that wait for the run that this one is in."""
        found, parent = list[int](), self.parent
        while parent is not None and len(found) < DEEPEST:
            found.append(parent)
            parent = Run.objects.values_list("parent", flat=True).get(steps=parent)
        return found

    @cached_property
    def family(self) -> list[int]:
        """Steps that don't keep this one waiting."""
        taken_back = StepRun.objects.filter(run=self.run, step=self.of) if self.role == Role.UNDO else None
        return [self.pk, *self.ancestors, *(taken_back.values_list("pk", flat=True) if taken_back else ())]

    @cached_property
    def place(self) -> int:
        """Its own place in the queue, or that of the ancestor who holds a lock for longest."""
        if not self.ancestors:
            return self.asked
        inherited = Lock.objects.filter(HELD, step_run__in=self.ancestors)
        return min([self.asked, *inherited.values_list("pk", flat=True)])


def claim_of(row: StepRun) -> Claim | None:
    """What the step asked for; None when it asked for nothing."""
    return next(_claims(Lock.objects.filter(step_run=row)), None)


def _claims(locks: QuerySet[Lock]) -> Iterator[Claim]:
    rows = locks.order_by("pk").values_list(*STEP, *RUN, *LOCK)
    for (pk, step, role, of, run, uid, parent), group in groupby(rows, key=lambda row: row[:7]):
        mine = [row[7:] for row in group]  # the rows of a step stand together
        asked, state, asked_at, *_ = mine[0]
        services = {row[3]: row[4] for row in mine if row[3] is not None}
        resources = {row[5]: Resource(row[6], row[7]) for row in mine if row[5] is not None}
        yield Claim(pk, step, role, of, run, uid, parent, asked, LockState(state), asked_at, services, resources)


def in_the_way(claim: Claim, most: int = SHOWN) -> dict[int, LockState]:
    """The steps (their pks) that keep the claim waiting, those that hold something first; empty: it may go on."""
    others = Lock.objects.exclude(step_run__in=claim.family).order_by("state", "pk")  # `held` before `queued`
    others = others.filter(HELD | (IN_LINE & Q(pk__lt=claim.place)))
    found = dict[int, LockState]()
    if claim.services:
        found = _states(others.filter(_near(claim.services))[:most])
    for pk, resource in claim.resources.items():
        users = _states(others.filter(resource=pk))
        if len(users) >= resource.capacity:
            found |= users
    return found


def _states(locks: QuerySet[Lock]) -> dict[int, LockState]:
    found = dict[int, LockState]()
    for pk, state in locks.values_list("step_run", "state"):
        found.setdefault(pk, LockState(state))
    return found


def _near(services: Iterable[int]) -> Q:
    """Locks on these services or on a direct neighbour. Subqueries: a hub has thousands of neighbours."""
    wanted = list(services)
    providers = Dependency.objects.filter(consumer__in=wanted).values("provider")
    consumers = Dependency.objects.filter(provider__in=wanted).values("consumer")
    return Q(service__in=wanted) | Q(service__in=providers) | Q(service__in=consumers)


def next_in_line(freed: Claim | None = None) -> list[str]:
    """The runs (their uids) with a step that may have its locks now, the longest waiting first.

    freed: only those that waited near it; None looks at the whole queue."""
    waiting = Lock.objects.filter(IN_LINE)
    if freed is not None:
        waiting = waiting.filter(_near(freed.services) | Q(resource__in=list(freed.resources)))
    steps = list(dict.fromkeys(waiting.order_by("pk").values_list("step_run", flat=True)[:LOOKED_AT]))
    if not steps:
        return []
    claims = list(_claims(Lock.objects.filter(step_run__in=steps)))
    around = neighbours_of({service for claim in claims for service in claim.services})
    found, ahead = list[str](), set[int]()
    for claim in claims:
        is_behind = claim.parent is None and not ahead.isdisjoint(claim.services)
        if not is_behind and not in_the_way(claim, most=1):
            found.append(claim.run_uid)
        ahead.update(claim.services, *(around[service] for service in claim.services))
    return list(dict.fromkeys(found))


def left_over() -> list[str]:
    """The runs (their uids) whose rings were lost: a step that has not asked yet, or locks of a step that is over."""
    unasked = Q(run__state=RunState.RUNNING, locks=LockState.QUEUED, lock_rows=None)
    over = Q(lock_rows__isnull=False, state__in=OVER)
    return list(StepRun.objects.filter(unasked | over).values_list("run__uid", flat=True).distinct()[:LOOKED_AT])


def closes_a_circle(claim: Claim) -> bool:
    """Whether the claim waits, over others, for a step of its own family that waits for the claim.

    Only nested runs can do that: two steps that hold a lock while the runs inside them ask for the other's."""
    if not claim.ancestors or not Lock.objects.filter(HELD, step_run__in=claim.ancestors).exists():
        return False
    seen, todo = set[int](), [claim]
    while todo and len(seen) < MOST_IN_CIRCLE:
        found = in_the_way(todo.pop())
        if not found.keys().isdisjoint(claim.ancestors):
            return True
        for pk in found.keys() - seen:
            seen.add(pk)
            todo += _waits_with(pk, found[pk])
    return False


def _waits_with(step_run: int, state: LockState) -> list[Claim]:
    """What this step's end waits for itself: its own claim while it is queued, else those of runs inside it."""
    if state == LockState.QUEUED:
        return list(_claims(Lock.objects.filter(step_run=step_run)))
    inner, runs = list[int](), list(Run.objects.filter(parent=step_run).values_list("pk", flat=True))
    while runs:
        inner += runs
        runs = list(Run.objects.filter(parent__run__in=runs).values_list("pk", flat=True))
    return list(_claims(Lock.objects.filter(state=LockState.QUEUED, step_run__run__in=inner))) if inner else []
