"""Sight beyond the gates: somebody from outside the teams, let in to some streams for some time."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q

Grant = Callable[[Any, str], Q | None]  # (user, right) -> which Stream rows besides those of the gates

_grants: list[Grant] = []


def register_grant(grant: Grant) -> None:
    """Let a room open streams to people who belong to no team; from `apps.py: ready()`.

    grant: (user, right) -> Q over audit.models.Stream, or None for whoever it doesn't concern."""
    if grant not in _grants:
        _grants.append(grant)


def granted(user: Any, may: str) -> list[Q]:
    """What the registered rooms open to `user` besides."""
    return [found for grant in _grants if (found := grant(user, may)) is not None]
