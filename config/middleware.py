"""Small rules for every answer."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class SignedInPagesAreNotStored:
    """What a signed-in person saw must not come back from a cache after they left."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response
