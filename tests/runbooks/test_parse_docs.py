"""What the documentation shows works, and it shows everything."""

import datetime as dt
import re
from pathlib import Path

import pytest

from runbooks import actions
from runbooks.actions.base import Context, Done, documentation
from runbooks.definitions import Known, lint, parse, parser, steps
from runbooks.errors import BadConfig

DOCS = Path(__file__).parents[2] / "docs"
FORMAT = (DOCS / "runbook-format.md").read_text()
RUNBOOKS = re.findall(r"```yaml\n(.*?)```", FORMAT, re.DOTALL)


@pytest.mark.parametrize("text", RUNBOOKS)
def test_the_runbooks_of_the_page_parse_and_get_no_advice_but_on_people(text):
    known = Known(frozenset(actions.kinds()), roles=frozenset({"commander"}))
    definition = parse(text, filename="docs/runbook-format.md", known=known)
    assert [advice.field for advice in lint(definition) if not advice.field.endswith(".assign")] == []


def test_the_page_has_a_small_and_a_full_runbook():
    assert len(RUNBOOKS) == 2


@pytest.mark.parametrize("field", [*parser.FIELDS, *steps.FIELDS, *steps.LATER])
def test_the_page_names_every_field(field):
    assert f"`{field}`" in FORMAT or field == "steps"


@pytest.mark.parametrize("kind", ["manual", "http", "probe", "wait"])
def test_the_page_names_every_field_of_every_action(kind):
    row = next(line for line in FORMAT.splitlines() if line.startswith(f"| `{kind}` |"))
    for name, default, _ in documentation(actions.get(kind).config):
        assert f"`{name}`" in row, f"{kind}.{name} (default {default}) is missing"


def test_the_action_of_the_recipe_works():
    recipe = (DOCS / "how-to" / "write-an-action.md").read_text()
    code = re.findall(r"```python\n(.*?)```", recipe, re.DOTALL)[0]
    module: dict = {"__name__": "recipe"}
    exec(code, module)  # noqa: S102 - our own page
    note = module["Note"]()
    context = Context("run/step/1", dt.datetime(2026, 11, 21, tzinfo=dt.UTC), 5.0)
    done = note.perform(note.parse({"text": "hello"}), context)
    assert done == Done({"text": "hello", "at": "2026-11-21T00:00:00+00:00"})
    with pytest.raises(BadConfig, match="note, field text: found nothing, expected a sentence"):
        note.parse({"text": " "})
