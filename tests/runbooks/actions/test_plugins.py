"""Actions of other packages: found by their entry point, used like our own; a broken one is named and left out."""

import logging
import sys
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from runbooks import actions
from runbooks.actions import plugins
from runbooks.actions.plugins import Known, Plugin
from runbooks.definitions import DefinitionError, parse

EXAMPLE = Path(__file__).parent / "example"
TEXT = """name: x
title: X
steps:
  - id: open
    title: Open a ticket
    action: ticket
    with: {url: "https://desk.example", token: "{{ secrets.desk }}", title: "{{ incident.title }}"}
"""
BROKEN = """
import sys
from dataclasses import dataclass
from runbooks.actions.wait import Wait, WaitConfig
class Again(Wait): kind = "http"
class Odd(Wait): kind = "Big One"
class Nameless: title, human = "x", False
class Mute(Wait): perform = None; kind = "mute"
class Shapeless(Wait): config = dict; kind = "shapeless"
class Raises:
    def __init__(self): raise RuntimeError("no licence")
class Picky(Wait):
    kind = "picky"
    def parse(self, given): raise KeyError("colour")
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """install(name, points): a package with these entry points, as pip leaves it. Forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def installed(name: str, points: dict[str, str], source: str = "") -> None:
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{point} = {target}" for point, target in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[muster.actions]", *lines]))
        (tmp_path / f"{name}.py").write_text(source)

    kinds = set(actions.kinds())
    yield installed
    for kind in set(actions.kinds()) - kinds:
        actions.forget(kind)
    for name in ("acme_ticket", "acme_broken", "acme_exits"):
        sys.modules.pop(name, None)
    monkeypatch.undo()
    plugins.load()


def test_an_action_of_another_package_is_used_like_our_own(install):
    install("acme_ticket", {"ticket": "acme_ticket:Ticket"}, (EXAMPLE / "acme_ticket.py").read_text())
    plugins.load()
    assert plugins.found() == (Plugin("ticket", "acme_ticket", "1.0", kind="ticket"),)
    assert parse(TEXT, filename="x.yaml").steps[0].action == "ticket"
    with pytest.raises(DefinitionError) as caught:
        parse(TEXT.replace("{{ secrets.desk }}", "plain-token"), filename="x.yaml")
    assert "Write {{ secrets.<name> }}" in str(caught.value)


def test_broken_ones_are_named_and_the_rest_is_used(install, caplog):
    points = {
        name.lower(): f"acme_broken:{name}" for name in ("Again", "Odd", "Nameless", "Mute", "Shapeless", "Raises")
    }
    install("acme_broken", {**points, "absent": "acme_absent:X"}, BROKEN)
    install("acme_exits", {"exits": "acme_exits:X"}, "import sys; sys.exit(3)")
    install("acme_ticket", {"ticket": "acme_ticket:Ticket"}, (EXAMPLE / "acme_ticket.py").read_text())
    with caplog.at_level(logging.ERROR):
        plugins.load()
    problems = {plugin.name: plugin.problem for plugin in plugins.found()}
    assert problems == {
        "absent": "ModuleNotFoundError: No module named 'acme_absent'",
        "again": "there is an action http already",
        "exits": "SystemExit: 3",
        "mute": "it has no function perform",
        "nameless": "kind is None, expected str",
        "odd": "kind is 'Big One', expected small letters, digits and _, at most 40",
        "raises": "RuntimeError: no licence",
        "shapeless": "config is no dataclass",
        "ticket": "",
    }
    assert "Action raises of package acme_broken is not used: RuntimeError: no licence" in caplog.text
    assert actions.get("http").title == "HTTP request"


def test_the_inventory_says_what_there_is_where_it_comes_from_and_what_is_not_used(install):
    install("acme_broken", {"raises": "acme_broken:Raises"}, BROKEN)
    install("acme_ticket", {"ticket": "acme_ticket:Ticket"}, (EXAMPLE / "acme_ticket.py").read_text())
    plugins.load()
    told = {each.kind: each for each in plugins.inventory()}
    assert told["ticket"] == Known("ticket", "Acme ticket", "acme_ticket 1.0")
    assert told["raises"] == Known("raises", "", "acme_broken 1.0", "RuntimeError: no licence")
    assert told["ansible"] == Known("ansible", "Ansible playbook", "built in")
    assert told.keys().isdisjoint(plugins.INNER), "what only the planner uses is nobody's to choose"
    assert plugins.inventory()[-1].kind == "raises"


@pytest.mark.django_db
def test_who_tends_workers_reads_the_inventory(install, superuser, commander):
    install("acme_broken", {"raises": "acme_broken:Raises"}, BROKEN)
    plugins.load()
    page, api = reverse("runbooks:workers"), reverse("runbooks-api:actions")
    client = Client()
    client.force_login(superuser)
    assert page in client.get(reverse("runbooks:list")).content.decode()
    shown = client.get(page).content.decode()
    assert "Ansible playbook" in shown and "RuntimeError: no licence" in shown and "acme_broken 1.0" in shown.lower()
    assert {"kind": "raises", "title": "", "origin": "acme_broken 1.0", "problem": "RuntimeError: no licence"} in (
        client.get(api).json()
    )
    client.force_login(commander)
    assert page not in client.get(reverse("runbooks:list")).content.decode()
    assert (client.get(page).status_code, client.get(api).status_code) == (403, 403)


def test_one_that_breaks_while_a_definition_is_checked_is_a_problem_of_that_step(install, caplog):
    install("acme_broken", {"picky": "acme_broken:Picky"}, BROKEN)
    plugins.load()
    text = TEXT.replace("action: ticket", "action: picky").partition("    with:")[0] + "    with: {for: 5s}\n"
    with pytest.raises(DefinitionError) as caught:
        parse(text, filename="x.yaml")
    assert "The action `picky` is broken: KeyError: 'colour'." in str(caught.value)


def test_the_recipe_shows_the_example_as_it_is():
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "write-an-action.md").read_text()
    for name in ("acme_ticket.py", "test_acme_ticket.py", "pyproject.toml"):
        assert (EXAMPLE / name).read_text().strip() in page, name
