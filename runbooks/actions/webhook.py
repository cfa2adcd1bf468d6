"""`webhook`: a signed message to an allowed address (standardwebhooks.com).

Its id comes from the idempotency key: whoever receives it twice sees that it is the same.
"""

import binascii
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import EmptyWebhookSecretError

from plumbing import http
from plumbing.addresses import host_and_port
from plumbing.http import EgressError
from plumbing.secrets import hidden
from runbooks.actions.base import Action, Context, Done, Failed, Outcome, about, fill
from runbooks.actions.http import TRY_LATER
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig

KEPT_TEXT = 2_000  # characters of the answer


@dataclass(frozen=True)
class WebhookConfig:
    url: str = about("where to: https://host/path")
    secret: str = about("the signing key, whsec_…, as {{ secrets.name }}", secret=True)
    type: str = about("what happened, in words with dots: order.failed_over")
    data: Any = about("the message, JSON", default_factory=dict)


class Webhook(Action[WebhookConfig]):
    kind: ClassVar = "webhook"
    title: ClassVar = "Webhook"
    human: ClassVar = False
    config: ClassVar = WebhookConfig

    def parse(self, given: Mapping[str, Any]) -> WebhookConfig:
        config = fill(WebhookConfig, given, action=self.kind)
        if not config.type.replace("_", "").replace(".", "").isalnum():
            raise BadConfig(self.kind, "type", f"found {config.type!r}, expected words with dots: order.failed_over")
        return config

    def perform(self, config: WebhookConfig, context: Context) -> Outcome:
        body = _body(config, context.now)
        try:
            headers = signed(config.secret, context.idempotency_key, body, dt.datetime.now(dt.UTC))
            answer = http.request(
                "POST", config.url, headers=headers, body=body.encode(), deadline_s=context.deadline_s
            )
        except EgressError as error:
            return Failed(str(error), retryable=not isinstance(error, http.Refused), effect=Effect(error.effect))
        output = {"status": answer.status, "id": headers["webhook-id"], "elapsed_ms": answer.elapsed_ms}
        if 200 <= answer.status < 300:
            return Done(output)
        output["text"] = hidden(answer.body.decode("utf-8", "replace"))[:KEPT_TEXT]
        error_text = f"{host_and_port(config.url)} answered {answer.status}, expected 2xx."
        return Failed(error_text, retryable=answer.status in TRY_LATER, effect=Effect.MAYBE, output=output)

    def source(self, config: WebhookConfig) -> str:
        return host_and_port(config.url)

    def preview(self, config: WebhookConfig, context: Context) -> str:
        return f"POST to {config.url}, signed:\n{_body(config, context.now)}"


def _body(config: WebhookConfig, at: dt.datetime) -> str:
    message = {"type": config.type, "timestamp": at.isoformat(), "data": config.data}
    return json.dumps(message, ensure_ascii=False)


def signed(secret: str, key: str, body: str, at: dt.datetime) -> dict[str, str]:
    """The headers of a message. Raises BadConfig when the secret is no signing key.

    at: the worker's own clock, as the receiver refuses what is older than five minutes; a retry is signed anew."""
    id_ = f"msg_{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    try:
        signature = Signer(secret).sign(id_, at, body)
    except (binascii.Error, EmptyWebhookSecretError, ValueError):
        raise BadConfig("webhook", "secret", "the secret is no signing key: expected whsec_ and base64") from None
    return {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
