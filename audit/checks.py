"""System checks: the database keeps the ledger append-only (`check --database default`), and a key signs it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections

from audit import guards, keys
from audit.errors import NoLogKey
from audit.packs.errors import BadCertificate
from audit.packs.organisation import organisation

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


def log_key_is_given(app_configs: Any = None, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """In production the key that signs checkpoints must be given, not made (`check --deploy`)."""
    try:
        if settings.PRODUCTION and not settings.SIGNER:
            keys.log_key()
    except NoLogKey as error:
        return [Error(str(error), hint="Name its file in MUSTER_LEDGER_KEY.", id="audit.E002")]
    return []


def organisation_can_sign(
    app_configs: Any = None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """A certificate that is named must be usable, or no pack could be made (`check --deploy`)."""
    try:
        organisation()
    except BadCertificate as error:
        return [Error(str(error), hint="See docs/how-to/sign-as-an-organisation.md.", id="audit.E003")]
    return []
