"""A run again from a step: what is kept, what needs a yes, and that nothing kept is ever undone there."""

import pytest
from django.urls import reverse

from runbooks import services
from runbooks.actions.base import Done, Failed
from runbooks.engine.model import Effect
from runbooks.errors import NotSafe, RunbookError, StaleRun
from runbooks.models import Run
from tests.runbooks.conftest import kinds, states, work_off
from tests.runbooks.test_pages import body

pytestmark = pytest.mark.django_db
UNDO = "undo: {action: scripted}"
PLAN = f"""
name: plan
title: A plan
steps:
  - {{id: a, title: A, action: scripted, {UNDO}}}
  - {{id: b, title: B, action: scripted, needs: [a], with: {{say: "{{{{ steps.a.output.said }}}}"}}, {UNDO}}}
  - {{id: c, title: C, action: scripted, needs: [b]}}
"""


@pytest.fixture
def ended(start, scripted):
    scripted.script["a"] = lambda context: Done({"said": "first"})
    scripted.script["c"] = lambda context: Failed("no", effect=Effect.NONE)
    run = work_off(start(PLAN))
    assert run.state == "failed"
    scripted.calls.clear()
    del scripted.script["c"]
    return run


def rerun(run, step, actor, **more):
    run.refresh_from_db()
    return services.rerun_from(run.uid, step, actor=actor, seen_at=run.seen_at, reason="Cable is back.", **more)


def test_what_came_before_is_kept_with_its_outputs(ended, scripted, commander):
    fresh = work_off(rerun(ended, "c", commander))
    assert (fresh.state, scripted.steps) == ("succeeded", ["c"])
    assert fresh.origin == ended
    assert dict(fresh.steps.values_list("step", "is_kept")) == {"a": True, "b": True, "c": False}
    assert fresh.steps.get(step="a").output["said"] == "first"
    assert "run.rerun" in kinds(ended)


def test_what_may_do_harm_twice_needs_a_yes_by_name(ended, scripted, commander):
    assert [each.step for each in services.rerun_forecast(ended, "b").unsafe] == ["b"]
    with pytest.raises(NotSafe, match="“B”") as refusal:
        rerun(ended, "b", commander)
    assert refusal.value.problems == ["b: It was done, and it doesn't say that doing it twice is harmless."]
    assert Run.objects.count() == 1
    fresh = work_off(rerun(ended, "b", commander, accept=["b"]))
    assert (fresh.state, scripted.steps) == ("succeeded", ["b", "c"])
    assert scripted.calls[0][1] == {"say": "first"}


def test_what_is_kept_is_never_taken_back_in_the_new_run(ended, scripted, commander):
    fresh = work_off(rerun(ended, "b", commander, accept=["b"]))
    assert fresh.state == "succeeded"
    scripted.script["c"] = lambda context: Failed("no", effect=Effect.NONE)
    other = work_off(rerun(ended, "b", commander, accept=["b"]))
    assert other.state == "failed"
    services.undo_run(other.uid, actor=commander, seen_at=other.seen_at, reason="Enough.")
    other = work_off(other)
    assert (other.state, states(other)["a"], states(other)["b"]) == ("undone", "done", "undone")
    assert "undo:a" not in scripted.steps


def test_only_an_ended_run_is_repeated_and_only_as_it_was_seen(start, scripted, commander):
    run = start(PLAN)
    with pytest.raises(RunbookError, match="cancel it first"):
        rerun(run, "a", commander)
    work_off(run)
    with pytest.raises(StaleRun):
        services.rerun_from(run.uid, "a", actor=commander, seen_at=99, reason="Again.")


def test_a_newer_version_may_be_taken(ended, scripted, commander, author):
    newer = services.save_version(ended.version.runbook, PLAN.replace("title: C", "title: C mended"), author=author)
    newer = services.publish(newer, publisher=author)
    fresh = work_off(rerun(ended, "c", commander, version=newer))
    assert (fresh.state, fresh.version, scripted.steps) == ("succeeded", newer, ["c"])


def test_the_same_version_may_run_again_after_it_was_retired(ended, scripted, commander, author):
    newer = services.save_version(ended.version.runbook, PLAN + "# newer\n", author=author)
    services.publish(newer, publisher=author)
    fresh = work_off(rerun(ended, "c", commander))
    assert (fresh.state, fresh.version.number) == ("succeeded", 1)


def test_the_page_of_a_kept_step_says_where_it_was_done(ended, commander):
    fresh = work_off(rerun(ended, "c", commander))
    kept, done = (body(commander, reverse("runbooks:step", args=[fresh.uid, step])) for step in ("a", "c"))
    assert "Kept from" in kept and reverse("runbooks:run", args=[ended.uid]) in kept
    assert "Kept from" not in done
