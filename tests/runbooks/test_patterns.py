"""A runbook as a step of another: what is refused before it can be published, and what the parser gives it."""

import itertools

import pytest

from runbooks import services
from runbooks.definitions import parse
from runbooks.definitions.problems import DefinitionError

pytestmark = pytest.mark.django_db

INNER = """
name: inner
title: Inner
inputs:
  service: {type: string}
  size: {type: integer, default: 1}
steps:
  - {id: a, title: A, action: scripted}
"""


def outer(name: str, runbook: str, more: str = "inputs: {service: web}") -> str:
    return f"""
name: {name}
title: {name}
steps:
  - {{id: pattern, title: The pattern, action: run, with: {{runbook: {runbook}, {more}}}}}
"""


def refused(publish, source):
    with pytest.raises(DefinitionError) as caught:
        publish(source)
    return str(caught.value)


def test_a_runbook_that_runs_another_is_published(publish):
    publish(INNER)
    assert publish(outer("outer", "inner")).state == "published"


def test_it_is_taken_back_by_itself_unless_its_author_says_another_way():
    own = parse(outer("outer", "inner"), filename="outer.yaml").by_id["pattern"].undo
    assert own is not None and own.action == "undo_run"
    text = outer("outer", "inner").replace("with:", "undo: {none: It only looks.}, with:")
    none = parse(text, filename="outer.yaml").by_id["pattern"].undo
    assert none is not None and none.none == "It only looks."


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("inputs: {}", "needs the input `service`"),
        ("inputs: {service: web, sise: 2}", "has no input `sise`"),
        ("version: 9, inputs: {service: web}", "no published version 9"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(publish, more, said):
    publish(INNER)
    message = refused(publish, outer("outer", "inner", more))
    assert said in message and "outer.yaml:5:" in message


def test_a_runbook_that_nobody_published_is_refused(publish, payments_team, author):
    services.make_runbook("inner", "Inner", payments_team, actor=author)
    assert "Publish it first" in refused(publish, outer("outer", "inner"))


def test_a_runbook_of_strangers_is_refused(publish, make_team, author, superuser):
    runbook = services.make_runbook("inner", "Inner", make_team("elsewhere"), actor=superuser)
    services.publish(services.save_version(runbook, INNER, author=superuser), publisher=superuser)
    assert "You see no runbook" in refused(publish, outer("outer", "inner"))


def test_a_name_that_is_only_known_later_is_refused(publish):
    source = outer("outer", '"{{ inputs.which }}"').replace("steps:", "inputs: {which: {type: string}}\nsteps:", 1)
    assert "must be known" in refused(publish, source)


def test_a_circle_is_refused_by_whoever_closes_it(publish, payments_team, author):
    first = publish(INNER)
    publish(outer("middle", "inner"))
    closing = services.save_version(first.runbook, outer("inner", "middle", "inputs: {}"), author=author)
    with pytest.raises(DefinitionError, match="inner → middle → inner"):
        services.publish(closing, publisher=author)


def test_a_runbook_that_runs_itself_is_refused(publish):
    assert "never ends" in refused(publish, outer("inner", "inner", "inputs: {}"))


def test_patterns_are_nested_five_deep_and_no_deeper(publish):
    publish(INNER.replace("service: {type: string}", "service: {type: string, default: web}"))
    names = ["inner", "two", "three", "four", "five", "six"]
    for inside, name in itertools.pairwise(names[:5]):
        publish(outer(name, inside, "inputs: {}"))
    assert "5 are allowed" in refused(publish, outer("six", "five", "inputs: {}"))
