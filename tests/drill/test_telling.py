"""What the terminal says about an entry: a sentence, nothing, or the bare facts; never an error."""

import pytest

from drill.telling import QUIET, SENTENCES, sentence


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("incident.opened", {"title": "Store is down", "severity": "SEV2"}, "incident opened: Store is down (SEV2)"),
        ("step.done", {"title": "Start service", "why": ""}, "step “Start service” is done"),
        ("step.failed", {"title": "Look", "why": "no answer"}, "step “Look” failed (no answer)"),
        ("signal.joined", {"name": "InstanceDown", "service": "store"}, "alert InstanceDown of store belongs to it"),
    ],
)
def test_an_entry_becomes_a_sentence(kind, fields, said):
    assert sentence(kind, fields) == said


def test_a_kind_of_tomorrow_comes_with_its_facts():
    assert sentence("moon.landed", {"place": "sea", "crew": 2, "note": ""}) == "moon.landed: place=sea, crew=2"


@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_missing_fields_never_stop_the_story(kind):
    assert sentence(kind, {})


@pytest.mark.parametrize("kind", sorted(QUIET))
def test_some_entries_are_not_worth_a_line(kind):
    assert sentence(kind, {"title": "x"}) == ""
