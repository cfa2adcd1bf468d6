"""Requests of somebody who is signed in: what pages and API of every room get behind `login_required`.

Words for the type checker and for the reader; the middleware and the decorator do the work.
"""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails
from rest_framework.request import Request

from catalog.models import User

PAGE = 50  # rows of a list; “Show more” adds as many
MOST_ROWS = 10_000


class SignedIn(HttpRequest):
    """The request of a page behind `login_required`, with what the htmx middleware says about it."""

    user: User
    htmx: HtmxDetails


def caller(request: Request) -> User:
    """Who calls the API. IsAuthenticated, the default permission, has let nobody else in."""
    return cast(User, request.user)


def after_post(request: SignedIn, own_page: str, where: str = "") -> HttpResponse:
    """The answer after an act that worked: back to `where` it was done, else to the thing's own page.

    With htmx elsewhere than on that page (a room that lives) nothing is swapped: the dialog closes, the bell brings
    what changed. An address of another site is never followed."""
    if request.htmx and request.htmx.current_url_abs_path != own_page:
        return HttpResponse(status=204, headers={"HX-Trigger": "done"})
    where = where if leads_here(request, where) else own_page
    return HttpResponse(headers={"HX-Redirect": where}) if request.htmx else redirect(where)


def leads_here(request: HttpRequest, where: str) -> bool:
    """Whether an address is one of ours."""
    return url_has_allowed_host_and_scheme(where, {request.get_host()}, require_https=request.is_secure())


def next_page(request: HttpRequest, otherwise: str) -> str:
    """Where a form said that it leads, if that is one of ours; else `otherwise`."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    return asked if leads_here(request, asked) else otherwise


def rows_wanted(request: SignedIn) -> int:
    """How many rows of a list the reader has asked for by “Show more”."""
    asked = request.GET.get("shown", "")
    return max(PAGE, min(int(asked), MOST_ROWS)) if asked.isdecimal() and len(asked) < 6 else PAGE


def show_more_url(request: SignedIn, shown: int) -> str:
    """The address of the same list with more rows than the `shown` ones."""
    query = request.GET.copy()
    query["shown"] = str(shown + PAGE)
    return f"?{query.urlencode()}"
