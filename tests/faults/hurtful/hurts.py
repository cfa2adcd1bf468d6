"""An action that kills whoever performs it, and a process clock that is hours off."""

import datetime as dt
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from signal import SIGKILL
from typing import Any, ClassVar

from django.utils import timezone

from runbooks.actions.base import Action, Context, Outcome, fill


@dataclass(frozen=True)
class Nothing:
    """It takes no fields."""


class Poison(Action[Nothing]):
    """SIGKILL for its own process, before it changed anything."""

    kind: ClassVar = "poison"
    title: ClassVar = "Poison"
    human: ClassVar = False
    config: ClassVar = Nothing

    def parse(self, given: Mapping[str, Any]) -> Nothing:
        return fill(Nothing, given, action=self.kind)

    def perform(self, config: Nothing, context: Context) -> Outcome:
        os.kill(os.getpid(), SIGKILL)
        raise AssertionError("nobody gets here")


def jump(seconds: float) -> None:
    """This process believes that it is `seconds` later (or, negative, earlier). The database does not."""
    true_time, true_now = time.time, timezone.now
    time.time = lambda: true_time() + seconds
    timezone.now = lambda: true_now() + dt.timedelta(seconds=seconds)
