"""What consent is bound to: the act with everything filled in, the touched services, the policies in force. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from approvals.policies.model import Policy
from audit.canonical import canon, tidy


@dataclass(frozen=True)
class Act:
    """What would be done, as the room that does it tells.

    text: canonical JSON of an object: action, resolved inputs, targets, environment, version, step. services: slugs of
    what it touches. class_: what the step declares. inputs: resolved values by name, for a yes in advance.
    values: what a condition's expression may look at. within_s: the time that the step itself gives."""

    text: str
    services: tuple[str, ...] = ()
    action: str = ""
    environment: str = ""
    class_: str = ""
    runbook: str = ""
    version: str = ""
    step: str = ""
    incident_class: str = ""
    within_s: int | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of the act alone, without services and policies."""
        return digest_of(self.text)

    def as_facts(self) -> dict[str, str]:
        """What a request keeps of it beside the bound text. act: digest of the act alone."""
        names = ("action", "environment", "class_", "runbook", "version", "step", "incident_class")
        return {name.rstrip("_"): getattr(self, name) for name in names} | {"act": self.digest}


def bound_text(act: Act, policies: Sequence[Policy]) -> str:
    """Canonical JSON of the act, its services and the policies, by slug, number and digest of their text."""
    found = json.loads(act.text)
    whole = found if isinstance(found, dict) else {"act": found}
    whole |= {
        "policies": [[policy.name, policy.digest] for policy in policies],
        "services": sorted(act.services),
    }
    return canon(tidy(whole)).decode()


def digest_of(binds: str) -> str:
    """SHA-256 of the text in UTF-8, 64 hex digits."""
    return hashlib.sha256(binds.encode()).hexdigest()


def plain(value: Any) -> Any:
    """The value in the words of canonical JSON: fractions as decimal text, objects as sorted pairs (keys are free)."""
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return {"decimal": repr(value)}  # so that 1.5 and "1.5" are two things
        case Mapping():
            return {"pairs": [[str(key), plain(item)] for key, item in sorted(value.items())]}
        case list() | tuple():
            return [plain(item) for item in value]
    return str(value)
