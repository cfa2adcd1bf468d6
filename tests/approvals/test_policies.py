"""Policies as people write them: each mistake is told with its line, its field and what would be right."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approvals.errors import PolicyRefused
from approvals.policies.model import (
    Allowed,
    Applies,
    Conflict,
    Escalation,
    Facts,
    Policy,
    Reason,
    Risk,
    Seat,
    Who,
    applies_to,
)
from approvals.policies.reading import LONGEST_TEXT, MOST_PEOPLE, read_policy
from approvals.policies.shipped import HOUSE, shipped, texts
from approvals.policies.strictest import strictest
from catalog.states import Role

HEAD = "policy: p\ntitle: P\n"
WHOLE = """\
policy: restart-critical
title: Restart of a critical system
why: |
  It takes down what still works.
  Someone awake decides.
applies: {classes: [restart], environments: [production], actions: [script], kinds: [database], tiers: [1, 2]}
risk: high
seats:
  - {who: owner}
  - {who: role, role: approver, team: payments, count: 2}
  - {who: person, person: ada}
exclude: [author, reporting-line]
within: 15m
remind: [10m, 3m]
escalate:
  - {after: 10m, to: {who: role, role: commander}}
  - {after: 5m, to: deputy}
reason: always
typed: true
factor: 5m
order: in-turn
lasts: 30m
hold: 90s
allow: [conditions, break-glass, standing]
enabled: false
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(PolicyRefused) as refused:
        read_policy(text, file="p.yaml")
    assert str(refused.value) == "\n".join(refused.value.problems)
    return refused.value.problems


def test_everything_that_can_be_said_is_read():
    found = read_policy(WHOLE, number=3)
    assert found == Policy(
        slug="restart-critical",
        title="Restart of a critical system",
        number=3,
        digest=found.digest,
        why="It takes down what still works.\nSomeone awake decides.\n",
        applies=Applies(
            classes=frozenset({"restart"}),
            environments=frozenset({"production"}),
            actions=frozenset({"script"}),
            kinds=frozenset({"database"}),
            tiers=frozenset({1, 2}),
        ),
        risk=Risk.HIGH,
        seats=(Seat(Who.OWNER), Seat(Who.ROLE, "approver", "payments", count=2), Seat(Who.PERSON, person="ada")),
        exclude=frozenset(Conflict),
        within_s=900,
        remind_s=(180, 600),
        escalate=(Escalation(300, Seat(Who.DEPUTY)), Escalation(600, Seat(Who.ROLE, "commander"))),
        reason=Reason.ALWAYS,
        typed=True,
        factor_s=300,
        in_turn=True,
        lasts_s=1800,
        hold_s=90,
        allow=frozenset(Allowed),
        enabled=False,
    )
    assert found.name == "restart-critical v3"


def test_what_is_not_said_is_what_the_model_takes_for_granted():
    assert read_policy(HEAD) == Policy("p", "P", digest=read_policy(HEAD).digest)


def test_nothing_is_said_by_none_and_by_an_empty_field():
    found = read_policy(HEAD + "within: none\nfactor: none\nhold: none\nrisk:\nwhy:\nseats: [owner]\nremind: []\n")
    assert found == Policy("p", "P", digest=found.digest)


def test_the_digest_is_that_of_the_text_and_changes_with_a_space():
    assert read_policy(HEAD).digest != read_policy(HEAD + " ").digest
    assert len(read_policy(HEAD).digest) == 64


@pytest.mark.parametrize(
    ("wrong", "line", "field", "right"),
    [
        ("policy: Restart!\ntitle: P", 1, "policy", "a-z, 0-9 and -"),
        ("title: P", 1, "policy", "a-z, 0-9 and -"),
        ("policy: p", 1, "title", "Say in a line"),
        ('policy: p\ntitle: "one\\ntwo"', 2, "title", "Say in a line"),
        ("policy: p\ntitle: [P]", 2, "title", "a text of at most 120 characters"),
        (f"policy: p\ntitle: {'x' * 121}", 2, "title", "a text of at most 120 characters"),
        (HEAD + "\nwithn: 5m", 4, "withn", "Did you mean `within`?"),
        (HEAD + "colour: red", 3, "colour", "Known: policy, title"),
        (HEAD + "risk: severe", 3, "risk", "Found 'severe', expected one of: low, medium, high"),
        (HEAD + "risk: [low]", 3, "risk", "Found a list, expected one of"),
        (HEAD + "applies: production", 3, "applies", "Expected fields: classes"),
        (HEAD + "applies:\n  class: [x]", 4, "applies.class", "Did you mean `classes`?"),
        (HEAD + "applies: {classes: restart}", 3, "applies.classes", "Found 'restart', expected a list such as [a, b]"),
        (HEAD + "applies: {classes: [{a: b}]}", 3, "applies.classes", "Found fields, expected a name"),
        (HEAD + "applies: {actions: [~]}", 3, "applies.actions", "Found nothing, expected a name"),
        (HEAD + 'applies: {environments: [""]}', 3, "applies.environments", "Found '', expected a name"),
        (HEAD + "applies:\n  tiers:\n    - 1\n    - 5", 6, "applies.tiers", "Found '5'. Known: 1, 2, 3, 4."),
        (HEAD + "applies: {kinds: [databse]}", 3, "applies.kinds", "Did you mean `database`?"),
        (HEAD + "seats: []", 3, "seats", "name a seat, such as {who: owner}"),
        (HEAD + "seats: owner", 3, "seats", "expected a list"),
        (HEAD + "seats: [[owner]]", 3, "seats", "Expected fields such as {who: role, role: approver}"),
        (HEAD + "seats: [deputy]", 3, "seats.who", "Found 'deputy', expected one of: owner, role, person"),
        (HEAD + "seats:\n  - owner\n  - {who: role}", 5, "seats.role", f"Expected one of: {', '.join(Role.values)}"),
        (HEAD + "seats: [{who: role, role: boss}]", 3, "seats.role", "Expected one of"),
        (HEAD + "seats: [{who: person}]", 3, "seats.person", "Name the person, by user name"),
        (HEAD + "seats: [{who: owner, role: approver}]", 3, "seats.role", "Only {who: role} has a role and a team"),
        (
            HEAD + "seats: [{who: person, person: a, team: t}]",
            3,
            "seats.team",
            "Only {who: role} has a role and a team",
        ),
        (HEAD + "seats: [{who: owner, person: ada}]", 3, "seats.person", "Only {who: person} names one"),
        (HEAD + "seats: [{who: owner, count: 2}]", 3, "seats.count", "Only a role can have more than one"),
        (HEAD + "seats: [{who: role, role: approver, count: 0}]", 3, "seats.count", f"Expected 1 to {MOST_PEOPLE}"),
        (HEAD + "seats: [{who: role, role: approver, count: 21}]", 3, "seats.count", f"Expected 1 to {MOST_PEOPLE}"),
        (HEAD + "seats: [{who: role, role: approver, count: two}]", 3, "seats.count", f"Expected 1 to {MOST_PEOPLE}"),
        (HEAD + "seats: [{who: owner, servce: x}]", 3, "seats.servce", "There is no such field"),
        (HEAD + "exclude: author", 3, "exclude", "expected a list"),
        (HEAD + "exclude: [requester]", 3, "exclude", "expected one of: author, reporting-line"),
        (HEAD + "within: soon", 3, "within", "expected a length of time such as 30s, 5m or 1h"),
        (HEAD + "within: 60", 3, "within", "expected a length of time such as 30s, 5m or 1h"),
        (HEAD + "within: -5m", 3, "within", "expected a length of time"),
        (HEAD + "within: 31d", 3, "within", "expected 0 to 30 days"),
        (HEAD + "within: 0s", 3, "within", "Expected a second at least"),
        (HEAD + "within: 250ms", 3, "within", "Expected a second at least"),
        (HEAD + "lasts: 0s", 3, "lasts", "Expected a second at least"),
        (HEAD + "lasts: none", 3, "lasts", "A yes always ends"),
        (HEAD + "factor: 0s", 3, "factor", "Expected a second at least"),
        (HEAD + "remind: [0s]", 3, "remind", "Expected a second at least"),
        (HEAD + "remind: 5m", 3, "remind", "expected a list"),
        (HEAD + "within: 5m\nremind:\n  - 5m", 4, "remind", "the time to decide (within) is over already"),
        (HEAD + "escalate: [{after: 0s, to: deputy}]", 3, "escalate", "Expected a second at least"),
        (HEAD + "within: 5m\nescalate: [{after: 6m, to: deputy}]", 4, "escalate", "(within) is over already"),
        (HEAD + "escalate: [deputy]", 3, "escalate", "Expected {after: 5m, to: deputy}"),
        (HEAD + "escalate: [{after: 5m}]", 3, "escalate", "Expected {after: 5m, to: deputy}"),
        (HEAD + "escalate: [{after: x, to: deputy}]", 3, "escalate.after", "expected a length of time"),
        (HEAD + "escalate: [{after: 5m, to: owner}]", 3, "escalate.to.who", "expected one of: deputy, manager"),
        (HEAD + "escalate: [{after: 5m, to: deputy, by: x}]", 3, "escalate.by", "There is no such field"),
        (
            HEAD + "escalate: [{after: 5m, to: {who: role, role: approver, count: 2}}]",
            *(3, "escalate.to.count", "All of them are asked"),
        ),
        (HEAD + "reason: never", 3, "reason", "expected one of: on-reject, always"),
        (HEAD + "typed: yes", 3, "typed", "Found 'yes', expected true or false"),
        (HEAD + "enabled: {}", 3, "enabled", "Found fields, expected true or false"),
        (HEAD + "order: sequential", 3, "order", "expected together or in-turn"),
        (HEAD + "allow: [everything]", 3, "allow", "expected one of: conditions, break-glass, standing"),
    ],
)
def test_a_mistake_is_told_with_its_line_its_field_and_what_would_be_right(wrong, line, field, right):
    found = [problem for problem in problems_of(wrong) if problem.startswith(f"p.yaml, line {line}, {field}: ")]
    assert any(right in problem for problem in found), problems_of(wrong)


def test_all_mistakes_are_told_at_once():
    found = problems_of("policy: P\ntitle:\nrisk: severe\nseats: []\nwithin: soon\nextra: 1\n")
    assert [problem.split(", ")[2].split(":")[0] for problem in found] == [
        *("extra", "policy", "title", "risk", "seats", "within")
    ]


@pytest.mark.parametrize(
    ("hostile", "why"),
    [
        ("", "Expected one table of fields"),
        ("- a\n- b", "Expected one table of fields"),
        ("just words", "Expected one table of fields"),
        (HEAD + "---\n" + HEAD, "Expected one table of fields"),
        (HEAD + "seats: &a [owner]\nallow: *a", "line 4: it uses the alias *a; write the value out"),
        (HEAD + "x: !!python/object/apply:os.system [id]", "There is no such field"),
        (HEAD + "why: " + "[" * 50 + "]" * 50, "nested more than"),
        (HEAD + "title: Q", "the key 'title' stands in line 2 already"),
        (HEAD + "seats: [owner", "it isn't YAML"),
        (HEAD + "\twhy: x", "it isn't YAML"),
        (HEAD + "[a]: b", "a key must be text"),
        (HEAD + "why: a\x00b", "it isn't YAML"),
        (HEAD + 'why: "a\\0b"', "a character that nobody sees: '\\x00'"),
        ('policy: p\ntitle: "safe\\u202Eliave"', "a character that nobody sees: '\\u202e'"),
        (HEAD + 'applies: {classes: ["a\\u0007"]}', "expected a name"),
        (HEAD + "why: \ud800", "p.yaml, line 3: It has a character that is no text: '\\ud800'"),
        (HEAD + "why: " + "x" * LONGEST_TEXT, f"the limit is {LONGEST_TEXT:,}"),
    ],
)
def test_a_hostile_text_is_refused_like_any_other(hostile, why):
    found = problems_of(hostile)
    assert any(why in problem for problem in found), found
    assert all(problem.startswith("p.yaml") for problem in found)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300) | st.lists(st.sampled_from([*WHOLE.splitlines(), "- x", "?", "{", "a: b"])).map("\n".join))
def test_any_text_is_a_policy_or_refused(text):
    try:
        assert isinstance(read_policy(text), Policy)
    except PolicyRefused as refused:
        assert refused.problems and all(refused.problems)


@given(st.integers(0, WHOLE.count("\n") - 1), st.sampled_from(["", "{", "]", ": x", "\n  - 7", " [~]"]))
@settings(max_examples=200, deadline=None)
def test_a_line_spoilt_is_still_a_policy_or_refused_with_a_line(number, spoil):
    lines = WHOLE.splitlines()
    lines[number] = lines[number] + spoil if spoil else ""
    try:
        read_policy("\n".join(lines), file="p.yaml")
    except PolicyRefused as refused:
        assert all(problem.startswith("p.yaml, line ") for problem in refused.problems)


# Those that come with Muster


def test_the_house_and_the_eight_classes_come_with_it():
    assert sorted(shipped()) == [
        *("communication", "config-toggle", "degrade-service", "filing"),
        *("firewall-egress", "house", "release-rollback", "restart-critical", "schema-restore"),
    ]
    for slug, policy in shipped().items():
        assert (policy.slug, policy.number, policy.enabled) == (slug, 1, True)
        assert policy.why, "a policy says why it is there"
        assert policy == read_policy(texts()[slug])


def test_the_house_applies_to_everything_and_each_class_to_itself_alone():
    for class_ in ("", "restart-critical", "something-else"):
        found = {slug for slug, policy in shipped().items() if applies_to(policy, Facts(class_=class_))}
        assert found == {HOUSE, class_} & shipped().keys()


@pytest.mark.parametrize("slug", sorted(shipped().keys() - {HOUSE}))
def test_every_class_that_ships_asks_the_owner_in_time_and_knows_who_is_next(slug):
    demand = strictest([shipped()[HOUSE], shipped()[slug]])
    assert Seat(Who.OWNER) in demand.seats
    assert demand.within_s is not None and demand.remind_s and demand.escalate
    assert all(moment < demand.within_s for moment in (*demand.remind_s, demand.escalate[0].after_s))
    assert Allowed.BREAK_GLASS in demand.allow
    if demand.risk is Risk.HIGH:
        assert demand.reason is Reason.ALWAYS and demand.factor_s is not None
        assert Conflict.AUTHOR in demand.exclude
    else:
        assert demand.risk is Risk.MEDIUM


def test_what_cannot_be_taken_back_is_never_approved_in_advance():
    never = {slug for slug, policy in shipped().items() if Allowed.STANDING not in policy.allow}
    assert never == {"communication", "filing", "firewall-egress", "schema-restore"}


@pytest.mark.parametrize(
    ("applies", "facts", "holds"),
    [
        ("{}", Facts(), True),
        ("{classes: [a, b]}", Facts(class_="b"), True),
        ("{classes: [a]}", Facts(class_=""), False),
        ("{environments: [production]}", Facts(environment="test"), False),
        ("{actions: [script]}", Facts(action="script"), True),
        ("{tiers: [1]}", Facts(tiers=frozenset({1, 3})), True),
        ("{tiers: [1]}", Facts(tiers=frozenset({2})), False),
        ("{kinds: [database]}", Facts(kinds=frozenset({"database"})), True),
        ("{kinds: [database], tiers: [1]}", Facts(kinds=frozenset({"database"}), tiers=frozenset({2})), False),
    ],
)
def test_a_policy_applies_where_every_list_of_it_names_the_fact(applies, facts, holds):
    assert applies_to(read_policy(f"{HEAD}applies: {applies}\n"), facts) is holds
    assert not applies_to(read_policy(f"{HEAD}applies: {applies}\nenabled: false\n"), facts)
