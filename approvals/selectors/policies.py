"""Which policies are in force, which of them apply to an act, and what they demand together."""

from dataclasses import dataclass

from django.db.models import QuerySet

from approvals.models import PolicyVersion
from approvals.policies.binding import Act, bound_text, digest_of
from approvals.policies.model import Facts, Policy, applies_to
from approvals.policies.reading import read_policy
from approvals.policies.shipped import HOUSE, shipped
from approvals.policies.strictest import Demand, strictest
from approvals.states import PolicyState
from catalog.models import Service

# A step names a class that no policy knows: nobody has said how risky it is, so it is held for risky.
UNKNOWN_CLASS = read_policy("""
policy: unknown-class
title: A class that no policy in force names
risk: high
reason: always
factor: 5m
lasts: 1h
hold: 10m
allow: [conditions, break-glass]
""")


@dataclass(frozen=True)
class Ruled:
    """An act with the policies that apply to it: what they demand, and the text and digest that consent is bound to."""

    act: Act
    services: tuple[Service, ...]
    policies: tuple[Policy, ...]
    demand: Demand
    binds: str

    @property
    def digest(self) -> str:
        return digest_of(self.binds)


def in_force() -> dict[str, Policy]:
    """slug -> the version in force: what people put in force, else what comes with Muster."""
    changed = PolicyVersion.objects.filter(state=PolicyState.IN_FORCE)
    return shipped() | {row.slug: policy_of(row) for row in changed}


def policy_of(row: PolicyVersion) -> Policy:
    """The version as rules read it. Raises PolicyRefused when its text was damaged."""
    return read_policy(row.text, number=row.number, file=f"{row.slug} v{row.number}")


def versions_of(slug: str) -> QuerySet[PolicyVersion]:
    """What people wrote of this policy, newest first. Version 1 of a shipped one is not among them."""
    return PolicyVersion.objects.filter(slug=slug).select_related("author", "decider").order_by("-number")


def ruled(act: Act) -> Ruled:
    """The act under the policies of this moment. The house's own always applies, first of all."""
    services = tuple(Service.objects.filter(slug__in=act.services).select_related("owner", "deputy", "team"))
    facts = Facts(
        action=act.action,
        environment=act.environment,
        class_=act.class_,
        tiers=frozenset(service.tier for service in services),
        kinds=frozenset(service.kind for service in services),
    )
    policies = in_force()
    house = policies.pop(HOUSE)
    found = (house, *(policies[slug] for slug in sorted(policies) if applies_to(policies[slug], facts)))
    if act.class_ and not any(act.class_ in policy.applies.classes for policy in found):
        found = (*found, UNKNOWN_CLASS)
    return Ruled(act, services, found, strictest(found, step_within_s=act.within_s), bound_text(act, found))


def classes() -> dict[str, list[str]]:
    """Every class of acts that a policy in force names -> the policies that do."""
    found: dict[str, list[str]] = {}
    for policy in in_force().values():
        for class_ in policy.applies.classes if policy.enabled else ():
            found.setdefault(class_, []).append(policy.title)
    return dict(sorted(found.items()))
