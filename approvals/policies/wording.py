"""What a policy says, in sentences that people read, and what differs between two of its versions. Pure."""

from collections.abc import Callable, Iterable

from approvals.policies.model import Allowed, Applies, Conflict, Escalation, Policy, Reason, Seat, Who
from catalog.states import Role, ServiceKind
from plumbing.durations import in_words

NOT_SAID = "nothing"
EVERYTHING = "everything that asks for consent"
CONFLICTS = {
    Conflict.AUTHOR: "the author of the runbook version",
    Conflict.REPORTING_LINE: "the requester's reporting line",
}
ALLOWED = {
    Allowed.CONDITIONS: "a yes with a condition",
    Allowed.BREAK_GLASS: "breaking the glass",
    Allowed.STANDING: "a yes in advance",
}
HOLDERS = {
    Who.OWNER: "the accountable owner of each touched service",
    Who.DEPUTY: "the deputy of the accountable owner",
    Who.MANAGER: "the manager of the accountable owner",
}


def holder(seat: Seat) -> str:
    """Whom a seat or an escalation means: "2 people who are approver in payments"."""
    if seat.who is Who.PERSON:
        return seat.person
    if seat.who is not Who.ROLE:
        return HOLDERS[seat.who]
    role = Role(seat.role).label.lower()
    where = f"in the team {seat.team}" if seat.team else "in the team of a touched service"
    article = "an" if role[0] in "aeiou" else "a"
    return f"{seat.count} people who are {role} {where}" if seat.count > 1 else f"{article} {role} {where}"


def scope(applies: Applies) -> str:
    """To what a policy applies."""
    kinds = (ServiceKind(kind).label.lower() if kind in ServiceKind.values else kind for kind in applies.kinds)
    told = [
        ("class", applies.classes),
        ("environment", applies.environments),
        ("action", applies.actions),
        ("a service of kind", kinds),
        ("a service of tier", map(str, applies.tiers)),
    ]
    said = [f"{name} {_either(values)}" for name, values in ((name, sorted(values)) for name, values in told) if values]
    return ", and ".join(said) or EVERYTHING


def _either(words: Iterable[str]) -> str:
    return " or ".join(words)


def _seats(policy: Policy) -> str:
    found = [holder(seat) for seat in policy.seats]
    if len(found) == 1:
        return found[0]
    return ", then ".join(found) if policy.in_turn else f"{', and '.join(found)}, in any order"


def _escalations(steps: Iterable[Escalation]) -> str:
    return "; ".join(f"after {in_words(step.after_s)} to {holder(step.to)}" for step in steps)


def _excluded(policy: Policy) -> str:
    always = "the requester, whoever carries it out, whoever shaped it"
    return ", ".join([always, *(CONFLICTS[conflict] for conflict in Conflict if conflict in policy.exclude)])


RULES: list[tuple[str, Callable[[Policy], str]]] = [
    ("Title", lambda policy: policy.title),
    ("Why", lambda policy: policy.why),
    ("In use", lambda policy: "yes" if policy.enabled else "no, it is switched off"),
    ("Applies to", lambda policy: scope(policy.applies)),
    ("Risk", lambda policy: policy.risk.value),
    ("Who decides", _seats),
    ("Who never decides", _excluded),
    ("Time to decide", lambda policy: in_words(policy.within_s) if policy.within_s else "as the step says"),
    ("Reminded", lambda policy: ", ".join(f"after {in_words(after_s)}" for after_s in policy.remind_s) or "never"),
    ("Escalated", lambda policy: _escalations(policy.escalate) or "to nobody"),
    ("Reason", lambda policy: "with every decision" if policy.reason is Reason.ALWAYS else "when it is rejected"),
    ("Typed confirmation", lambda policy: "yes" if policy.typed else "no"),
    ("Second factor", lambda policy: f"not older than {in_words(policy.factor_s)}" if policy.factor_s else "not asked"),
    ("A yes must be used within", lambda policy: in_words(policy.lasts_s)),
    ("A question holds the clock", lambda policy: f"once, for {in_words(policy.hold_s)}" if policy.hold_s else "never"),
    ("Allowed", lambda policy: ", ".join(ALLOWED[item] for item in Allowed if item in policy.allow) or "no exception"),
]


def in_plain_words(policy: Policy) -> list[tuple[str, str]]:
    """Everything that the policy says: (rule, what it says), in the order in which one asks."""
    return [(rule, said) for rule, say in RULES if (said := say(policy))]


def differences(old: Policy, new: Policy) -> list[str]:
    """What changed, a sentence each: "Time to decide was 15 min, is 10 min." Empty when only the text was rewritten."""
    found = [(rule, say(old) or NOT_SAID, say(new) or NOT_SAID) for rule, say in RULES]
    return [f"{rule} was {_quoted(rule, was)}, is {_quoted(rule, now)}." for rule, was, now in found if was != now]


def _quoted(rule: str, said: str) -> str:
    """Words of the author in quotes; ours as they are."""
    return f"“{said}”" if rule in ("Title", "Why") and said != NOT_SAID else said
