"""Asking, deciding, voiding, using: every rule of approvals, each in one transaction with its ledger entry."""

from approvals.policies.binding import Act, digest_of
from approvals.services.asking import ask
from approvals.services.deciding import Factor, Said, cover, decide, decide_alike
from approvals.services.delegating import delegate, end_delegation
from approvals.services.discussing import answer, ask_question, confirm, may_answer
from approvals.services.emergencies import (
    FRESH_S,
    break_glass,
    decide_review,
    review_of,
    why_not_break,
    why_not_review,
)
from approvals.services.outside import PREFIX, act_from_outside, request_from_outside, use_from_outside
from approvals.services.ruling import decide_policy, may_rule, propose
from approvals.services.settling import CHANGED, NOTHING_WAITS, already_settled, binding_provider, void
from approvals.services.standing import end_standing, give_standing, why_no_standing
from approvals.services.using import use
from approvals.services.withdrawing import why_not_withdraw, withdraw

__all__ = [
    "CHANGED", "FRESH_S", "NOTHING_WAITS", "PREFIX", "Act", "Factor", "Said", "act_from_outside", "already_settled",
    "answer", "ask", "ask_question", "binding_provider", "break_glass", "confirm", "cover", "decide", "decide_alike",
    "decide_policy", "decide_review", "delegate", "digest_of", "end_delegation", "end_standing", "give_standing",
    "may_answer", "may_rule", "propose", "request_from_outside", "review_of", "use", "use_from_outside", "void",
    "why_no_standing", "why_not_break", "why_not_review", "why_not_withdraw", "withdraw",
]  # fmt: skip
