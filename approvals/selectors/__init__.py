"""Reads of approvals."""

from approvals.selectors.binding import between, bound_facts, differences, facts_in, in_words
from approvals.selectors.deciding import (
    agreed,
    basis_of,
    chairs,
    part_to_cover,
    parts_to_cover,
    position_of,
    turn_of,
    unconfirmed,
    unfilled,
    wanted,
    wanted_of,
    why_not,
    world_of,
)
from approvals.selectors.panels import Panel, panel_provider, panels_of
from approvals.selectors.people import (
    Coming,
    PersonAsked,
    SeatView,
    coming,
    open_reviews,
    people_of,
    reviews_for,
    standing_of,
)
from approvals.selectors.policies import Ruled, classes, in_force, policy_of, ruled, versions_of
from approvals.selectors.requests import (
    alike,
    asked_by,
    before,
    decided_by,
    decision_of,
    i_can_cover,
    latest_of,
    pending_of,
    radius_of,
    users_of,
    visible_to,
    waiting_for,
)
from approvals.selectors.world import world_at

__all__ = [
    "Coming", "Panel", "PersonAsked", "Ruled", "SeatView", "agreed", "alike", "asked_by", "basis_of", "before",
    "between", "bound_facts", "chairs", "classes", "coming", "decided_by", "decision_of", "differences", "facts_in",
    "i_can_cover", "in_force", "in_words", "latest_of", "open_reviews", "panel_provider", "panels_of",
    "part_to_cover", "parts_to_cover", "pending_of", "people_of", "policy_of", "position_of", "radius_of",
    "reviews_for", "ruled", "standing_of", "turn_of", "unconfirmed", "unfilled", "users_of", "versions_of",
    "visible_to", "waiting_for", "wanted", "wanted_of", "why_not", "world_at", "world_of",
]  # fmt: skip
