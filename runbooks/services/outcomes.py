"""How a step came out, said by a person: an attempt like a worker's; planner and evidence read the same rows."""

from catalog.models import User
from runbooks.actions.base import Done, Failed
from runbooks.engine.outputs import as_evidence
from runbooks.engine.work import Work
from runbooks.models import Attempt, AttemptKind, StepRun
from runbooks.states import AttemptState


def record_outcome(work: Work, row: StepRun, actor: User, outcome: Done | Failed, *, holds: bool | None = None) -> None:
    """Write what a person did, or found, as the step's newest attempt; what it left is kept for later steps.

    holds: of a decision, that it chose."""
    row.tries += 1
    row.save(update_fields=["tries"])
    worked = isinstance(outcome, Done)
    if worked:
        work.keep_output(row.step, outcome.output)
    Attempt.objects.create(
        step_run=row,
        kind=AttemptKind.ACT,
        number=row.tries,
        group=row.group,
        idempotency_key=f"{work.run.uid}/{row.step}/{row.group}",
        binding="",
        state=AttemptState.SUCCEEDED if worked else AttemptState.FAILED,
        queued_at=work.now,
        not_before=work.now,
        started_at=row.started_at,
        ended_at=work.now,
        worker=actor.actor_id,
        output=outcome.output,
        holds=holds,
        error="" if isinstance(outcome, Done) else outcome.error[:1000],
        effect="unknown" if isinstance(outcome, Done) else outcome.effect,
    )
    fields = {"step": row.step, "title": work.title(row.step), "attempt": row.tries, "of": "act"}
    fields |= as_evidence(outcome.output)
    if isinstance(outcome, Failed):
        fields |= {"error": outcome.error, "effect": outcome.effect}
    work.say(f"attempt.{'succeeded' if worked else 'failed'}", fields, actor)
