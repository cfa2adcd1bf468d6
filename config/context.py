"""What the shell around every page shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from approvals.selectors import waiting_for
from incidents.selectors.incidents import open_for


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context `shell`: whether this is a demo; counts of open incidents and of decisions that wait for the reader."""
    shown = {"demo": settings.DEMO, "open_incidents": 0, "my_approvals": 0}
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated and not getattr(request, "htmx", False):
        shown |= {"open_incidents": open_for(user).count(), "my_approvals": waiting_for(user).count()}
    return {"shell": shown}
