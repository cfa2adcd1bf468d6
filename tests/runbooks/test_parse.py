"""A definition's text becomes typed objects: every field, its default, and the mixes that authors write."""

import textwrap
from pathlib import Path

import pytest

from config.demo.estate import SERVICES
from runbooks.actions import kinds
from runbooks.definitions import Known, digest, lint, parse
from runbooks.engine.model import Approval, Input, Model, Output, Retry, Section, Undo, ValueType, Verify
from runbooks.services.versions import ROLES

FULL = """
name: restart-store
title: Restart the store
description: What to do when the store is gone.
model: parallel
inputs:
  service: {type: string, description: Who is down}
  tries: {type: integer, default: 3}
  force: {type: boolean, required: false}
sections:
  - {id: repair, title: Repair}
steps:
  - id: look
    title: Look at it
    section: repair
    action: http
    with: {url: "http://control/{{ inputs.service }}"}
    timeout: 1500ms
    outputs:
      - {name: running, type: boolean, value: output.json.running, description: Is it up?}
  - id: start
    title: Start it
    needs: [look]
    action: http
    with: {method: POST, url: http://control/start, json: {n: [1, 2.5, null, true, "x"]}}
    timeout: 2m
    retry: {attempts: 3, delay: 2s, backoff: 1.5}
    idempotent: true
    touches: ["{{ inputs.service }}", store]
    approval: {reason: "Start {{ inputs.service }}?", effect: e, undo: u, proof: p, within: 10m}
    verify: {http: "http://{{ inputs.service }}/healthz", expect: 200, for: 5s, within: 1h, every: 500ms}
    undo: {action: http, with: {url: http://control/stop, method: POST}}
  - id: tell
    title: Tell the desk
    needs: [start]
    action: manual
    assign: role:commander
    instructions: Tell them.
    outputs: [{name: heard, type: boolean, required: false}]
"""


def parsed(text: str, **options):
    return parse(textwrap.dedent(text), filename="r.yaml", **options)


def plan_of(*steps: str, model: str = "parallel", extra: str = ""):
    lines = "\n".join(f"  - {{{step}}}" for step in steps)
    return parse(f"name: r\ntitle: R\nmodel: {model}\n{extra}\nsteps:\n{lines}\n", filename="r.yaml")


def test_every_field_finds_its_place():
    definition = parsed(FULL)
    assert (definition.name, definition.title, definition.model) == ("restart-store", "Restart the store", "parallel")
    assert definition.description == "What to do when the store is gone."
    assert definition.inputs == (
        Input("service", description="Who is down"),
        Input("tries", ValueType.INTEGER, required=False, default=3),
        Input("force", ValueType.BOOLEAN, required=False),
    )
    assert definition.sections == (Section("repair", "Repair", line=11),)
    look, start, tell = definition.steps
    assert (look.section, look.timeout_s, look.needs, look.human, look.line) == ("repair", 1.5, (), False, 13)
    assert look.outputs == (Output("running", ValueType.BOOLEAN, True, "output.json.running", "Is it up?"),)
    assert start.needs == ("look",)
    assert start.with_ == {"method": "POST", "url": "http://control/start", "json": {"n": [1, 2.5, None, True, "x"]}}
    assert (start.timeout_s, start.retry, start.idempotent) == (120.0, Retry(3, 2.0, 1.5), True)
    assert start.touches == ("{{ inputs.service }}", "store")
    assert start.approval == Approval("Start {{ inputs.service }}?", "e", "u", "p", 600.0)
    assert start.verify == Verify({"http": "http://{{ inputs.service }}/healthz", "expect": 200}, 5.0, 3600.0, 0.5)
    assert start.undo == Undo("http", {"url": "http://control/stop", "method": "POST"})
    assert (tell.human, tell.assign, tell.instructions) == (True, "role:commander", "Tell them.")
    assert tell.outputs == (Output("heard", ValueType.BOOLEAN, required=False),)


def test_what_is_left_out_has_a_safe_default():
    step = plan_of("id: a, title: A, action: http, with: {url: http://x, method: POST}").steps[0]
    assert (step.retry, step.idempotent, step.verify, step.approval) == (Retry(1, 0.0, 1.0), False, None, None)
    assert (step.timeout_s, step.undo, step.touches, step.needs, step.outputs) == (60.0, None, (), (), ())


@pytest.mark.parametrize(
    ("step", "harmless"),
    [
        ("action: probe, with: {tcp: 'a:1'}", True),
        ("action: wait, with: {for: 2s}", True),
        ("action: http, with: {url: http://x}", True),
        ("action: http, with: {url: http://x, method: HEAD}", True),
        ("action: http, with: {url: http://x, method: DELETE}", False),
        ("action: http, with: {url: http://x, method: '{{ inputs.m }}'}", False),
        ("action: http, with: {url: http://x}, idempotent: false", False),
        ("action: http, with: {url: http://x, method: POST}, idempotent: true", True),
        ("action: manual", False),
    ],
)
def test_what_changes_nothing_may_be_repeated_without_saying_so(step, harmless):
    extra = "inputs: {m: {type: string}}"
    assert plan_of(f"id: a, title: A, {step}", extra=extra).steps[0].idempotent is harmless


def test_in_a_linear_plan_each_step_needs_the_one_before():
    steps = [f"id: {id_}, title: T, action: manual" for id_ in "abc"]
    steps[2] += ", needs: [a]"
    definition = plan_of(*steps, model="linear")
    assert definition.model is Model.LINEAR
    assert [step.needs for step in definition.steps] == [(), ("a",), ("b", "a")]


def test_sections_and_model_may_be_left_out():
    assert parsed("name: r\ntitle: R\nsteps: [{id: a, title: A, action: manual}]").model is Model.PARALLEL


def test_the_digest_is_that_of_the_text():
    assert digest("name: ü\n") == "28cf026ebcbf17f49c612bd0061383821b4cac0461bdd8286b1398bab2c1b830"
    assert digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


SHIPPED = sorted((Path(__file__).parents[2] / "config" / "runbooks").glob("*.yaml"))
DEMO = Known(actions=frozenset(kinds()), roles=ROLES, services=frozenset(SERVICES))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_runbooks_parse_and_get_no_advice(path):
    definition = parse(path.read_text(), filename=path.name, known=DEMO)
    assert definition.name == path.stem
    assert lint(definition) == []
