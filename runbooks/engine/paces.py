"""How long attempts of a kind took in this process: what is quick is claimed in bundles and left to one worker.

Eight workers at a plan of quick steps do nothing but wait for each other at the run's lock: one of them alone is ten
times faster (docs/benchmarks.md). Whatever isn't known to be quick is taken for slow, and everybody is called.
"""

from collections import OrderedDict
from collections.abc import Iterable
from math import inf

from runbooks.engine.memory import Memory
from runbooks.engine.model import Step
from runbooks.engine.reading import spec_in
from runbooks.models import Attempt, Run

BUNDLE_S = 0.010  # attempts that are claimed together should be done in so long
MOST_BUNDLED = 20
SHARE_S = 0.100  # less than this, actions alone, is not worth a second worker: the rest of an attempt is done in turns
KEPT = 1_000

Key = tuple[int, str, str]


def key_of(run: Run, spec: Step, attempt: Attempt) -> Key:
    """Attempts that should take equally long: of one version of a runbook, of one kind and action."""
    return run.version_id, attempt.kind, spec.action


class Paces:
    """Seconds that attempts took."""

    def __init__(self) -> None:
        self._took_s: OrderedDict[Key, float] = OrderedDict()

    def note(self, key: Key, took_s: float) -> None:
        """One slow call counts at once, a quick one little by little."""
        before = self._took_s.pop(key, took_s)
        self._took_s[key] = max(took_s, before * 0.75 + took_s * 0.25)
        if len(self._took_s) > KEPT:
            self._took_s.popitem(last=False)

    def bundle(self, like: Key) -> int:
        """How many attempts like this one fit into BUNDLE_S; at least one."""
        took_s = self._took_s.get(like, BUNDLE_S)
        return max(1, min(MOST_BUNDLED, int(BUNDLE_S / max(took_s, 1e-6))))

    def all_s(self, memory: Memory, attempts: Iterable[Attempt]) -> float:
        """How long all these actions should take together; infinite when one of them is not known to be quick."""
        total = 0.0
        for attempt in attempts:
            took_s = self._took_s.get(key_of(memory.run, spec_in(memory, attempt.step_run.step), attempt))
            if took_s is None or took_s > BUNDLE_S:
                return inf
            total += took_s
        return total


paces = Paces()
