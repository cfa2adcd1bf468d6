"""Actions that exist for measuring only; registered by the bench in its own process."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from runbooks.actions.base import Action, Context, Done, Outcome, about, fill


@dataclass(frozen=True)
class NoopConfig:
    seconds: float = about("how long the step is at work", default=0.0)


class Noop(Action[NoopConfig]):
    kind: ClassVar = "noop"
    title: ClassVar = "Nothing, for a while"
    config: ClassVar = NoopConfig
    human: ClassVar = False

    def parse(self, given: Mapping[str, Any]) -> NoopConfig:
        return fill(NoopConfig, given, action=self.kind)

    def perform(self, config: NoopConfig, context: Context) -> Outcome:
        """Sleeps in the worker's thread, on purpose: the work of a bench must hold its worker as real work would."""
        time.sleep(config.seconds)
        return Done({})
