"""What a run is given is held against what its definition declares, before anything starts."""

from dataclasses import replace

import pytest

from incidents.forms import InputsForm
from runbooks.definitions.typed import text_of, typed_text
from runbooks.engine.inputs import LONGEST, MOST_ITEMS, check_environment, checked
from runbooks.engine.model import Definition, Input, Step, ValueType
from runbooks.errors import BadInput

HOSTS = Input("hosts", ValueType.LIST, required=False, default=["a"])
REGION = Input("region", choices=("eu", "us"))
SITES = Input("sites", ValueType.LIST, required=False, choices=("berlin", "dublin"))
DEFINITION = Definition("r", "R", (Step("a", "A", "manual"),), inputs=(HOSTS, REGION, SITES))


def test_lists_and_choices_are_taken_with_defaults_filled_in():
    assert checked(DEFINITION, {"region": "eu"}) == {"hosts": ["a"], "region": "eu"}
    given = {"region": "us", "hosts": ["a", 2, True, 1.5], "sites": ["dublin"]}
    assert checked(DEFINITION, given) == given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "it is missing; a string is needed."),
        ({"region": "asia"}, "found 'asia', expected one of eu, us."),
        ({"region": "eu", "hosts": "a"}, "found str, a list is needed."),
        ({"region": "eu", "hosts": [["a"]]}, "found list, a list is needed."),
        ({"region": "eu", "sites": ["dublin", "paris"]}, "found 'paris', expected one of berlin, dublin."),
        ({"region": "eu", "hosts": ["x"] * (MOST_ITEMS + 1)}, "it has 1001 items; at most 1000 are allowed."),
        ({"region": "eu", "hosts": ["x" * (LONGEST + 1)]}, "it has 2001 characters; at most 2000 are allowed."),
        ({"region": "eu", "host": 1}, "this runbook has no such input. Did you mean hosts?"),
    ],
)
def test_what_does_not_fit_is_told(given, message):
    with pytest.raises(BadInput) as caught:
        checked(DEFINITION, given)
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["a, b", "a\nb", " a ,\n b,", "a,b"])
def test_a_list_is_typed_with_commas_or_lines(text):
    assert typed_text(text, ValueType.LIST) == ["a", "b"]
    assert typed_text(text_of(["a", "b"]), ValueType.LIST) == ["a", "b"]


def test_the_form_offers_choices_and_reads_lists():
    form = InputsForm({"input_region": "us", "input_hosts": "x, y"}, definition=DEFINITION, guesses={})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["inputs"] == {"region": "us", "hosts": ["x", "y"]}
    assert form.fields["input_hosts"].initial == "a"
    assert [value for value, _ in form.fields["input_region"].choices] == ["eu", "us"]
    assert not InputsForm({"input_region": "asia"}, definition=DEFINITION, guesses={}).is_valid()


def test_a_run_starts_only_where_its_parameters_are_given():
    check_environment(DEFINITION, "anywhere")  # a runbook without parameters
    given = replace(DEFINITION, environments={"production": {"api": "x"}, "test": {"api": "y"}})
    check_environment(given, "test")
    with pytest.raises(BadInput, match="has no parameters for prodution"):
        check_environment(given, "prodution")
