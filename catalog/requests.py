"""Requests of somebody who is signed in: what pages and API of every room get behind `login_required`.

Words for the type checker and for the reader; the middleware and the decorator do the work.
"""

from typing import cast

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails
from rest_framework.request import Request

from catalog.models import User


class SignedIn(HttpRequest):
    """The request of a page behind `login_required`, with what the htmx middleware says about it."""

    user: User
    htmx: HtmxDetails


def caller(request: Request) -> User:
    """Who calls the API. IsAuthenticated, the default permission, has let nobody else in."""
    return cast(User, request.user)
