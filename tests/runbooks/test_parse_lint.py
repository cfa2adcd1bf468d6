"""Advice about runbooks that work and still hurt; and none about those that are careful."""

import pytest

from runbooks.definitions import lint, parse

PUT = "action: http, with: {url: http://x, method: PUT}"
WAIT = "action: wait, with: {for: 1s}"


def advice(*steps: str, head: str = "") -> list[str]:
    text = "\n".join(["name: r", "title: R", *filter(None, [head]), "steps:", *(f"- {{{step}}}" for step in steps)])
    return [f"{found.field}: {found.message}" for found in lint(parse(text + "\n", filename="r.yaml"))]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (f"{PUT}, idempotent: true, verify: {{tcp: 'a:1'}}, touches: [store]", "steps.a.undo: Say how it is undone"),
        (
            "action: manual, touches: [store]",
            "steps.a.undo: It touches services. Say how it is undone, or `none` and why.",
        ),
        (
            f"{PUT}, verify: {{tcp: 'a:1'}}, undo: {{{PUT}}}",
            "steps.a.check: If its worker is lost, a person must find out",
        ),
        (
            "action: manual, undo: {action: manual}",
            "steps.a.undo.instructions: Nothing tells the person how to take it",
        ),
        (f"{WAIT}, within: 5s", "steps.a.within: Shorter than one attempt may take (60 s)"),
        (
            f"{PUT}, within: 1m, until: {{condition: output.json.x, most: 10, every: 10s}}",
            "steps.a.within: `until` alone may wait 100 s; it would not come to all its rounds.",
        ),
        (
            f"{PUT}, verify: {{http: 'http://x/ok'}}",
            "steps.a.verify: x:80 acts and is asked whether it worked: an echo, no evidence.",
        ),
        (
            f"{WAIT}, undo: {{{PUT}, verify: {{http: 'http://x/ok'}}}}",
            "steps.a.undo.verify: x:80 acts and is asked",
        ),
        (f"{WAIT}, retry: {{delay: 1s}}", "steps.a.retry: There is one attempt, so nothing is waited for."),
    ],
)
def test_a_step_that_works_and_hurts_is_pointed_out(step, expected):
    found = advice(f"id: a, title: A, {step}")
    assert any(each.startswith(expected) for each in found), found


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("inputs: {x: {type: string}}", "inputs.x: No step uses it. People would be asked for nothing."),
        ("sections: [{id: s, title: S}]", "sections.s: No step stands in it."),
        ("on_failure: {quorum: 2}", "on_failure.quorum: All branches must pass, so a quorum says nothing."),
        ("on_failure: fail_fast", "on_failure: All is undone here, and nobody says how: b."),
        ("watches: [{id: w, title: W, when: 'true', hold: a}]", "watches.w.for: One look is enough to act on."),
        (
            "watches: [{id: w, title: W, when: 'true', for: 1m, skip: a, mode: auto}]",
            "watches.w.mode: Steps are left out",
        ),
    ],
)
def test_what_surrounds_the_steps_is_looked_at_too(head, expected):
    found = advice(f"id: a, title: A, {WAIT}", f"id: b, title: B, {PUT}", head=head)
    assert any(each.startswith(expected) for each in found), found


def test_a_section_whose_steps_stand_apart_in_a_linear_runbook_is_pointed_out():
    head = "model: linear\nsections: [{id: s, title: S}]"
    steps = [f"id: a, title: A, section: s, {WAIT}", f"id: b, title: B, {WAIT}", f"id: c, title: C, section: s, {WAIT}"]
    assert advice(*steps, head=head) == [
        "sections.s: Its steps stand apart in the file, and run together. Put them together."
    ]
    assert advice(steps[0], steps[2], steps[1], head=head) == []


def test_many_decisions_in_a_row_are_pointed_out_from_the_fourth_on():
    steps = [
        f"id: d{n}, title: D, needs: [{f'd{n - 1}' if n else ''}], "
        "decide: {values: {p: {prometheus: {query: up}}}, cases: [{id: x, when: 'true'}], fallback: human}"
        for n in range(5)
    ]
    found = advice(*steps, head="model: adaptive")
    assert [each.split(":")[0] for each in found if "in a row" in each] == ["steps.d3.decide", "steps.d4.decide"]
    assert "steps.d0.decide.values.p: However old, it counts. Add `max_age`." in found


def test_a_decision_that_decides_nothing_is_pointed_out():
    found = advice("id: a, title: A, decide: {cases: [{id: x}], fallback: human}", head="model: adaptive")
    assert found == ["steps.a.decide.cases: There is one case and it is always true, so nothing is decided."]


ENVS = (
    "environments: {production: {control: 'http://x', shop: 'http://y'}, test: {control: 'http://x', shop: 'http://x'}}"
)


@pytest.mark.parametrize(
    ("probe", "echoes"),
    [
        ("http://y/ok", False),
        ("{{ env.control }}/ok", True),
        ("{{ env.shop }}/ok", True),  # in one environment is enough
        ("{{ inputs.where }}/ok", False),  # nobody knows yet
        ("{{ inputs.given }}/ok", True),
    ],
)
def test_an_echo_is_told_where_it_is_known_by_now(probe, echoes):
    inputs = "inputs: {where: {type: string}, given: {type: string, default: 'http://x'}}"
    step = "action: http, with: {url: '{{ env.control }}/do', method: PUT}"
    found = advice(f"id: a, title: A, {step}, verify: {{http: '{probe}'}}", head=f"{ENVS}\n{inputs}")
    assert any("an echo" in each for each in found) is echoes, found
