"""Several policies to one demand: never milder than any of them, in whatever order, and each rule with its source."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approvals.policies.model import Allowed, Policy, Reason, Seat, Who
from approvals.policies.strictest import STEP, Demand, in_sentences, strictest
from tests.approvals.worlds import many_policies

OFTEN = settings(max_examples=200, deadline=None)
steps_own = st.sampled_from([None, 30, 300, 900])


def rules(demand: Demand) -> dict[str, object]:
    """What is demanded, without where it came from; seats as a set, their order is that of the policies."""
    found = demand.as_json() | {"seats": frozenset(demand.seats)}
    return {name: value for name, value in found.items() if name not in ("policies", "sources")}


def counted(seat: Seat) -> tuple[str, ...]:
    return (seat.who, seat.role, seat.team, seat.person)


def is_milder(demand: Demand, policy: Policy) -> list[str]:
    """Rules in which the demand asks for less than the policy does."""
    most = {counted(seat): seat.count for seat in demand.seats}
    chain = {link.to: link.after_s for link in demand.escalate}
    kept = {
        "risk": demand.risk.rank >= policy.risk.rank,
        "seats": all(most.get(counted(seat), 0) >= seat.count for seat in policy.seats),
        "exclude": policy.exclude <= set(demand.exclude),
        "within": policy.within_s is None or (demand.within_s is not None and demand.within_s <= policy.within_s),
        "remind": set(policy.remind_s) <= set(demand.remind_s),
        "escalate": all(chain.get(link.to, link.after_s + 1) <= link.after_s for link in policy.escalate),
        "reason": demand.reason is Reason.ALWAYS or policy.reason is Reason.ON_REJECT,
        "typed": demand.typed or not policy.typed,
        "factor": policy.factor_s is None or (demand.factor_s is not None and demand.factor_s <= policy.factor_s),
        "in turn": demand.in_turn or not policy.in_turn,
        "lasts": demand.lasts_s <= policy.lasts_s,
        "hold": demand.hold_s <= policy.hold_s,
        "allow": set(demand.allow) <= policy.allow,
    }
    return [rule for rule, holds in kept.items() if not holds]


@OFTEN
@given(many_policies(), steps_own)
def test_it_is_never_milder_than_any_of_its_parts(policies, step_s):
    demand = strictest(policies, step_within_s=step_s)
    assert [is_milder(demand, policy) for policy in policies] == [[]] * len(policies)
    assert step_s is None or (demand.within_s is not None and demand.within_s <= step_s)


@OFTEN
@given(many_policies())
def test_it_asks_for_nothing_that_none_of_its_parts_asks_for(policies):
    demand = strictest(policies)
    links = {(link.to, link.after_s) for policy in policies for link in policy.escalate}
    assert set(demand.seats) <= {seat for policy in policies for seat in policy.seats}
    assert {(link.to, link.after_s) for link in demand.escalate} <= links
    assert demand.within_s in {policy.within_s for policy in policies}
    assert demand.factor_s in {policy.factor_s for policy in policies}
    assert demand.typed is any(policy.typed for policy in policies)


@OFTEN
@given(many_policies(), steps_own)
def test_the_order_of_the_policies_changes_no_rule(policies, step_s):
    demands = [strictest(order, step_within_s=step_s) for order in permutations(policies)]
    assert all(rules(demand) == rules(demands[0]) for demand in demands)


@OFTEN
@given(many_policies())
def test_a_policy_counted_twice_changes_no_rule(policies):
    assert rules(strictest([*policies, *policies])) == rules(strictest(policies))


@OFTEN
@given(many_policies(), steps_own)
def test_each_rule_names_the_policies_that_say_so(policies, step_s):
    demand = strictest(policies, step_within_s=step_s)
    by_name = {policy.name: policy for policy in policies}
    named = {rule: [by_name[name] for name in names if name != STEP] for rule, names in demand.sources.items()}
    for rule in ("risk", "reason", "lasts_s", "hold_s"):
        assert named[rule]
    for rule in ("risk", "reason", "lasts_s", "hold_s", "within_s", "typed", "factor_s", "in_turn"):
        assert all(getattr(policy, rule) == getattr(demand, rule) for policy in named.get(rule, []))
    for rule in ("seats", "exclude", "escalate", "remind_s"):
        said = {item for policy in named.get(rule, []) for item in getattr(policy, rule)}
        assert set(getattr(demand, rule)) <= said
    for rule, value in (("within_s", demand.within_s), ("factor_s", demand.factor_s)):
        assert (rule in demand.sources) is (value is not None)
    assert (STEP in demand.sources.get("within_s", ())) is (step_s is not None and step_s == demand.within_s)
    for item in Allowed:
        assert all(item not in policy.allow for policy in named.get(f"no {item}", []))
        assert (f"no {item}" in demand.sources) is (item not in demand.allow)


@OFTEN
@given(many_policies())
def test_everything_that_people_read_of_it_says_where_it_came_from(policies):
    demand = strictest(policies)
    kept = demand.as_json()
    for sentence, source in in_sentences(kept):
        assert sentence
        assert source or sentence.endswith(" is allowed")
        assert all(name in {policy.name for policy in policies} for name in source.split(", ") if name)


def test_no_policy_at_all_is_refused():
    with pytest.raises(ValueError, match="that of the house"):
        strictest([])


def test_the_largest_count_of_one_role_holds_and_another_team_is_another_seat():
    two, three = Seat(Who.ROLE, "approver", count=2), Seat(Who.ROLE, "approver", count=3)
    elsewhere = Seat(Who.ROLE, "approver", "pay")
    parts = [Policy("a", "A", seats=(two,)), Policy("b", "B", seats=(three, elsewhere)), Policy("c", "C", seats=(two,))]
    demand = strictest(parts)
    assert demand.seats == (three, elsewhere)
    assert demand.sources["seats"] == ("b v1",)
