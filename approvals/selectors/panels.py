"""What other rooms show beside a request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from approvals.models import ApprovalRequest
from catalog.models import User


@dataclass(frozen=True)
class Panel:
    """Something that another room shows beside a request: a template, and `told`, its context."""

    template: str
    told: Any


Panels = Callable[[User, ApprovalRequest], list[Panel]]
_panels: dict[str, Panels] = {}


def panel_provider(prefix: str, fn: Panels) -> None:
    """Say what stands beside requests whose subject starts with `prefix` ("run/"): fn(reader, request) -> panels.

    They replace the request's own blast radius. They tell no more than the reader may see."""
    _panels[prefix] = fn


def panels_of(request: ApprovalRequest, reader: User) -> list[Panel]:
    """What other rooms show this reader beside the request; [] when none of them knows its subject."""
    providers = (fn for prefix, fn in _panels.items() if request.subject.startswith(prefix))
    return [panel for provider in providers for panel in provider(reader, request)]
