"""A diagnostic that runs already in the same incident is not run twice: a step may use its result."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from audit import ledger
from audit.selectors import entries
from catalog.models import Team, User, new_uid
from plumbing import clock
from plumbing.database import atomic
from runbooks import actions
from runbooks.actions.base import Done, Failed
from runbooks.definitions import parts
from runbooks.engine import attaching, shell, worker
from runbooks.engine.run_lock import lock
from runbooks.errors import NothingToAttach
from runbooks.listeners import find_runs
from runbooks.models import Attempt, Run, RunbookVersion
from runbooks.services import start_run
from tests.runbooks.conftest import Scripted, states

pytestmark = pytest.mark.django_db
PLAN = """name: {name}
title: Look
inputs:
  node: {{type: string}}
steps:
{first}  - id: look
    title: Look at the node
    action: {action}
    {needs}
    with: {{say: "{{{{ inputs.node }}}}"}}
"""
FIRST = "  - id: first\n    title: First\n    action: scripted\n"


class Looking(Scripted):
    """A scripted action that changes nothing."""

    kind = "looking"
    title = "Looks"


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Looking]:
    action = Looking()
    monkeypatch.setattr(parts, "HARMLESS", parts.HARMLESS | {action.kind})
    actions.register(action)  # type: ignore[arg-type]
    yield action
    actions.forget(action.kind)


@pytest.fixture
def begin(
    looking: Looking, publish: Callable[[str], RunbookVersion], payments_team: Team, commander: User
) -> Callable[..., Run]:
    """A run in the one incident of the test; `look` is its diagnostic."""
    stream, made = ledger.open_stream(f"inc_{new_uid()}").uid, dict[str, RunbookVersion]()

    def begun(node: str = "n1", *, later: bool = False, harmless: bool = True, stream: str = stream) -> Run:
        key = f"look-{later}-{harmless}".lower()
        if key not in made:
            first, needs = (FIRST, "needs: [first]") if later else ("", "needs: []")
            made[key] = publish(
                PLAN.format(name=key, first=first, needs=needs, action="looking" if harmless else "scripted")
            )
        return start_run(made[key], stream=stream, inputs={"node": node}, starter=commander, teams=[payments_team])

    return begun


def attempt(run: Run, step: str = "look") -> Attempt:
    return Attempt.objects.get(step_run__run=run, step_run__step=step)


def offers(run: Run) -> list[int]:
    with atomic():
        work = lock(run.uid)
        return [each.pk for each in attaching.twins(run, work.spec("look"), work.values())]


def attach(run: Run, other: Attempt, actor: User) -> None:
    with atomic():
        work = lock(run.uid)
        attaching.attach(work, "look", other.pk, actor)
        shell.settle(work)
        work.close()


def sweep() -> None:
    for uid in find_runs(clock.now()):
        shell.advance(uid)


def test_only_the_same_in_the_same_incident_is_offered(begin: Callable[..., Run]) -> None:
    one, same, other_node = begin(), begin(), begin("n2")
    elsewhere = begin(stream=ledger.open_stream(f"inc_{new_uid()}").uid)
    assert offers(same) == [attempt(one).pk]
    assert offers(other_node) == offers(elsewhere) == []


def test_what_may_change_something_is_never_offered(begin: Callable[..., Run]) -> None:
    begin(harmless=False)
    assert offers(begin(harmless=False)) == []


def test_an_attached_step_uses_the_result_and_nothing_is_asked_twice(
    begin: Callable[..., Run], looking: Looking, commander: User
) -> None:
    one, two = begin(), begin()
    attach(two, attempt(one), commander)
    assert states(two) == {"look": "running"}
    assert not worker.perform(attempt(two).pk)
    sweep()
    assert states(two) == {"look": "running"}, "the other goes on"
    worker.perform(attempt(one).pk)
    sweep()
    assert states(two) == {"look": "done"}
    assert attempt(two).output == attempt(one).output == {"said": "n1"}
    assert len(looking.calls) == 1


def test_a_step_whose_turn_has_not_come_is_attached_for_later(
    begin: Callable[..., Run], looking: Looking, commander: User
) -> None:
    one, two = begin(), begin(later=True)
    attach(two, attempt(one), commander)
    assert states(two)["look"] == "waiting"
    worker.perform(attempt(one).pk)
    worker.perform(attempt(two, "first").pk)
    sweep()
    assert states(two)["look"] == "done"
    assert len([step for step in looking.steps if step == "look"]) == 1


@pytest.mark.parametrize("lost", ["lost", "void"])
def test_when_the_other_is_lost_the_step_asks_for_itself(
    begin: Callable[..., Run], looking: Looking, commander: User, lost: str
) -> None:
    one, two = begin(), begin()
    attach(two, attempt(one), commander)
    Attempt.objects.filter(pk=attempt(one).pk).update(state=lost)
    sweep()
    assert worker.perform(attempt(two).pk)
    assert states(two) == {"look": "done"}


def test_a_failure_is_shared_too(begin: Callable[..., Run], looking: Looking, commander: User) -> None:
    looking.script["look"] = lambda context: Failed("The node is gone.", retryable=False)
    one, two = begin(), begin()
    attach(two, attempt(one), commander)
    worker.perform(attempt(one).pk)
    sweep()
    assert states(two) == {"look": "failed"}
    assert attempt(two).error == "The node is gone."


def test_who_has_begun_or_asks_something_else_cannot_be_attached(
    begin: Callable[..., Run], looking: Looking, commander: User
) -> None:
    one, other_node, begun = begin(), begin("n2"), begin()
    with pytest.raises(NothingToAttach, match="with the same inputs"):
        attach(other_node, attempt(one), commander)
    looking.script["look"] = lambda context: Done({})
    worker.perform(attempt(begun).pk)
    with pytest.raises(NothingToAttach, match="begun"):
        attach(begun, attempt(one), commander)


def test_the_history_says_whose_result_is_used(begin: Callable[..., Run], commander: User) -> None:
    one, two = begin(), begin()
    attach(two, attempt(one), commander)
    said: list[Any] = [entry for entry in entries(two.stream) if entry.kind == "step.attached"]
    assert [(each.actor, each.fields["run_of_other"]) for each in said] == [(commander.actor_id, one.uid)]
