"""Canonical JSON: what is written equals RFC 8785, and what can't be written is refused with its place."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import DEEPEST, LARGEST_INT, canon, tidy
from audit.errors import NotCanonical

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
KEYS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=40)
ATOMS = st.none() | st.booleans() | st.integers(-LARGEST_INT, LARGEST_INT) | TEXT
VALUES = st.recursive(ATOMS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=30)


@given(VALUES)
def test_it_writes_what_rfc_8785_demands(value):
    tidied = tidy(value)
    assert canon(tidied) == rfc8785.dumps(tidied)


@given(VALUES)
def test_a_line_never_holds_a_raw_newline_or_tab_and_reads_back(value):
    line = canon(tidy(value))
    assert b"\n" not in line
    assert b"\t" not in line
    assert json.loads(line) == tidy(value)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (1.5, ""),
        ({"a": [{"b": 0.1}]}, "a[0].b"),
        ({"a": 2**53}, "a"),
        ([-(2**53)], "[0]"),
        ({"Upper": 1}, ""),
        ({"a": {"b-c": 1}}, "a"),
        ({"a": {"x" * 41: 1}}, "a"),
        ({"a": {"": 1}}, "a"),
        ({1: 1}, ""),
        (["fine", "nul\x00"], "[1]"),
        (["\ud800"], "[0]"),
        (["e\u0301"], "[0]"),
        ({"a": b"bytes"}, "a"),
        ({"a": {1, 2}}, "a"),
    ],
)
def test_a_value_that_cannot_be_written_is_named_with_its_place(value, path):
    with pytest.raises(NotCanonical) as refusal:
        canon(value)
    assert refusal.value.path == path
    assert "expected" in str(refusal.value)


def test_nesting_has_an_end():
    value: object = 1
    for _ in range(DEEPEST + 1):
        value = [value]
    with pytest.raises(NotCanonical, match="at most 32 levels"):
        canon(value)


def test_text_is_brought_to_nfc_and_nothing_else_changes():
    assert tidy({"a": ("e\u0301", 1, None, True)}) == {"a": ["é", 1, None, True]}
