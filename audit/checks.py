"""System check: the database keeps the ledger append-only. Runs in migrate and in `check --database default`."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Warning
from django.db import connections

from audit import guards

HINT = "Run `manage.py guard_ledger`, then `manage.py verify_ledger`."


def ledger_is_guarded(app_configs: Any = None, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """One message per guard that is missing or disabled (error) or not as this release writes it (warning)."""
    messages: list[CheckMessage] = []
    for problem in (problem for using in databases or [] for problem in guards.problems(connections[using])):
        if problem.endswith("altered"):  # migrate must be able to bring a new release's guards
            messages.append(Warning(f"The ledger's {problem}.", hint=HINT, id="audit.W001"))
        else:
            messages.append(Error(f"The ledger's {problem}.", hint=HINT, id="audit.E001"))
    return messages
