"""Runs to play with: a runbook from YAML, its run in a stream, and a worker that one can tell when to work."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from audit import ledger
from audit.selectors import entries
from catalog.models import Team, User, new_uid
from runbooks import actions, services
from runbooks.actions.base import Context, Done, Outcome
from runbooks.engine import worker
from runbooks.models import Attempt, Run, RunbookVersion
from runbooks.states import AttemptState


class Scripted:
    """An action of tests: does what the test's script says, and remembers what it was called with."""

    kind: ClassVar = "scripted"
    title: ClassVar = "Scripted by a test"
    human: ClassVar = False

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any], Context]] = []
        self.script: dict[str, Callable[[Context], Outcome]] = {}

    def parse(self, given: dict[str, Any]) -> dict[str, Any]:
        return dict(given)

    def perform(self, config: dict[str, Any], context: Context) -> Outcome:
        step = context.idempotency_key.split("/")[1]
        self.calls.append((step, config, context))
        act = self.script.get(step)
        return act(context) if act else Done({"said": config.get("say", "")})

    @property
    def steps(self) -> list[str]:
        return [step for step, _, _ in self.calls]


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    action = Scripted()
    actions.register(action)  # type: ignore[arg-type]
    yield action
    actions.forget(action.kind)


@pytest.fixture
def publish(scripted: Scripted, payments_team: Team, author: User) -> Callable[[str], RunbookVersion]:
    """A published version of this text; the first line of it must be `name: …`."""

    def published(source: str) -> RunbookVersion:
        slug = source.strip().splitlines()[0].removeprefix("name:").strip()
        runbook = services.make_runbook(slug, slug.capitalize(), payments_team, actor=author)
        return services.publish(services.save_version(runbook, source, author=author), publisher=author)

    return published


@pytest.fixture
def start(publish: Callable[[str], RunbookVersion], payments_team: Team, commander: User) -> Callable[..., Run]:
    """A run of this text, started by the commander in a stream of its own."""

    def started(source: str, **options: Any) -> Run:
        stream = ledger.open_stream(f"inc_{new_uid()}")
        options.setdefault("inputs", {})
        options.setdefault("starter", commander)
        return services.start_run(publish(source), stream=stream.uid, teams=[payments_team], **options)

    return started


def due(run: Run) -> list[int]:
    """Attempts that a worker could take."""
    queued = Attempt.objects.filter(step_run__run=run, state=AttemptState.QUEUED)
    return list(queued.order_by("pk").values_list("pk", flat=True))


def work_off(run: Run, rounds: int = 50) -> Run:
    """Perform what is due until nothing is, and the run as it stands then."""
    for _ in range(rounds):
        performed = [worker.perform(pk) for pk in due(run)]
        if not any(performed):
            break
    run.refresh_from_db()
    return run


def states(run: Run) -> dict[str, str]:
    return dict(run.steps.values_list("step", "state"))


def kinds(run: Run) -> list[str]:
    """The kinds of all entries of the run's stream, in order."""
    return [entry.kind for entry in entries(run.stream)]
