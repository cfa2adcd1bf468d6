"""Lengths of time in the configuration of an action."""

from typing import Any

from plumbing.durations import duration_s
from runbooks.errors import BadConfig


def seconds(action: str, name: str, value: Any) -> float:
    """The length in seconds. Raises BadConfig for anything but a length of time of at most seven days."""
    try:
        return duration_s(value)
    except ValueError as error:
        raise BadConfig(action, name, str(error)) from None
