"""What the doors of this API read from a request: who asks, and what they say."""

from typing import Any, cast

from rest_framework.request import Request
from rest_framework.serializers import Serializer

from audit.ledger import Actor


def actor_of(request: Request) -> Actor:
    """Whoever is signed in, as the ledger names them."""
    return cast(Actor, request.user)


def body(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """What the body says, by field. Raises ValidationError."""
    form = shape(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)
