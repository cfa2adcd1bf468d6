"""A yes in advance: given by the accountable owner for one step of one version in a scope, for a counted number of uses."""

import datetime as dt

from approvals.models import ApprovalRequest
from approvals.policies.fitness import World
from approvals.selectors import Ruled


def apply(request: ApprovalRequest, ruled: Ruled, world: World, now: dt.datetime) -> None:
    """Fill the seats for which a yes in advance holds; where that fills all of them, the request is approved."""
