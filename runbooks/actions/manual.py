"""`manual`: a person does it and says how it came out, with a note."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from runbooks.actions.base import Action, Context, Failed, Outcome, fill
from runbooks.engine.model import Effect


@dataclass(frozen=True)
class ManualConfig:
    """No fields: what is to be done stands in the step's `instructions`."""


class Manual(Action[ManualConfig]):
    kind: ClassVar = "manual"
    title: ClassVar = "A person does it"
    human: ClassVar = True
    config: ClassVar = ManualConfig

    def parse(self, given: Mapping[str, Any]) -> ManualConfig:
        return fill(ManualConfig, given, action=self.kind)

    def perform(self, config: ManualConfig, context: Context) -> Outcome:
        """A worker can't do it; the engine never asks one."""
        return Failed("A person does this step; a worker can't.", effect=Effect.NONE)
