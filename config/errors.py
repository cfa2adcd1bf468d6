"""One table: how a domain error is answered, on pages and in the API."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from rest_framework.response import Response
from rest_framework.views import exception_handler

from plumbing.errors import MusterError


def as_json(error: MusterError) -> dict[str, Any]:
    """`{"code", "detail"}`, and `problems` where the error carries a list of them."""
    body: dict[str, Any] = {"code": error.code, "detail": str(error)}
    if problems := getattr(error, "problems", None):
        body["problems"] = [getattr(problem, "as_json", lambda p=problem: str(p))() for problem in problems]
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
