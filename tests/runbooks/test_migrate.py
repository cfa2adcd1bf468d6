"""A live run follows a newer version: proposed, agreed to by somebody else, on record; what happened stays."""

import pytest

from approvals.models import ApprovalRequest
from audit.selectors import entries
from runbooks import services
from runbooks.errors import MoveOver, MoveRefused, NotTheProposer, RunbookError, StaleRun, VersionNotPublished
from runbooks.models import Attempt
from tests.runbooks.conftest import kinds, states, work_off

pytestmark = pytest.mark.django_db
OLD = """
name: live
title: Live
steps:
  - {id: a, title: A, action: scripted, with: {say: old}}
  - {id: b, title: B, action: manual, needs: [a]}
  - {id: c, title: C, action: scripted, with: {say: old}, needs: [b]}
  - {id: d, title: D, action: scripted, needs: [b]}
"""
NEW = """
name: live
title: Live
steps:
  - {id: a, title: A, action: scripted, with: {say: new}}
  - {id: b, title: B, action: manual, needs: [a]}
  - {id: c, title: C, action: scripted, with: {say: new}, needs: [b]}
  - {id: e, title: E, action: scripted, needs: [c]}
"""


@pytest.fixture
def run(start, scripted):
    return work_off(start(OLD))


@pytest.fixture
def newer(run, author):
    return services.publish(services.save_version(run.version.runbook, NEW, author=author), publisher=author)


def ask(run, version, actor):
    run.refresh_from_db()
    return services.ask_migration(run.uid, version=version, actor=actor, seen_at=run.seen_at, reason="C was wrong.")


def decide(asked, actor, agree=True, digest=None):
    return services.decide_migration(
        asked.uid, actor=actor, digest=digest or asked.digest, agree=agree, reason="I read it."
    )


def finish(run, step, actor):
    row = run.steps.get(step=step)
    services.finish_step(run.uid, step, actor=actor, seen_at=row.seen_at, worked=True, note="Done.")


def test_a_run_goes_on_with_the_newer_text_and_keeps_what_happened(run, newer, scripted, commander, owner):
    asked = ask(run, newer, commander)
    assert asked.difference["added"] == ["e"] and asked.difference["dropped"] == ["d"]
    assert [(each["step"], each["stays"]) for each in asked.difference["changed"]] == [("a", True), ("c", False)]
    assert decide(asked, owner).state == "taken"
    run.refresh_from_db()
    assert run.version == newer
    finish(run, "b", commander)
    run = work_off(run)
    assert run.state == "succeeded"
    assert states(run) == {"a": "done", "b": "done", "c": "done", "d": "skipped", "e": "done"}
    assert [(step, config) for step, config, _ in scripted.calls][:2] == [("a", {"say": "old"}), ("c", {"say": "new"})]
    said = next(entry for entry in entries(run.stream) if entry.kind == "run.migrated")
    assert (said.actor, said.fields["asker"]) == (owner.actor_id, commander.actor_id)


def test_who_proposes_does_not_decide(run, newer, commander, owner):
    asked = ask(run, newer, commander)
    with pytest.raises(NotTheProposer):
        decide(asked, commander)
    run.refresh_from_db()
    assert run.version != newer
    assert decide(asked, owner, agree=False).state == "declined"
    with pytest.raises(MoveOver, match="Lena Vogt"):
        decide(asked, owner)
    assert "run.migrated" not in kinds(run)


def test_what_is_agreed_to_is_the_difference_as_it_was_shown(run, newer, commander, owner):
    asked = ask(run, newer, commander)
    with pytest.raises(MoveOver):
        decide(asked, owner, digest="0" * 64)
    finish(run, "b", commander)
    work_off(run)  # c ran in the old text meanwhile
    assert decide(asked, owner).state == "lapsed"
    run.refresh_from_db()
    assert run.version != newer
    assert "run.migration_lapsed" in kinds(run)


def test_what_can_not_be_moved_to_is_refused(run, newer, commander, author, publish):
    draft = services.save_version(run.version.runbook, NEW + "# more\n", author=author)
    with pytest.raises(VersionNotPublished):
        ask(run, draft, commander)
    with pytest.raises(RunbookError, match="not newer"):
        ask(run, run.version, commander)
    with pytest.raises(RunbookError, match="another runbook"):
        ask(run, publish(NEW.replace("name: live", "name: other")), commander)
    with pytest.raises(StaleRun):
        services.ask_migration(run.uid, version=newer, actor=commander, seen_at=99, reason="C was wrong.")


def test_a_group_that_is_over_takes_nothing_new(start, scripted, commander, author):
    section = "sections:\n  - {id: s, title: Part, on_failure: continue}\nsteps:\n"
    old = OLD.replace("steps:\n", section).replace("id: a,", "id: a, section: s,").replace("live", "parted")
    run = work_off(start(old))
    new = old.replace("  - {id: b,", "  - {id: n, title: N, action: scripted, section: s}\n  - {id: b,")
    version = services.publish(services.save_version(run.version.runbook, new, author=author), publisher=author)
    with pytest.raises(MoveRefused, match="“N” would stand in “Part”, which is passed already"):
        ask(run, version, commander)


CONSENT = """
name: consented
title: Consented
steps:
  - {id: w, title: W, action: scripted, with: {say: old}, touches: [store], approval: {reason: "W?"}}
"""


def test_what_was_asked_or_queued_for_the_old_text_is_void(start, store, scripted, commander, deputy, author):
    run = work_off(start(CONSENT))
    old = ApprovalRequest.objects.get()
    new = CONSENT.replace("say: old", "say: new")
    version = services.publish(services.save_version(run.version.runbook, new, author=author), publisher=author)
    decide(ask(run, version, commander), deputy)
    old.refresh_from_db()
    assert old.state == "void"
    newest = ApprovalRequest.objects.get(state="pending")
    assert '"new"' in newest.binds
    assert not Attempt.objects.filter(state="queued").exists()
