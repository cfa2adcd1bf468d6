"""The names that exist outside of a definition."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """The names that a definition may use: kinds of actions, incident roles, services, users, resources, runbooks."""

    actions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    runbooks: frozenset[str] = frozenset()
