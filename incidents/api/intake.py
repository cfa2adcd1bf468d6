"""The door for tools that send signals. It answers every post with JSON and never with an error page."""

import logging
from typing import Any

from django.db import DatabaseError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api_authentication import MachineTokenAuthentication
from catalog.models import User
from incidents.errors import NoSource, PostTooLarge
from incidents.intake.base import json_of
from incidents.intake.registry import FORMATS
from incidents.models import SignalSource
from incidents.serializers import RefusalSerializer, TakenSerializer
from incidents.services import take
from plumbing import clock

log = logging.getLogger(__name__)

LARGEST_POST = 1024 * 1024  # bytes
RETRY_AFTER_S = 5


class IntakeView(APIView):
    """Takes one post of one format. The token's machine user must be a source of this kind."""

    kind = ""
    token_scope = "intake"  # noqa: S105 - the name of a scope
    authentication_classes = (MachineTokenAuthentication,)

    def post(self, request: Request) -> Response:
        """Store the post's signals; answer 202 with what became of them. The same post again changes nothing."""
        source = _source_of(request.user, self.kind)
        body = read_body(request)
        try:
            now = clock.now()
            taken = take(source, FORMATS[self.kind](json_of(body), now), now)
        except DatabaseError:  # it restarts, or is full: the sender shall keep the post and try again
            log.exception("A post from %s could not be stored", source)
            refusal = {"code": "not_now", "detail": "The post could not be stored now. Send it again."}
            return Response(refusal, status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
        return Response(taken.as_json(), status=202)


def _source_of(user: Any, kind: str) -> SignalSource:
    found = SignalSource.objects.filter(user=user, kind=kind).first() if isinstance(user, User) else None
    if found is None:
        raise NoSource(kind)
    return found


def read_body(request: Request) -> bytes:
    """The body as it came. Raises PostTooLarge, also when the sender states no length or a wrong one."""
    stated = request.headers.get("Content-Length", "")
    if stated.isdecimal() and int(stated) > LARGEST_POST:
        raise PostTooLarge(int(stated), LARGEST_POST)
    body: bytes = request._request.read(LARGEST_POST + 1)
    if len(body) > LARGEST_POST:
        raise PostTooLarge(len(body), LARGEST_POST)
    return body


ANSWERS = {
    202: TakenSerializer,
    400: RefusalSerializer,
    401: RefusalSerializer,
    403: RefusalSerializer,
    413: RefusalSerializer,
    503: RefusalSerializer,
}


def intake_schema(name: str) -> Any:
    """How a door for posts describes itself."""
    return extend_schema(tags=["intake"], request=OpenApiTypes.OBJECT, responses=ANSWERS, operation_id=name)


@extend_schema_view(post=intake_schema("intake_alertmanager"))
class AlertmanagerView(IntakeView):
    """Alertmanager's webhook, version 4: at most 1 MiB and 1,000 alerts a post."""

    kind = "alertmanager"


@extend_schema_view(post=intake_schema("intake_pagerduty"))
class PagerdutyView(IntakeView):
    """PagerDuty's Events API v2: trigger, acknowledge, resolve."""

    kind = "pagerduty"
