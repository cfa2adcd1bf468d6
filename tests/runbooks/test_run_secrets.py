"""A run with a secret: the action gets it, and nothing that Muster keeps, shows or logs has it."""

import json
import logging

import pytest

from audit.selectors import entries
from runbooks.actions.base import Again, Done, Failed
from runbooks.definitions import DefinitionError, parse
from runbooks.models import Attempt, OutputChunk
from tests.runbooks.conftest import due, states, work_off

pytestmark = pytest.mark.django_db
SECRET = "correct-horse-battery"
TEXT = """name: rotate
title: Rotate
inputs:
  note: {type: string, default: "{{ secrets.token }}"}
steps:
  - id: call
    title: Call
    action: scripted
    with: {say: "Bearer {{ secrets.token }}", note: "{{ inputs.note }}"}
"""


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("MUSTER_SECRET_TOKEN", SECRET)


def kept(run) -> str:
    """Everything that Muster keeps of a run."""
    rows = [list(Attempt.objects.values()), list(run.steps.values()), [one.fields for one in entries(run.stream)]]
    return json.dumps(rows, default=str)


def test_the_action_gets_the_secret_and_nobody_else_does(start, scripted):
    run = start(TEXT)
    scripted.script["call"] = lambda context: Done({"heard": f"you said {SECRET}", SECRET: [SECRET]})
    work_off(run)
    assert scripted.calls[0][1]["say"] == f"Bearer {SECRET}"
    assert states(run) == {"call": "done"}
    assert SECRET not in kept(run)
    assert run.steps.get().output["heard"] == "you said [secret]"


def test_an_input_that_looks_like_a_reference_is_never_opened(start, scripted):
    work_off(start(TEXT))
    assert scripted.calls[0][1]["note"] == "{{ secrets.token }}"


@pytest.mark.parametrize("way", ["failed", "raised", "again"])
def test_no_error_log_or_memo_carries_a_secret(start, scripted, way, caplog):
    def act(context):
        if way == "raised":
            raise ValueError(f"bad password {SECRET}")
        if way == "again" and not context.memo:
            return Again(0.0, {"seen": SECRET})
        return Failed(f"401 for {SECRET}", output={"text": SECRET})

    run = start(TEXT)
    scripted.script["call"] = act
    with caplog.at_level(logging.DEBUG):
        work_off(run)
    assert SECRET not in kept(run)
    assert SECRET not in caplog.text
    assert "[secret]" in Attempt.objects.get().error


def test_live_text_is_redacted(start, scripted):
    half, other = SECRET[:5], SECRET[5:]
    scripted.script["call"] = lambda context: context.say(f"token {half}") or context.say(f"{other}\n") or Done()
    work_off(start(TEXT))
    assert [chunk.text for chunk in OutputChunk.objects.all()] == ["token [secret]\n"]


def test_a_missing_secret_fails_the_step_before_it_acts(start, scripted, monkeypatch):
    monkeypatch.delenv("MUSTER_SECRET_TOKEN")
    run = start(TEXT)
    assert len(due(run)) == 1
    work_off(run)
    assert scripted.calls == []
    attempt = Attempt.objects.get()
    assert (attempt.effect, attempt.state) == ("none", "failed")
    assert "MUSTER_SECRET_TOKEN" in attempt.error


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("with: {url: 'https://x/{{ secrets.token }}'}", None),
        ("with: {url: 'https://x'}\n    verify: {http: 'https://x/{{ secrets.token }}'}", None),
        ("with: {url: 'https://x'}\n    undo: {action: http, with: {url: '{{ secrets.token }}'}}", None),
        ("with: {url: 'https://x'}\n    instructions: '{{ secrets.token }}'", "a secret may not stand here"),
        ("with: {url: 'https://x'}\n    touches: ['{{ secrets.token }}']", "a secret may not stand here"),
        ("with: {url: 'https://x'}\n    approval: {reason: '{{ secrets.token }}?'}", "a secret may not stand here"),
        ("with: {url: '{{ secrets.Token }}'}", "is no secret"),
        ("with: {url: '{{ secrets.a.b }}'}", "is no secret"),
        ("with: {url: '{{ secrets }}'}", "is no secret"),
    ],
)
def test_a_reference_stands_only_where_a_worker_opens_it(field, problem):
    text = f"name: x\ntitle: X\nsteps:\n  - id: a\n    title: A\n    action: http\n    {field}\n"
    if problem is None:
        assert parse(text, filename="x.yaml").steps
        return
    with pytest.raises(DefinitionError) as caught:
        parse(text, filename="x.yaml")
    assert problem in str(caught.value)
    assert caught.value.problems[0].line >= 7
