"""Actions as a worker performs them, and an operator's toolbox."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plumbing.secrets import watched
from runbooks import actions
from runbooks.actions.base import Again, Context, Outcome

NOW = dt.datetime(2026, 11, 21, 3, 0, tzinfo=dt.UTC)


@pytest.fixture
def toolbox(settings: Any, tmp_path: Path) -> Callable[[str], None]:
    """toolbox(text): this is what the operator allows from now on."""
    path = tmp_path / "toolbox.toml"
    settings.TOOLBOX_FILE, settings.EGRESS_ALLOW = str(path), ["127.0.0.1"]
    return lambda text: path.write_text(text) and None


def perform(kind: str, given: dict[str, Any], **context: Any) -> Outcome:
    """What a worker gets: parsed, performed, secrets only while it lasts."""
    action = actions.get(kind)
    with watched():
        return action.perform(
            action.parse(given), Context(**{"idempotency_key": "r/s/1", "now": NOW, "deadline_s": 10.0, **context})
        )


def play(
    given: dict[str, Any], *, before: dict[int, Callable[[], None]] | None = None, most: int = 50
) -> tuple[list[float], Outcome]:
    """Perform a probe to its end as the engine would, without waiting: (times of the calls, the end).

    before: what happens before the n-th call."""
    times, waited_s, memo = [], 0.0, {}
    for call in range(most):
        (before or {}).get(call, lambda: None)()
        times.append(waited_s)
        outcome = perform("probe", given, waited_s=waited_s, memo=memo)
        if not isinstance(outcome, Again):
            return times, outcome
        waited_s, memo = waited_s + outcome.after_s, outcome.memo
    raise AssertionError(f"the probe didn't end within {most} calls")
