"""Rows of the runbooks room, by what they are about: texts, runs, and what keeps runs apart and in time."""

from runbooks.models.control import Lock, Proposal, ProposalState, Resource, RunMigration, Timer, Turnstile, Worker
from runbooks.models.runs import Attempt, AttemptKind, GroupRun, OutputChunk, Preview, Run, RunMode, StepRun
from runbooks.models.texts import Runbook, RunbookVersion, VersionState

__all__ = [
    "Attempt",
    "AttemptKind",
    "GroupRun",
    "Lock",
    "OutputChunk",
    "Preview",
    "Proposal",
    "ProposalState",
    "Resource",
    "Run",
    "RunMigration",
    "RunMode",
    "Runbook",
    "RunbookVersion",
    "StepRun",
    "Timer",
    "Turnstile",
    "VersionState",
    "Worker",
]
