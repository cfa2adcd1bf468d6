"""Diagnostics that run already, as one reader may see them: for pages, API and the war room."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from catalog.models import User
from runbooks.errors import NothingToAttach
from runbooks.models import Attempt, Run, StepRun
from runbooks.permissions import visible_runs
from runbooks.services import attaching
from runbooks.services.previewing import spec_of_row
from runbooks.states import AttemptState


@dataclass(frozen=True)
class Twin:
    """An attempt that does right now what a step would do. by: who began its run; None for a rule."""

    attempt: Attempt
    title: str
    run: Run

    @property
    def runbook(self) -> str:
        return self.run.version.runbook.title

    @property
    def step(self) -> str:
        return self.attempt.step_run.step

    @property
    def by(self) -> User | None:
        return self.run.starter

    @property
    def since(self) -> datetime:
        return self.attempt.started_at or self.attempt.queued_at

    @property
    def is_queued(self) -> bool:
        return self.attempt.state == AttemptState.QUEUED and self.attempt.started_at is None

    def __str__(self) -> str:
        """Who, what, since when; the moment as pages rewrite it to the reader's zone."""
        began = "waits for a worker since" if self.is_queued else "runs since"
        who = f"begun by {self.by}" if self.by else "begun by rule"
        return f"“{self.title}” of {self.runbook}, {who}, {began} {self.since:%H:%M:%S} UTC"


def twins_for(reader: User, row: StepRun) -> list[Twin]:
    """Attempts whose results the step could use, in runs that the reader sees; the oldest first."""
    return _seen(reader, attaching.twins_of(row))


def attachable_for(reader: User, run: Run) -> dict[str, list[Twin]]:
    """The same for every step of a run that has not begun; only steps that have one."""
    found = {step: _seen(reader, attempts) for step, attempts in attaching.attachable(run).items()}
    return {step: twins for step, twins in found.items() if twins}


def named(twins: list[Twin], attempt: int, row: StepRun) -> Twin:
    """The one of that attempt. Raises NothingToAttach."""
    for twin in twins:
        if twin.attempt.pk == attempt:
            return twin
    raise nothing_for(row)


def nothing_for(row: StepRun) -> NothingToAttach:
    """The refusal when nobody does what the step would do."""
    return NothingToAttach(spec_of_row(row).title, "nothing does the same right now, with the same inputs.")


def _seen(reader: User, attempts: Iterable[Attempt]) -> list[Twin]:
    attempts = list(attempts)
    runs = visible_runs(reader).in_bulk({attempt.step_run.run_id for attempt in attempts}) if attempts else {}
    return [
        Twin(attempt, spec_of_row(attempt.step_run).title, runs[attempt.step_run.run_id])
        for attempt in attempts
        if attempt.step_run.run_id in runs
    ]
