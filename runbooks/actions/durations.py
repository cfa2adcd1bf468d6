"""Lengths of time as authors write them: 250ms, 30s, 5m, 1h, or a number of seconds."""

import re
from typing import Any

from runbooks.errors import BadConfig

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
LONGEST_S = 7 * 24 * 3600.0


def seconds(action: str, name: str, value: Any) -> float:
    """The length in seconds. Raises BadConfig for anything else, and beyond seven days."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = float(value)
    elif isinstance(value, str) and (match := DURATION.fullmatch(value.strip())):
        found = float(match[1]) * UNITS[match[2]]
    else:
        raise BadConfig(action, name, f"found {value!r}, expected a length of time such as 30s, 5m or 1h")
    if not 0 <= found <= LONGEST_S:
        raise BadConfig(action, name, f"found {value!r}, expected 0 to 7 days")
    return found
