"""`notify`: tells people, over whatever the operator set up: chat, mail, SMS, paging (by Apprise).

A runbook names targets of the toolbox. It never holds an address: those are secrets, and where people are told what is
the operator's to decide.
"""

import importlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from plumbing import toolbox
from plumbing.toolbox import Target
from runbooks.actions.base import Action, Context, Done, Failed, Outcome, about, fill
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig

LEVELS = ("info", "success", "warning", "failure")
LONGEST = 4_000  # characters
logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines hold addresses, and so secrets


@dataclass(frozen=True)
class NotifyConfig:
    to: Any = about("name of a target in the toolbox, or a list of names")
    text: str = about("what to say")
    subject: str = about("what stands above it", default="")
    level: str = about("info, success, warning or failure", default="info")

    @property
    def names(self) -> list[str]:
        """The targets, each once."""
        given = self.to if isinstance(self.to, list) else [self.to]
        return [name for place, name in enumerate(given) if name not in given[:place]]


class Notify(Action[NotifyConfig]):
    kind: ClassVar = "notify"
    title: ClassVar = "Notification"
    human: ClassVar = False
    config: ClassVar = NotifyConfig

    def parse(self, given: Mapping[str, Any]) -> NotifyConfig:
        config = fill(NotifyConfig, given, action=self.kind)
        if not config.names or not all(isinstance(name, str) and toolbox.NAME.fullmatch(name) for name in config.names):
            raise BadConfig(self.kind, "to", f"found {config.to!r}, expected names of targets, never addresses")
        if config.level not in LEVELS:
            raise BadConfig(self.kind, "level", f"found {config.level!r}, expected one of {', '.join(LEVELS)}")
        if not 0 < len(config.text.strip()) <= LONGEST:
            raise BadConfig(self.kind, "text", f"expected 1 to {LONGEST} characters")
        return config

    def perform(self, config: NotifyConfig, context: Context) -> Outcome:
        targets = {name: toolbox.take("notify", name, Target) for name in config.names}  # all, before anybody is told
        told: dict[str, bool] = {}
        for name, target in targets.items():
            if context.should_stop():
                break
            told[name] = all([_send(config, name, url) for url in target.urls])  # noqa: C419 - each is told
            context.say(f"{name}: {'told' if told[name] else 'not reached'}\n")
        reached = [name for name, was_told in told.items() if was_told]
        missed = [name for name in config.names if name not in reached]
        output = {"told": reached, "missed": missed}
        if not missed:
            return Done(output)
        error = f"Not reached: {', '.join(missed)}."
        return Failed(error, retryable=True, effect=Effect.MAYBE, output=output)

    def source(self, config: NotifyConfig) -> str:
        return f"notify {', '.join(config.names)}"

    def preview(self, config: NotifyConfig, context: Context) -> str:
        return f"Tell {', '.join(config.names)} ({config.level}): {config.subject}\n{config.text}".strip()


def _send(config: NotifyConfig, name: str, url: str) -> bool:
    """Tell one address. Raises BadToolbox when Apprise doesn't know such an address."""
    apprise = importlib.import_module("apprise")  # here: it takes 0.1 s, which a process that tells nobody saves
    sender = apprise.Apprise()
    if not sender.add(url):
        raise toolbox.BadToolbox(f"[notify.{name}]: Apprise knows no such address; its beginning says the service.")
    sent = sender.notify(body=config.text, title=config.subject, notify_type=config.level, body_format="text")
    return bool(sent)
