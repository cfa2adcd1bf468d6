"""CEL expressions and `{{ path }}` texts: what they give, what they refuse, and how long they can take."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbing.expressions import (
    MAX_SOURCE,
    ExpressionError,
    evaluate,
    look_up,
    names_in,
    paths_in,
    render,
    resolve,
)

VALUES = {
    "inputs": {"severity": "SEV1", "size": 3, "ratio": 1.5, "force": True, "hosts": ["a", "b"]},
    "steps": {"restart": {"output": {"status": 200, "json": {"items": [{"name": "x"}]}}}},
    "incident": None,
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("inputs.severity == 'SEV1'", True),
        ("inputs.size * 2 + 1", 7),
        ("inputs.ratio > 1", True),
        ("steps.restart.output.status >= 200 && steps.restart.output.status < 300", True),
        ("has(inputs.missing)", False),
        ("has(steps.restart.output.json) ? 'json' : 'text'", "json"),
        ("inputs.hosts.map(h, h + '.example')", ["a.example", "b.example"]),
        ("inputs.hosts.exists(h, h == 'b')", True),
        ("size(inputs.hosts)", 2),
        ("inputs.severity.startsWith('SEV')", True),
        ("steps.restart.output.json.items[0].name", "x"),
        ("'inputs.nothing'", "inputs.nothing"),
        ("incident == null", True),
        ("{'a': inputs.size}", {"a": 3}),
    ],
)
def test_expressions_give_json(source, expected):
    assert evaluate(source, VALUES) == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 +", "column 4: Syntax error: mismatched input 'the end'"),
        ("", "is no expression"),
        ("inputs.severty == 'SEV1'", "`inputs.severty` is unknown: there is no `severty`. Did you mean `severity`?"),
        ("steps.restrt.output.status", "there is no `restrt`. Did you mean `restart`?"),
        ("input.size", "there is no `input`. Did you mean `inputs`?"),
        ("nonsense > 1", "There is: incident, inputs, steps."),
        ("inputs.size.deep", "`inputs.size` has no parts"),
        ("inputs.size + 'a'", "string"),
        ("inputs.size / 0", "division by zero"),
        ("startWith(inputs.severity, 'a')", "calls `startWith`, which doesn't exist. Did you mean `startsWith`?"),
        ("timestamp('2026-01-01T00:00:00Z')", "gives a datetime; write string(…) around it"),
        ("9223372036854775807 + 1", "overflow"),
        ("(" * 400 + "1" + ")" * 400, "is no expression"),
        ("a" * (MAX_SOURCE + 1), "has 1001 characters; the limit is 1000"),
        ("1.0 / 0.0", "no number in JSON"),
    ],
)
def test_a_wrong_expression_says_what_is_wrong(source, message):
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, VALUES)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"x": "a" * 10_001}, "inputs.x is a text of 10001 characters"),
        ({"x": list(range(1_001))}, "inputs.x has 1001 items"),
        ({"x": {"y": {"z": "a" * 10_001}}}, "inputs.x is a text of 10001 characters"),
    ],
)
def test_values_beyond_the_limits_are_refused_only_when_they_are_used(inputs, message):
    with pytest.raises(ExpressionError, match=message):
        evaluate("inputs.x == inputs.x", {"inputs": inputs})
    assert evaluate("inputs.small == 1", {"inputs": {**inputs, "small": 1}}) is True


@pytest.mark.parametrize(
    "source",
    [
        "inputs.l.all(x, inputs.l.all(y, inputs.l.all(z, true)))",
        "inputs.l.map(x, inputs.s + inputs.s + inputs.s)",
        "[inputs.l].map(x, inputs.l).all(y, y.all(z, z.all(q, true)))",
        "inputs.l.map(x, inputs.l.map(y, inputs.l))",
    ],
)
def test_work_that_could_take_long_is_refused_before_it_starts(source):
    values = {"inputs": {"l": ["a"] * 1_000, "s": "a" * 10_000}}
    with pytest.raises(ExpressionError, match="too much work"):
        evaluate(source, values)


@pytest.mark.parametrize(
    "source",
    [
        "inputs.l.all(x, inputs.l.all(y, true))",
        "inputs.s.matches('(a+)+$')",
        "+".join(["inputs.s"] * 100) + " == ''",
        "!" * 990 + "true",
    ],
)
def test_the_worst_that_is_allowed_ends_soon(source):
    values = {"inputs": {"l": [1] * 1_000, "s": "a" * 10_000}}
    began = time.perf_counter()
    evaluate(source, values)
    assert time.perf_counter() - began < 5  # measured: 0.25 s on one of two noisy cores


def test_names_in_finds_paths_but_neither_strings_nor_loop_variables():
    source = "inputs.hosts.all(h, h.name != 'steps.x') && steps.restart.output.status == 2e3 // inputs.gone"
    assert names_in(source) == {("inputs", "hosts"), ("steps", "restart", "output", "status")}
    assert names_in("inputs . size in [1, 2] ? size(inputs.hosts) : null") == {("inputs", "size"), ("inputs", "hosts")}
    assert names_in(r"'it\'s inputs.a' + r'\' + inputs.b") == {("inputs", "b")}


@given(st.text(max_size=60))
def test_any_text_evaluates_or_is_refused(source):
    try:
        evaluate(source, VALUES)
    except ExpressionError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("no braces", "no braces"),
        ("http://{{ inputs.severity }}.example/{{inputs.size}}", "http://SEV1.example/3"),
        ("force={{ inputs.force }}", "force=true"),
        ("{{ inputs.size }}", 3),
        (" {{ inputs.hosts }} ", ["a", "b"]),
        ("{{ inputs.size }}{{ inputs.size }}", "33"),
        ("{{ steps.restart.output.json.items.0.name }}", "x"),
        ("{ not } a {placeholder}", "{ not } a {placeholder}"),
    ],
)
def test_a_template_is_filled_in_and_a_lone_placeholder_keeps_the_type(template, expected):
    assert render(template, VALUES) == expected


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ inputs.sise }}", "`inputs.sise` is unknown: there is no `sise`. Did you mean `size`?"),
        ("x {{ inputs.hosts }}", "`inputs.hosts` is a list and can't be written into a text"),
        ("x {{ incident }}", "`incident` is empty"),
        ("{{ inputs.size + 1 }}", "may hold a path alone"),
        ("{{ inputs.__class__ }}", "there is no `__class__`"),
        ("{{ inputs.severity.upper }}", "has no parts"),
        ("{{ }}", "may hold a path alone"),
        ("{{ inputs.hosts.7 }}", "has no parts"),
    ],
)
def test_a_wrong_placeholder_says_what_is_wrong(template, message):
    with pytest.raises(ExpressionError) as caught:
        render(template, VALUES)
    assert message in str(caught.value)


def test_resolve_fills_in_a_nested_structure_and_leaves_keys_alone():
    tree = {"url": "http://{{ inputs.severity }}", "{{ inputs.size }}": [True, {"n": "{{ inputs.size }}"}], "x": None}
    expected = {"url": "http://SEV1", "{{ inputs.size }}": [True, {"n": 3}], "x": None}
    assert resolve(tree, VALUES) == expected


def test_resolve_refuses_depth_without_end():
    tree: list = []
    tree.append(tree)
    with pytest.raises(ExpressionError, match="deeper than 20 levels"):
        resolve(tree, VALUES)


def test_a_rendered_value_is_not_rendered_again():
    assert (
        render("a {{ inputs.x }}", {"inputs": {"x": "{{ inputs.secret }}", "secret": "s"}}) == "a {{ inputs.secret }}"
    )


def test_a_text_can_not_be_blown_up():
    with pytest.raises(ExpressionError, match="the limit is 65536"):
        render("{{ inputs.x }} " * 10, {"inputs": {"x": "a" * 10_000}})


def test_paths_in_a_template_and_look_up():
    assert paths_in("{{ inputs.a }}-{{steps.b.output}}") == [("inputs", "a"), ("steps", "b", "output")]
    assert look_up(("inputs", "hosts", "1"), VALUES) == "b"
