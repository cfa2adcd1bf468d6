"""One table: how a domain error is answered, on pages and in the API."""

import logging
import sys
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from rest_framework.response import Response
from rest_framework.views import exception_handler

from plumbing.errors import MusterError

log = logging.getLogger(__name__)
AWAY = (OperationalError, InterfaceError)  # the database restarts, or cut us off: nothing was stored
COME_AGAIN_S = 3


def as_json(error: MusterError) -> dict[str, Any]:
    """`{"code", "detail"}`, with `problems` where the error carries a list of them, and `href` where to go about it."""
    body: dict[str, Any] = {"code": error.code, "detail": str(error)}
    if problems := getattr(error, "problems", None):
        body["problems"] = [getattr(problem, "as_json", lambda p=problem: str(p))() for problem in problems]
    if error.href:
        body["href"] = error.href
    return body


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: ours first, then DRF's own."""
    if isinstance(error, MusterError):
        return Response(as_json(error), status=error.status)
    return exception_handler(error, context)


def _came_from(request: HttpRequest) -> str:
    """The page of ours that the reader was on; never another site's, which may have sent them here."""
    page = request.headers.get("Referer", "")
    here = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if here else "/"


class DomainErrorMiddleware:
    """Answers a MusterError that a view let through: a fragment for htmx, JSON for the API, else a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, MusterError):
            return None
        if request.path.startswith("/api/"):
            return JsonResponse(as_json(error), status=error.status)
        context = {"error": error, "back": _came_from(request)}
        if not getattr(request, "htmx", False):
            return render(request, "errors/refused.html", context, status=error.status)
        response = render(request, "errors/_refused.html", context, status=error.status)
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#refusal", "innerHTML"
        return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: called for whatever nobody caught. A database that is away is a 503 that says when to come
    again; the rest is a 500."""
    if not isinstance(sys.exc_info()[1], AWAY):
        return HttpResponse(render_to_string("500.html"), status=500)  # no context: that may be what broke
    log.warning("Answered 503, the database is away: %s", sys.exc_info()[1])
    headers = {"Retry-After": str(COME_AGAIN_S)}
    if request.path.startswith("/api/"):
        body = {"code": "database_away", "detail": "The database is away. Nothing was stored; ask again."}
        return JsonResponse(body, status=503, headers=headers)
    return HttpResponse(render_to_string("503.html"), status=503, headers=headers)
