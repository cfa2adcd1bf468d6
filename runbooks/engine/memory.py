"""What a process remembers of runs: rows and facts as of some `rev`, so that a transition reads only what changed.

A transaction takes a run's memory out and puts it back when it has committed; one that rolls back never does, and the
next one reads everything. So nothing that wasn't committed is ever believed.
"""

import datetime as dt
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from runbooks.engine.board import Board
from runbooks.engine.facts import LastAttempt, Verdict
from runbooks.engine.model import Definition
from runbooks.models import Attempt, GroupRun, Run, StepRun
from runbooks.states import AttemptState

MOST_ROWS = 60_000  # of all remembered runs together; about 4 kB each
MOST_RUNS = 500
PATIENCE_S = 0.1  # so long one thread waits for another to put a memory back, before it reads everything


@dataclass
class Memory:
    """One run as of `rev`. open: attempts that are queued or leased, by step. outputs: as expressions see them.

    asking: steps in state `approval`: their requests are settled outside of the run's lock, so they are read anew."""

    run: Run
    definition: Definition
    board: Board
    rev: int
    now: dt.datetime  # of the transaction that has it
    rows: dict[str, StepRun] = field(default_factory=dict)
    groups: dict[str, GroupRun] = field(default_factory=dict)
    last: dict[str, LastAttempt] = field(default_factory=dict)
    open: dict[str, Attempt] = field(default_factory=dict)
    verdicts: dict[str, tuple[Verdict, str]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    asking: set[str] = field(default_factory=set)

    def keep_attempt(self, step: str, attempt: Attempt, last: LastAttempt) -> None:
        """The step's newest attempt, and how it stands."""
        self.last[step] = last
        if attempt.state in (AttemptState.QUEUED, AttemptState.LEASED):
            self.open[step] = attempt
        else:
            self.open.pop(step, None)

    def forget_attempts(self, step: str) -> None:
        """What was tried is history: it begins anew, under a new key, and consent is asked for again."""
        for known in (self.last, self.open, self.verdicts):
            known.pop(step, None)

    def keep_output(self, step: str, output: dict[str, Any]) -> None:
        if output:
            self.outputs[step] = {"output": output}
        else:
            self.outputs.pop(step, None)


class Memories:
    """Memories by run. Bounded by rows; the one that was used longest ago goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Memory] = OrderedDict()
        self._taken: dict[str, int] = {}  # run -> the thread that has its memory
        self._changed = threading.Condition()
        self._rows = 0

    def take(self, run_uid: str) -> Memory | None:
        """The run's memory, now the caller's alone; None when there is none, or another thread doesn't give it back."""
        me = threading.get_ident()
        with self._changed:
            if self._taken.get(run_uid, me) != me:
                self._changed.wait_for(lambda: run_uid not in self._taken, PATIENCE_S)
            self._taken[run_uid] = me
            found = self._kept.pop(run_uid, None)
            self._rows -= len(found.rows) if found else 0
            return found

    def keep(self, memory: Memory) -> None:
        """Put it back: its transaction has committed."""
        uid = memory.run.uid
        with self._changed:
            self._taken.pop(uid, None)
            newer = self._kept.get(uid)
            if newer is None or newer.rev <= memory.rev:
                self._rows += len(memory.rows) - (len(newer.rows) if newer else 0)
                self._kept[uid] = memory
                self._kept.move_to_end(uid)
            while len(self._kept) > MOST_RUNS or (self._rows > MOST_ROWS and len(self._kept) > 1):
                _, oldest = self._kept.popitem(last=False)
                self._rows -= len(oldest.rows)
            self._changed.notify_all()

    def forget(self, run_uid: str) -> None:
        """The run is over: nobody needs it here."""
        with self._changed:
            self._taken.pop(run_uid, None)
            found = self._kept.pop(run_uid, None)
            self._rows -= len(found.rows) if found else 0
            self._changed.notify_all()

    def clear(self) -> None:
        """Remember nothing."""
        with self._changed:
            self._kept.clear()
            self._taken.clear()
            self._rows = 0


memories = Memories()
