"""What the documentation shows works, and it shows everything."""

import re
from pathlib import Path

import pytest

from plumbing.probing import KINDS
from plumbing.toolbox import SECTIONS, Command, everything
from runbooks import actions
from runbooks.actions.base import documentation
from runbooks.definitions import Known, deciding, given, lint, parse, parser, parts, sections, steps
from runbooks.definitions.expanding import MOST_EDGES
from runbooks.definitions.repeating import MOST_ITEMS, MOST_ROUNDS
from runbooks.definitions.source import LARGEST, MOST_NODES

DOCS = Path(__file__).parents[2] / "docs"
FORMAT = (DOCS / "runbook-format.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", FORMAT, re.DOTALL)
RUNBOOKS = [text if text.startswith("name:") else f"name: shown\ntitle: Shown\n{text}" for text in BLOCKS]
KNOWN = Known(
    frozenset(actions.kinds()),
    roles=frozenset({"commander", "responder", "communications", "scribe"}),
    services=frozenset({"card-authorisation"}),
)
FIELDS = {
    *(*parser.FIELDS, *steps.FIELDS, *sections.FIELDS, *sections.STRATEGY_FIELDS, *parts.UNDO_FIELDS),
    *(*deciding.DECIDE_FIELDS, *deciding.CASE_FIELDS, *deciding.VALUE_FIELDS, *deciding.WATCH_FIELDS),
    *given.INPUT_FIELDS,
    *("attempts", "delay", "backoff", "jitter", "override", "remind", "escalate", "to", "width", "as"),
}


@pytest.mark.parametrize("text", RUNBOOKS)
def test_the_runbooks_of_the_page_parse_and_get_no_advice_but_on_people(text):
    definition = parse(text, filename="docs/runbook-format.md", known=KNOWN)
    assert [advice.field for advice in lint(definition) if not advice.field.endswith(".assign")] == []


def test_the_page_has_a_small_and_a_full_runbook_and_one_of_each_strategy():
    assert sum(text.startswith("name:") for text in BLOCKS) == 2
    whole = "\n".join(BLOCKS)
    for shown in ("fail_fast", "continue", "quorum:", "pause", "linear", "parallel", "adaptive", "back:", "until:"):
        assert shown in whole


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_the_page_names_every_field(field):
    assert f"`{field}`" in FORMAT


@pytest.mark.parametrize("kind", sorted(set(actions.kinds()) - {"decide", "watch"}))
def test_the_page_names_every_field_of_every_action(kind):
    table = FORMAT.partition("## Actions")[2]
    row = next(line for line in table.splitlines() if line.startswith(f"| `{kind}` |"))
    for name, default, _ in documentation(actions.get(kind).config):
        assert f"`{name}`" in row, f"{kind}.{name} (default {default}) is missing"


def test_the_page_says_the_limits():
    assert f"{parser.MOST_STEPS:,} steps" in FORMAT
    assert f"{LARGEST // 1_048_576} MiB" in FORMAT
    for limit in (MOST_NODES, MOST_EDGES, MOST_ITEMS, MOST_ROUNDS, deciding.MOST_CASES, deciding.MOST_BACK):
        assert f"{limit:,}" in FORMAT


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_page_names_every_field_of_every_probe(kind):
    table = FORMAT.partition("### Probes")[2]
    row = next(line for line in table.splitlines() if line.startswith(f"| `{kind}` |"))
    for name, _, _ in documentation(KINDS[kind]):
        assert f"`{name}`" in row or kind in ("http", "tcp"), f"{kind}.{name} is missing"


def test_the_page_of_the_toolbox_names_every_field_and_its_example_is_right(settings, tmp_path):
    page = (DOCS / "how-to" / "fill-the-toolbox.md").read_text()
    for section, kind in SECTIONS.items():
        for name, _, about in documentation(kind):
            assert f"| `{section}` | `{name}` | {about}" in page
    settings.TOOLBOX_FILE = str(tmp_path / "toolbox.toml")
    (tmp_path / "toolbox.toml").write_text(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[0])
    assert set(everything("commands", Command)) == {"restart-orders", "disk-free"}
