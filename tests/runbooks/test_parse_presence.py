"""An output that may be missing when it is needed is refused, unless somebody asks first whether it is there."""

import pytest

from runbooks.definitions import DefinitionError, parse
from runbooks.definitions.presence import Presence

GET = "action: http, with: {url: http://x}"
USE = "{url: 'http://x/{{ steps.a.output.text }}'}"


def refused(*steps: str, head: str = "model: adaptive") -> str:
    """What is wrong with this runbook; "" when nothing is."""
    try:
        parse(
            "\n".join(["name: r", "title: R", head, "steps:", *(f"- {{{step}}}" for step in steps)]), filename="r.yaml"
        )
    except DefinitionError as error:
        return str(error)
    return ""


def way(id_: str, *cases: str, needs: str = "") -> str:
    found = [f"{{id: c{n}, go: [{go}], when: 'true'}}" for n, go in enumerate(cases, 1)]
    return f"id: {id_}, title: T, needs: [{needs}], decide: {{cases: [{', '.join(found)}], fallback: human}}"


def step(id_: str, needs: str = "", more: str = GET) -> str:
    return f"id: {id_}, title: T, needs: [{needs}], {more}"


def using(needs: str, more: str = "") -> str:
    return f"id: u, title: U, needs: [{needs}], action: http, with: {USE}{more}"


def test_an_output_of_a_step_with_a_condition_may_be_missing():
    a = step("a", more=f"{GET}, when: 'run.mode == \"live\"'")
    expected = "`steps.a.output.text` may be missing: `a` is skipped when its `when` is false."
    assert f"{expected} Give this step `when: has(steps.a)`." in refused(a, using("a"))
    assert not refused(a, using("a", ", when: has(steps.a)"))
    assert not refused(a, using("a", ", when: 'run.mode == \"live\"'"))  # the same condition


def test_the_same_condition_helps_only_if_it_lasts():
    first = step("z")
    a = step("a", "z", f"{GET}, when: steps.z.output.status == 200")
    assert "may be missing" in refused(first, a, using("a, z", ", when: steps.z.output.status == 200"))


def test_in_an_expression_one_asks_in_the_expression():
    a = step("a", more=f"{GET}, when: 'run.mode == \"live\"'")
    careless = step("u", "a", f"{GET}, when: steps.a.output.status == 200")
    careful = step("u", "a", f"{GET}, when: 'has(steps.a) && steps.a.output.status == 200'")
    assert "Ask first: has(steps.a) && …" in refused(a, careless)
    assert not refused(a, careful)


@pytest.mark.parametrize(
    ("steps", "is_there"),
    [
        ([way("w", "a", "b"), step("a"), step("b"), using("a")], True),  # bypassed with it
        ([way("w", "a", "b"), step("a"), step("b"), using("a, b")], False),  # the other way leads here too
        ([way("w", "a", "b"), step("a"), step("b"), using("a, w")], False),
        ([way("w", "a", "a, b"), step("a"), step("b"), using("a, b")], True),  # both ways go through it
        ([way("w", "'a', u", "b"), step("a"), step("b"), using("a, b")], True),  # opened together
        ([way("w", "a", "b"), step("a"), step("c", "a"), step("b"), using("c")], True),
        ([way("w", "a", "b"), step("a"), step("b"), way("v", "u", needs="a"), using("")], True),
        ([way("w", "a", "b"), step("a"), step("b"), way("v", "u", needs="a, b"), using("")], False),
        ([way("w", "a", "b"), way("v", "u", needs="w"), step("a"), step("b"), using("a")], False),
        ([way("w", "v", "b"), way("v", "a", "a"), step("a"), step("b"), using("v, a")], True),
        ([way("w", "x", "y"), way("v", "y", "a"), *map(step, "xya"), using("a, v")], False),
    ],
)
def test_what_a_decision_may_bypass_is_there_only_on_its_own_way(steps, is_there):
    found = refused(*steps)
    assert ("a decision may bypass `a` and not this step" in found) is not is_there, found
    assert bool(found) is not is_there


@pytest.mark.parametrize(("strategy", "is_there"), [("continue", False), ("{quorum: 1}", False), ("fail_fast", True)])
def test_a_group_may_end_well_without_one_of_its_steps(strategy, is_there):
    head = f"sections: [{{id: s, title: S, on_failure: {strategy}}}]"
    inside = step("v", "a", "action: http, with: {url: '{{ steps.a.output.text }}'}, section: s")
    found = refused(step("a", more=f"{GET}, section: s"), inside, using("s"), head=head)
    assert bool(found) is not is_there
    assert is_there or "section `s` may pass without `a`" in found
    assert found.count("steps.v") == 0  # inside, a failed need lets nothing pass


def test_a_section_that_is_bypassed_takes_all_its_steps_with_it():
    head = "model: adaptive\nsections: [{id: s, title: S}, {id: t, title: T}]"
    steps = [
        way("w", "s", "t"),
        step("a", more=f"{GET}, section: s"),
        f"id: u, title: U, section: s, needs: [a, x], action: http, with: {USE}",
        step("x"),
        step("b", more=f"{GET}, section: t"),
    ]
    assert not refused(*steps, head=head)
    outside = [steps[0], steps[1], using("s, t"), *steps[3:]]
    assert "a decision may bypass `a`" in refused(*outside, head=head)


def test_so_many_decisions_that_nobody_can_follow_them_are_not_told_off():
    steps, head = [step("a")], "model: adaptive"
    for n in range(12):
        steps += [way(f"w{n}", f"x{n}", f"y{n}"), step(f"x{n}"), step(f"y{n}")]
        steps.append(step(f"j{n}", ", ".join([f"x{n}", *([f"j{n - 1}"] if n else [])])))
    definition = parse(
        "\n".join(["name: r", "title: R", head, "steps:", *(f"- {{{one}}}" for one in steps)]), filename="r"
    )
    assert set(Presence(definition).ways) == set(definition.by_id)
