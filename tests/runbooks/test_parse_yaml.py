"""The reader of YAML: bombs, traps and nonsense end in a problem with its place, never in a surprise."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runbooks.definitions import DefinitionError, parse
from runbooks.definitions.problems import Book
from runbooks.definitions.source import LARGEST, Scalar, read

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"


def scalar(text: str) -> Scalar:
    book = Book("x.yaml")
    node = read(text, book)
    assert isinstance(node, Scalar)
    assert not book.problems
    return node


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "r.yaml:1:1: The text is empty."),
        ("# only a comment", "r.yaml:1:1: The text is empty."),
        (BOMB, "r.yaml:1:4: Aliases (&a) aren't read. Write the value out."),
        ("a: 1\nb: *x", "r.yaml:2:4: Aliases (*x) aren't read."),
        (
            "a: !!python/object/apply:os.system [id]",
            "r.yaml:1:4: Tags (tag:yaml.org,2002:python/object/apply:os.system)",
        ),
        ("a: !x 1", "r.yaml:1:4: Tags (!x) aren't read."),
        ("[" * 20_000, "r.yaml:1:21: This is nested deeper than 20 levels."),
        ("a: {" * 5_000, "This is nested deeper than 20 levels."),
        ("name: r\n---\nname: s", "r.yaml:2:1: There is a second document (---)."),
        ("a: [", "r.yaml:2:1: This is no YAML"),
        ("a: b: c", "r.yaml:1:5: This is no YAML: mapping values are not allowed in this context. A value with `: `"),
        ("a:\n\tb: 1", "Indent with spaces, not with tabs."),
        ("url: {{ inputs.x }}", 'A key must be a name. Quote a value that begins with {{: "{{ inputs.name }}".'),
        ("url: {{ inputs.x }}/path", 'Quote a value that begins with {{: "{{ inputs.name }}".'),
        ("a: \x00", "r.yaml:1:1: This is no YAML"),
        ("a: \ud800", "r.yaml:1:1: This is no YAML"),
        ("x" * (LARGEST + 1), f"The text has {LARGEST + 1} bytes; the limit is {LARGEST}."),
        ("- a", "r.yaml:1:1: Found a list, expected fields."),
        ("just text", "r.yaml:1:1: Found the text `just text`, expected fields."),
        ("<<: {a: 1}", "r.yaml:1:1: <<: There is no such field."),
    ],
)
def test_bad_yaml_is_told_with_its_place(text, message):
    began = time.perf_counter()
    with pytest.raises(DefinitionError) as caught:
        parse(text, filename="r.yaml")
    assert message in str(caught.value)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("text", "text"), ("'no'", "no"), ('"12:30"', "12:30"), ("'1.10'", "1.10"), ("true", True), ("False", False),
        ("7", 7), ("-7", -7), ("+7", 7), ("0", 0), ("1.10", 1.1), (".5", 0.5), ("1.5e+3", 1500.0), ("null", None),
        ("~", None), ("a:b", "a:b"), ("http://x/y", "http://x/y"), ("1.2.3", "1.2.3"), ("|\n  no\n", "no\n"),
        ("nope", "nope"), ("10s", "10s"), ("v1_000", "v1_000"),
    ],
)  # fmt: skip
def test_scalars_mean_what_yaml_1_2_says(text, value):
    found = scalar(text)
    assert (found.value, type(found.value)) == (value, type(value))
    assert not found.doubtful


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "Yes",
        "on",
        "OFF",
        "12:30",
        "1:2:3",
        "010",
        "0o17",
        "0x1f",
        "0b11",
        "1_000",
        "1e3",
        "2026-01-01",
        "2026-01-01T10:00:00Z",
        "=",
        ".inf",
        "-.INF",
        ".nan",
    ],
)
def test_a_scalar_that_readers_take_differently_is_doubtful(text):
    assert scalar(text).doubtful


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("abn: -[]{}'\"|>&*!#%@`,?\n\t0123.~"), max_size=80))
@example("? a\n: b")
@example("a: |+\n\n")
def test_any_text_parses_or_is_refused_with_places_inside_it(text):
    with pytest.raises(DefinitionError) as caught:
        parse(text, filename="r.yaml")
    for problem in caught.value.problems:
        assert 1 <= problem.line <= len(text.splitlines()) + 2
        assert problem.column >= 1
        assert problem.message
