"""`note`: writes a sentence into the run's history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from runbooks.actions.base import Action, Context, Done, Outcome, about, fill
from runbooks.errors import BadConfig

LONGEST = 4_000  # characters


@dataclass(frozen=True)
class NoteConfig:
    text: str = about("what to write down")


class Note(Action[NoteConfig]):
    kind: ClassVar = "note"
    title: ClassVar = "Note"
    human: ClassVar = False
    config: ClassVar = NoteConfig

    def parse(self, given: Mapping[str, Any]) -> NoteConfig:
        config = fill(NoteConfig, given, action=self.kind)
        if not config.text.strip():
            raise BadConfig(self.kind, "text", "found nothing, expected a sentence")
        if len(config.text) > LONGEST:
            raise BadConfig(self.kind, "text", f"found {len(config.text)} characters, expected at most {LONGEST}")
        return config

    def perform(self, config: NoteConfig, context: Context) -> Outcome:
        context.say(f"{config.text}\n")
        return Done({"note": config.text})

    def preview(self, config: NoteConfig, context: Context) -> str:
        return f"Write down: {config.text}"
