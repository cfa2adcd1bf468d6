"""Blast radius of a step: whom it can hurt, what burns there already, and who else is at work there.

Nothing is shown that the reader may not see elsewhere; what is left out is counted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet

from catalog.graph import Affected, blast_radius
from catalog.models import Service, User
from catalog.permissions import Right, services_where
from runbooks.engine.graph import spec_of
from runbooks.engine.reading import definition_of_run
from runbooks.models import Lock, Run, StepRun
from runbooks.states import LockState, Role

MOST_LOCKS = 5_000  # lock rows that are looked through


@dataclass(frozen=True)
class Burning:
    """An open incident at one of the services, as the room above tells it. services: their ids."""

    label: str
    title: str
    severity: str
    url: str
    services: frozenset[int]


@dataclass(frozen=True)
class AtWork:
    """A step that holds a lock at one of the services, or waits for one."""

    row: StepRun
    title: str
    is_waiting: bool
    services: frozenset[int]


@dataclass
class Impact:
    """touched: the services that the step changes. affected: their transitive consumers, nearest first.

    hidden_*: how many of each the reader may not see."""

    touched: list[Service]
    affected: list[Affected] = field(default_factory=list)
    burning: list[Burning] = field(default_factory=list)
    at_work: list[AtWork] = field(default_factory=list)
    hidden_touched: int = 0
    hidden_affected: int = 0
    hidden_burning: int = 0
    hidden_at_work: int = 0

    @property
    def owners(self) -> list[User]:
        """Whom to tell: everybody who owns something affected, once, the nearest first."""
        return list({each.owner.pk: each.owner for each in self.affected if each.owner is not None}.values())


FindBurning = Callable[[User, frozenset[int]], tuple[list[Burning], int]]
_finders: list[FindBurning] = []


def register_incidents(finder: FindBurning) -> None:
    """Let the room above say what burns: finder(reader, ids of services) -> (what the reader sees, how many more)."""
    if finder not in _finders:
        _finders.append(finder)


def impact_of(
    targets: Iterable[str], *, reader: User, visible_runs: QuerySet[Run], but: StepRun | None = None
) -> Impact:
    """The blast radius of touching these services (slugs; unknown ones are left out).

    but: a step that isn't told, as it is the one that asks. Queries: a few, and one more per 500 services and hop."""
    touched = list(Service.objects.filter(slug__in=set(targets)).select_related("owner", "team"))
    visible = set(services_where(reader, Right.VIEW).values_list("pk", flat=True))
    affected = blast_radius(*touched) if touched else []
    ids = frozenset(service.pk for service in touched) | {each.service.pk for each in affected}
    shown = [each for each in affected if each.service.pk in visible]
    found = Impact([each for each in touched if each.pk in visible], shown)
    found.hidden_touched = len(touched) - len(found.touched)
    found.hidden_affected = len(affected) - len(shown)
    for finder in _finders:
        burning, hidden = finder(reader, ids)
        found.burning += burning
        found.hidden_burning += hidden
    found.at_work, found.hidden_at_work = _at_work(ids, visible_runs, but)
    return found


def _at_work(ids: frozenset[int], visible_runs: QuerySet[Run], but: StepRun | None) -> tuple[list[AtWork], int]:
    locks = Lock.objects.exclude(service=None).exclude(step_run=but).order_by("pk")
    where, held = dict[int, set[int]](), set[int]()
    for step_run, service, state in locks.values_list("step_run", "service", "state")[:MOST_LOCKS]:
        if service in ids:
            where.setdefault(step_run, set()).add(service)
            if state == LockState.HELD:
                held.add(step_run)
    rows = StepRun.objects.filter(run__in=visible_runs).select_related("run__version__runbook").in_bulk(list(where))
    shown = [
        AtWork(rows[pk], _title(rows[pk]), pk not in held, frozenset(services))
        for pk, services in where.items()
        if pk in rows
    ]
    return shown, len(where) - len(shown)


def _title(row: StepRun) -> str:
    return spec_of(definition_of_run(row.run), row.step, Role(row.role), row.of).title
