"""`run`: a whole runbook as one step, and `undo_run`: takes it back. The engine does both; no worker is asked.

The nested run has its own steps, approvals and undo, in the history of the run that it is part of (engine/nested.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from runbooks.actions.base import Action, Context, Failed, Outcome, about, fill
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig

RUN, UNDO_RUN = "run", "undo_run"


@dataclass(frozen=True)
class RunConfig:
    runbook: str = about("the runbook's name")
    version: int = about("number of the version; the published one if left out", default=0)
    inputs: Any = about("values of its inputs, by name", default_factory=dict)


@dataclass(frozen=True)
class UndoRunConfig:
    """No fields: what is taken back is the run of the step that it undoes."""


class NestedRun(Action[RunConfig]):
    kind: ClassVar = RUN
    title: ClassVar = "Runbook"
    human: ClassVar = False
    config: ClassVar = RunConfig

    def parse(self, given: Mapping[str, Any]) -> RunConfig:
        config = fill(RunConfig, given, action=self.kind)
        if not isinstance(config.inputs, Mapping):
            raise BadConfig(self.kind, "inputs", "expected names and values")
        if config.version < 0:
            raise BadConfig(self.kind, "version", f"found {config.version}, expected a number from 1")
        return config

    def perform(self, config: RunConfig, context: Context) -> Outcome:
        """A worker never gets it."""
        return Failed("The engine starts a run; a worker can't.", effect=Effect.NONE)


class UndoNestedRun(Action[UndoRunConfig]):
    kind: ClassVar = UNDO_RUN
    title: ClassVar = "Take a run back"
    human: ClassVar = False
    config: ClassVar = UndoRunConfig

    def parse(self, given: Mapping[str, Any]) -> UndoRunConfig:
        return fill(UndoRunConfig, given, action=self.kind)

    def perform(self, config: UndoRunConfig, context: Context) -> Outcome:
        """A worker never gets it."""
        return Failed("The engine takes a run back; a worker can't.", effect=Effect.NONE)
