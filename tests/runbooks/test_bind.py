"""The digest that consent is bound to: equal for what does the same, different for everything else."""

import hashlib
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbing.expressions import ExpressionError
from runbooks.engine.intent import Intent, intent_of
from runbooks.engine.model import Step

STEP = Step(
    "wipe",
    "Wipe",
    "http",
    with_={"url": "http://x/{{ inputs.volume }}", "json": {"n": "{{ inputs.n }}", "ok": True}},
    touches=("{{ inputs.volume }}",),
)
BASE = Intent("v1", "wipe", "http", {"a": 1}, ("store",), "production")
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-10, 10) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def intent(**inputs) -> Intent:
    return intent_of(STEP, {"inputs": inputs}, version="v1", environment="production")


def test_the_digest_is_that_of_the_text_with_everything_filled_in():
    bound = intent(volume="store", n=3)
    assert bound.config == {"url": "http://x/store", "json": {"n": 3, "ok": True}}
    assert bound.targets == ("store",)
    assert '"http://x/store"' in bound.text
    assert bound.digest == hashlib.sha256(bound.text.encode()).hexdigest()
    assert bound.digest == intent(n=3, volume="store").digest


@pytest.mark.parametrize(
    "change",
    [
        {"version": "v2"},
        {"step": "wipe2"},
        {"action": "probe"},
        {"config": {"a": 2}},
        {"targets": ("api",)},
        {"environment": "staging"},
        {"config": {"a": 1, "b": 1}},
        {"config": {}},
        {"targets": ()},
    ],
)
def test_any_change_of_what_would_be_done_changes_the_digest(change):
    assert replace(BASE, **change).digest != BASE.digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, "1"),
        (1.5, "1.5"),
        (True, 1),
        (True, "true"),
        (None, "None"),
        ({"a": 1}, [["a", 1]]),
        ([], {}),
        (1, 1.0),
        ({"pairs": [["a", 1]]}, {"a": 1}),
        ({"decimal": "1.5"}, 1.5),
        ("", None),
        ([1, [2]], [[1], 2]),
    ],
)
def test_values_that_only_look_alike_are_told_apart(one, other):
    assert replace(BASE, config={"x": one}).digest != replace(BASE, config={"x": other}).digest


@given(JSON, JSON)
def test_two_values_share_a_digest_only_when_they_are_sent_as_the_same_json(one, other):
    same = replace(BASE, config={"x": one}).digest == replace(BASE, config={"x": other}).digest
    assert same == (repr_of(one) == repr_of(other))


def repr_of(value) -> str:
    """The value with its types, independent of the order of keys; text in the form that evidence keeps (NFC)."""
    if isinstance(value, dict):
        return f"{{{sorted((unicodedata.normalize('NFC', k), repr_of(v)) for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{[repr_of(item) for item in value]}]"
    return repr(unicodedata.normalize("NFC", value) if isinstance(value, str) else value)


def test_a_missing_value_is_an_error_and_never_an_empty_text():
    with pytest.raises(ExpressionError, match=r"`inputs\.n` is unknown"):
        intent(volume="store")
