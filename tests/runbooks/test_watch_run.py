"""Watches in runs: they act, or propose, and never touch what has begun."""

import pytest

from audit.selectors import entries
from plumbing import clock
from runbooks import services
from runbooks.actions.base import Done
from runbooks.engine import following, shell
from runbooks.engine.values import Seen, _unheard, register
from runbooks.errors import ProposalOver, ReasonNeeded
from runbooks.models import Attempt, Proposal
from runbooks.proposals import open_proposals
from tests.runbooks.conftest import kinds, states, work_off

pytestmark = pytest.mark.django_db

PLAN = """
name: watched
title: Watched
watches:
  - id: calm
    title: It is calm
    when: values.alert.state == "resolved"
    values:
      alert: {signal: HighLatency}
    every: 1s
    VERB: [scale, prove]
    mode: MODE
steps:
  - {id: call, title: Call, action: manual}
  - {id: scale, title: Scale, action: scripted, needs: [call]}
  - {id: other, title: Other, action: scripted, needs: [call]}
  - {id: prove, title: Prove, action: scripted, needs: [scale]}
"""


@pytest.fixture
def alert():
    """The alert that the watch looks at: alert["state"] = "resolved" ends it."""
    state = {"state": "firing"}
    register("signal", lambda config, question: Seen(dict(state), 1.0))
    yield state
    register("signal", _unheard)


def watched(verb, mode):
    return PLAN.replace("VERB", verb).replace("MODE", mode)


def look(run):
    """Let the watch look once, now, and let everything else come to its end."""
    Attempt.objects.filter(step_run__run=run, step_run__role="watch", state="queued").update(not_before=clock.now())
    return work_off(run, rounds=3)


def call_done(run, commander):
    row = run.steps.get(step="call")
    services.finish_step(run.uid, "call", actor=commander, seen_at=row.seen_at, worked=True, note="Done.")
    return work_off(run)


def test_a_watch_never_holds_up_the_end_of_a_run(start, alert, commander):
    run = call_done(work_off(start(watched("skip", "auto"))), commander)
    assert run.state == "succeeded" and states(run)["scale"] == "done"
    assert not Attempt.objects.filter(step_run__run=run, state__in=["queued", "leased"]).exists()


def test_auto_leaves_out_what_has_not_begun_and_says_why(start, alert, commander):
    run = look(start(watched("skip", "auto")))
    assert states(run)["scale"] == "waiting"
    alert["state"] = "resolved"
    run = look(run)
    assert states(run)["scale"] == states(run)["prove"] == "skipped" and states(run)["other"] == "waiting"
    [acted] = [entry for entry in entries(run.stream) if entry.kind == "watch.acted"]
    assert acted.fields["steps"] == "Scale, Prove" and "resolved" in acted.fields["values"]
    assert Proposal.objects.get(run=run).state == "taken"
    assert call_done(run, commander).state == "succeeded"


def test_a_proposal_changes_nothing_until_the_commander_agrees(start, alert, commander):
    alert["state"] = "resolved"
    run = look(start(watched("skip", "propose")))
    [proposal] = open_proposals(run)
    assert states(run)["scale"] == "waiting" and proposal.seen["alert"]["value"] == {"state": "resolved"}
    with pytest.raises(ReasonNeeded):
        services.accept_proposal(proposal.pk, actor=commander, reason="")
    services.accept_proposal(proposal.pk, actor=commander, reason="Calm for long enough.")
    run.refresh_from_db()
    assert states(run)["scale"] == "skipped" and not open_proposals(run).exists()
    assert [entry.actor for entry in entries(run.stream) if entry.kind == "proposal.accepted"] == [commander.actor_id]
    with pytest.raises(ProposalOver):
        services.decline_proposal(proposal.pk, actor=commander, reason="No.")


def test_a_declined_proposal_leaves_the_plan_as_it_is(start, alert, commander):
    alert["state"] = "resolved"
    run = look(start(watched("skip", "propose")))
    services.decline_proposal(open_proposals(run).get().pk, actor=commander, reason="Prove it first.")
    run = call_done(run, commander)
    assert run.state == "succeeded" and states(run)["scale"] == "done" and "proposal.declined" in kinds(run)


def test_a_proposal_lapses_when_all_that_it_is_about_has_begun(start, alert, commander):
    alert["state"] = "resolved"
    run = look(start(watched("skip", "propose")))
    proposal = open_proposals(run).get()
    assert following.find_due() == set()
    run = call_done(run, commander)
    assert following.find_due() == {run.uid}
    shell.advance(run.uid)
    assert following.find_due() == set()
    proposal.refresh_from_db()
    assert proposal.state == "lapsed" and "proposal.lapsed" in kinds(run)
    with pytest.raises(ProposalOver, match="lapsed"):
        services.accept_proposal(proposal.pk, actor=commander, reason="Now.")


def test_hold_keeps_steps_back_until_somebody_releases_them(start, alert, commander):
    alert["state"] = "resolved"
    run = call_done(look(start(watched("hold", "auto"))), commander)
    assert run.state == "running" and states(run)["scale"] == "waiting" and states(run)["other"] == "done"
    assert "It is calm" in run.steps.get(step="scale").held
    for step in ("scale", "prove"):
        row = run.steps.get(step=step)
        services.release_step(run.uid, step, actor=commander, seen_at=row.seen_at, reason="Go on.")
    assert work_off(run).state == "succeeded"


def test_first_lets_steps_begin_before_the_others(start, alert, commander, scripted):
    alert["state"] = "resolved"
    run = look(start(watched("first", "auto").replace("scale, prove", "other")))
    services.limit_speed(run.uid, actor=commander, seen_at=seen_at(run), reason="One by one.", width=1)
    call_done(run, commander)
    assert scripted.steps[0] == "other"


def seen_at(run):
    run.refresh_from_db()
    return run.seen_at


def test_a_watch_leaves_alone_what_has_begun(start, alert, commander, scripted):
    scripted.script["scale"] = lambda context: Done({})
    run = call_done(look(start(watched("skip", "auto").replace("scale, prove", "call"))), commander)
    alert["state"] = "resolved"
    assert states(look(run))["call"] == "done"
