"""Templates and expressions may refer to inputs, and to outputs of steps that are over by then. Advice comes apart."""

import pytest

from runbooks.definitions import DefinitionError, lint, parse

TEXT = """
name: r
title: R
inputs: {host: {type: string}}
steps:
  - {id: ask, title: Ask, action: manual, outputs: [{name: volume, type: string}]}
  - {id: look, title: Look, action: http, with: {url: "http://x/"}, needs: [ask]}
  - {id: other, title: Other, action: http, with: {url: "http://x/"}}
  - id: act
    title: Act
    needs: [look]
    action: http
    with: {url: "http://x/", json: ["WITH"]}
    verify: {http: "http://VERIFY/"}
    approval: {reason: "REASON"}
    touches: ["TOUCHES"]
    instructions: "INSTRUCTIONS"
    outputs: [{name: n, value: "VALUE"}]
"""
FILLED = {
    "WITH": "",
    "VERIFY": "v",
    "REASON": "why",
    "TOUCHES": "store",
    "INSTRUCTIONS": "do",
    "VALUE": "output.status",
}


def parsed(**texts: str):
    text = TEXT
    for name, default in FILLED.items():
        text = text.replace(name, texts.get(name, default))
    return parse(text, filename="r.yaml")


@pytest.mark.parametrize("place", ["WITH", "VERIFY", "REASON", "TOUCHES", "INSTRUCTIONS"])
@pytest.mark.parametrize(
    "path", ["inputs.host", "steps.look.output.json.x", "steps.ask.output.volume", "incident.title", "run.id"]
)
def test_what_is_there_by_then_may_be_used(place, path):
    assert parsed(**{place: f"{{{{ {path} }}}}"})


@pytest.mark.parametrize("place", ["WITH", "VERIFY", "REASON", "TOUCHES", "INSTRUCTIONS"])
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("inputs.hots", "`inputs.hots` is no input. Did you mean `host`?"),
        ("inputs", "`inputs` is no input. Inputs are: host."),
        ("input.host", "`input.host` begins with an unknown name. Did you mean `inputs`?"),
        ("steps.loook.output.x", "there is no step `loook`. Did you mean `look`?"),
        ("steps.other.output.x", "step `other` need not be over when this one starts. Add `other` to its needs."),
        ("steps.look.status", "`steps.look.status` is no output of a step. Write steps.look.output.<name>."),
        ("steps.ask.output.volum", "the person who does `ask` isn't asked for `volum`. Did you mean `volume`?"),
        ("inputs.host + 1", "may hold a path alone"),
    ],
)
def test_a_reference_that_can_not_be_filled_in_is_told(place, path, message):
    with pytest.raises(DefinitionError) as caught:
        parsed(**{place: f"{{{{ {path} }}}}"})
    assert message in str(caught.value)
    assert caught.value.problems[0].field.startswith("steps.act.")


def test_only_verify_sees_what_the_step_itself_gave():
    assert parsed(VERIFY="{{ steps.act.output.json.host }}")
    with pytest.raises(DefinitionError, match="step `act` need not be over"):
        parsed(WITH="{{ steps.act.output.json.host }}")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("output.status >", "is no expression: column"),
        ("outputs.status", "`outputs.status` is unknown here. Did you mean `output`?"),
        ("inputs.host", "It sees only `output`, what the action gave."),
        ("lenght(output.json)", "calls `lenght`, which doesn't exist"),
    ],
)
def test_an_expression_of_an_output_is_checked(value, message):
    with pytest.raises(DefinitionError) as caught:
        parsed(VALUE=value)
    assert message in str(caught.value)
    assert str(caught.value).startswith("r.yaml:18:")


def advice(step: str, model: str = "linear") -> list[str]:
    definition = parse(f"name: r\ntitle: R\nmodel: {model}\nsteps:\n- {{{step}}}", filename="r.yaml")
    return [f"{found.field}: {found.message}" for found in lint(definition)]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("id: a, title: A title that is too long, action: manual", "steps.a.title: 24 characters; the graph shows 22."),
        ("id: a, title: A, action: manual", "steps.a.instructions: Nothing tells the person what to do."),
        ("id: a, title: A, action: manual", "steps.a.assign: Nobody is asked by name."),
        ("id: a, title: A, action: wait, with: {for: 1s}, assign: role:x", "steps.a.assign: A worker does this step"),
        ("id: a, title: A, action: http, with: {url: x, method: PUT}", "steps.a.verify: It changes something"),
        ("id: a, title: A, action: http, with: {url: x, method: PUT}", "steps.a.undo: Say how it is undone"),
        ("id: a, title: A, action: manual, approval: {reason: r}", "steps.a.touches: No service is named"),
        ("id: a, title: A, action: manual, approval: {reason: r}", "steps.a.approval: The owner decides better"),
    ],
)
def test_advice_is_given_for_what_works_but_hurts(step, expected):
    assert any(found.startswith(expected) for found in advice(step)), advice(step)


def test_a_careful_step_gets_no_advice():
    step = "id: a, title: A, action: http, with: {url: x, method: PUT}, idempotent: true, verify: {tcp: 'a:1'}"
    assert advice(step) == []
    assert advice("id: a, title: A, action: wait, with: {for: 1s}", model="parallel") == []


def test_steps_that_all_start_at_once_are_pointed_out():
    steps = ", ".join(f"{{id: {id_}, title: T, action: wait, with: {{for: 1s}}}}" for id_ in "ab")
    text = f"name: r\ntitle: R\nsteps: [{steps}]"
    found = lint(parse(text, filename="r.yaml"))
    assert [(advice.line, advice.field) for advice in found] == [(0, "model")]
    assert lint(parse(text.replace("steps:", "model: linear\nsteps:"), filename="r.yaml")) == []
