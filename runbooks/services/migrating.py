"""A live run follows another version of its runbook: proposed by one person, agreed to by another, on record.

What was agreed to is the difference as it stood: when more has begun meanwhile, the proposal is void.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from catalog.models import User
from plumbing.database import atomic
from runbooks.engine import consent, locks
from runbooks.engine.migrating import Difference, difference, history_of
from runbooks.engine.model import Definition
from runbooks.engine.reading import definition_of, definition_of_run
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.engine.work import Work
from runbooks.errors import MoveOver, MoveRefused, NotTheProposer, RunbookError, VersionNotPublished
from runbooks.models import GroupRun, ProposalState, Run, RunbookVersion, RunMigration, StepRun, VersionState
from runbooks.services import guards
from runbooks.services.marking import mark_run
from runbooks.states import Goal, GroupState, Role, StepState

LONGEST_REASON = 500
BOUND = frozenset({StepState.APPROVAL, StepState.READY, StepState.LOCKED})


def difference_of(run: Run, to: RunbookVersion) -> Difference:
    """What a move of this run to that version would do, as things stand."""
    rows = run.steps.filter(role=Role.STEP).values_list("step", "state")
    states = {step: StepState(state) for step, state in rows}
    groups = {group: GroupState(state) for group, state in run.groups.values_list("group", "state")}
    return difference(definition_of_run(run), definition_of(to), states, groups)


def digest_of(run: Run, to: RunbookVersion, found: Difference) -> str:
    """SHA-256 of what is agreed to: the run, both versions, the difference."""
    bound = {"run": run.uid, "was": run.version.digest, "to": to.digest, **found.as_json()}
    return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()


@atomic()
def ask_migration(run_uid: str, *, version: RunbookVersion, actor: User, seen_at: int, reason: str) -> RunMigration:
    """Propose that a live run follow another version. Somebody else decides.

    Raises StaleRun, ReasonNeeded, RunbookError, VersionNotPublished, MoveRefused."""
    work = lock(run_uid)
    guards.seen_run(work, seen_at)
    guards.explained(reason)
    _check(work, version)
    found = difference_of(work.run, version)
    if found.refused:
        raise MoveRefused(str(version), list(found.refused))
    for old in work.run.migrations.filter(state=ProposalState.OPEN):
        _end(work, old, ProposalState.LAPSED, actor, f"{actor} proposed another move.")
    asked = RunMigration.objects.create(
        run=work.run,
        was=work.run.version,
        to=version,
        difference=found.as_json(),
        digest=digest_of(work.run, version, found),
        asked_at=work.now,
        asker=actor,
        reason=reason[:LONGEST_REASON],
    )
    mark_run(work)
    fields = {"version": version.number, "was": work.run.version.number, "digest": asked.digest, "reason": reason}
    work.say("run.migration_asked", {**fields, **_told(found)}, actor)
    work.close()
    return asked


def _check(work: Work, version: RunbookVersion) -> None:
    run = work.run
    guards.is_open(work)
    if version.runbook_id != run.version.runbook_id:
        raise RunbookError(f"{version} is another runbook's. Start a run of it instead.")
    if version.number <= run.version.number:
        raise RunbookError(f"The run follows version {run.version.number} already; {version.number} is not newer.")
    if version.state != VersionState.PUBLISHED:
        raise VersionNotPublished(str(version), version.state)
    if run.goal != Goal.FINISH:
        raise RunbookError("The run is being stopped or taken back: it follows the version that it began with.")
    missing = [each.name for each in definition_of(version).inputs if _is_missing(run, each)]
    if missing:
        raise RunbookError(f"{version} needs {', '.join(missing)}, which this run was not given. Start a run of it.")


def _is_missing(run: Run, spec: Any) -> bool:
    return spec.required and spec.default is None and spec.name not in run.inputs


@atomic()
def decide_migration(uid: str, *, actor: User, digest: str, agree: bool, reason: str) -> RunMigration:
    """A second person agrees to a move, which is then made, or refuses it. The door has asked for their right.

    digest: of the difference that their page showed. Raises MoveOver, NotTheProposer, ReasonNeeded."""
    work = lock(RunMigration.objects.select_related("run").get(uid=uid).run.uid)
    asked = RunMigration.objects.select_related("to__runbook", "was", "asker", "by").get(uid=uid)
    guards.explained(reason)
    if asked.asker_id == actor.pk:
        raise NotTheProposer
    if asked.state != ProposalState.OPEN:
        raise MoveOver(asked.get_state_display(), str(asked.by or "Muster"), asked.said)
    if digest != asked.digest:
        raise MoveOver("another one", str(asked.asker), "it was proposed anew")
    if not agree:
        _end(work, asked, ProposalState.DECLINED, actor, reason)
    elif (found := _still(work, asked)) is None:
        _end(work, asked, ProposalState.LAPSED, actor, "What it would do has changed since it was proposed.")
    else:
        _move(work, asked, found, actor, reason)
    work.close()
    return asked


def _still(work: Work, asked: RunMigration) -> Difference | None:
    """The difference, if it is what was proposed and the run can still move."""
    try:
        _check(work, asked.to)
    except RunbookError:
        return None
    found = difference_of(work.run, asked.to)
    same = not found.refused and digest_of(work.run, asked.to, found) == asked.digest
    return found if same else None


def _move(work: Work, asked: RunMigration, found: Difference, actor: User, reason: str) -> None:
    """Rows first, while the run still follows the old version; then it follows the new one."""
    run = work.run
    history = history_of({row.step: StepState(row.state) for row in run.steps.filter(role=Role.STEP)})
    why = f"The run moves to version {asked.to.number}."
    bound = list(run.steps.filter(role=Role.STEP, state__in=BOUND).values_list("step", flat=True))
    for step in bound:
        _unbind(work, step, why, actor)
    work.flush()
    for step in bound:
        locks.free(work, step)  # the new text may touch something else; the locks' turnstile comes last
    for step in found.dropped:
        work.move(step, StepState.SKIPPED, f"Version {asked.to.number} dropped it.", actor=actor)
    edit = {
        "act": "migrate",
        "was": run.version.number,
        "to": asked.to.number,
        "stays": sorted(history | {*found.dropped}),
    }
    mark_run(work, version=asked.to, edits=[*run.edits, edit])
    run.shapers.add(asked.asker, actor)
    new = definition_of_run(run)
    _rows(work, new, found.added)
    work.definition = new
    _end(work, asked, ProposalState.TAKEN, actor, reason)
    settle(work)


def _unbind(work: Work, step: str, why: str, actor: User) -> None:
    """Nothing that was queued or agreed to for the old text is done."""
    row = work.row(step)
    work.take_back(step, why)
    work.flush()
    consent.withdraw(work, step, why, actor)
    if row.state == StepState.READY:
        work.move(step, StepState.WAITING, why, actor=actor)


def _rows(work: Work, new: Definition, added: Iterable[str]) -> None:
    """Rows for what is new, and every row's place in the new plan."""
    run, fresh = work.run, frozenset(added)
    places = {step.id: place for place, step in enumerate(new.steps)}
    StepRun.objects.bulk_create(
        [StepRun(run=run, step=step, position=places[step], changed_at=work.now) for step in places if step in fresh]
    )
    moved = [row for row in run.steps.filter(role=Role.STEP) if row.position != places[row.step]]
    for row in moved:
        row.position = places[row.step]
    StepRun.objects.bulk_update(moved, ["position"])
    known = set(run.groups.values_list("group", flat=True))
    groups = [section.id for section in new.sections if section.strategy and section.id not in known]
    GroupRun.objects.bulk_create([GroupRun(run=run, group=group, changed_at=work.now) for group in groups])


def _end(work: Work, asked: RunMigration, state: ProposalState, actor: User, said: str) -> None:
    asked.state, asked.by, asked.said, asked.settled_at = state, actor, said[:LONGEST_REASON], work.now
    asked.save(update_fields=["state", "by", "said", "settled_at"])
    kind = {
        ProposalState.TAKEN: "run.migrated",
        ProposalState.DECLINED: "run.migration_declined",
        ProposalState.LAPSED: "run.migration_lapsed",
    }[state]
    fields = {"version": asked.to.number, "was": asked.was.number, "digest": asked.digest, "reason": said}
    work.say(kind, {**fields, "asker": asked.asker.actor_id}, actor)


def _told(found: Difference) -> dict[str, Any]:
    changed = [each.step for each in found.changed]
    lists = {
        "added": found.added,
        "dropped": found.dropped,
        "kept": found.kept,
        "moved": found.moved,
        "late": found.late,
    }
    return {**{name: list(steps) for name, steps in lists.items()}, "changed": changed}
