"""`ticket`: opens a ticket in Acme's desk."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from plumbing import http
from runbooks.actions.base import Action, Context, Done, Failed, Outcome, about, fill
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig


@dataclass(frozen=True)
class TicketConfig:
    url: str = about("address of the desk")
    token: str = about("its token, as {{ secrets.name }}", secret=True)
    title: str = about("what it is about")
    urgent: bool = about("whether somebody is woken up", default=False)


class Ticket(Action[TicketConfig]):
    kind: ClassVar = "ticket"
    title: ClassVar = "Acme ticket"
    human: ClassVar = False
    config: ClassVar = TicketConfig

    def parse(self, given: Mapping[str, Any]) -> TicketConfig:
        config = fill(TicketConfig, given, action=self.kind)
        if not config.title.strip():
            raise BadConfig(self.kind, "title", "found nothing, expected a sentence")
        return config

    def perform(self, config: TicketConfig, context: Context) -> Outcome:
        headers = {"authorization": f"Bearer {config.token}", "idempotency-key": context.idempotency_key}
        body = json.dumps({"title": config.title, "urgent": config.urgent}).encode()
        try:
            answer = http.request("POST", config.url, headers=headers, body=body, deadline_s=context.deadline_s)
        except http.EgressError as error:
            return Failed(str(error), retryable=True, effect=Effect(error.effect))
        if answer.status != 201:
            return Failed(f"The desk answered {answer.status}, expected 201.", effect=Effect.MAYBE)
        number = json.loads(answer.body)["number"]
        context.say(f"Ticket {number} is open.")
        return Done({"number": number})

    def source(self, config: TicketConfig) -> str:
        return "acme desk"

    def preview(self, config: TicketConfig, context: Context) -> str:
        return f"Open a ticket: {config.title}"
