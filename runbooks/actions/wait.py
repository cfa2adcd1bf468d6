"""`wait`: lets time pass. The wait is a row with a time, so it survives every restart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from runbooks.actions.base import Action, Again, Context, Done, Outcome, about, fill
from runbooks.actions.durations import seconds


@dataclass(frozen=True)
class WaitConfig:
    for_: Any = about("how long: 30s, 5m, 1h")

    @property
    def for_s(self) -> float:
        return seconds("wait", "for", self.for_)


class Wait(Action[WaitConfig]):
    kind: ClassVar = "wait"
    title: ClassVar = "Wait"
    human: ClassVar = False
    config: ClassVar = WaitConfig

    def parse(self, given: Mapping[str, Any]) -> WaitConfig:
        config = fill(WaitConfig, given, action=self.kind)
        seconds(self.kind, "for", config.for_)
        return config

    def perform(self, config: WaitConfig, context: Context) -> Outcome:
        left = config.for_s - context.waited_s
        return Done({"waited_s": round(context.waited_s)}) if left <= 0 else Again(left)
