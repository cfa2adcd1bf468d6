"""`command` runs real programs, and only those that the toolbox allows, with the words that it allows."""

import json
import sys

import pytest

from plumbing.processes import NotStarted
from plumbing.toolbox import BadToolbox, NotInToolbox
from runbooks import actions
from runbooks.actions.base import Context, Done
from runbooks.actions.sources import preview_of
from runbooks.engine.model import Effect
from runbooks.engine.outputs import OUTPUT_LIMIT
from runbooks.errors import BadConfig
from tests.runbooks.actions.conftest import NOW, perform

SCRIPTS = {
    "fail": "import sys; print('half'); print('no such order', file=sys.stderr); sys.exit(3)",
    "look": "import sys; sys.exit(3)",
    "json": "print('{\"lag\": 3}')",
    "sleep": "import time; print('begun', flush=True); time.sleep(60)",
    "flood": "import sys; print('\\0\\u2603' * 100_000); print('\\u2603' * 9_000, file=sys.stderr)",
    "token": "import os; print(os.environ['TOKEN'], os.getcwd())",
}
MORE = {"look": "changes = false", "token": 'folder = "/tmp"\nenv = {TOKEN = "{{ secrets.token }}"}'}
TOOLBOX = """
[commands.greet]
run = ["/bin/echo", "hello"]
args = ["[a-z]+", "[0-9]+"]
more = "x.*"
[commands.options]
run = ["/bin/echo"]
more = "(?s).*"
options = true
[commands.absent]
run = ["/nowhere/tool"]
[commands.odd]
run = ["/bin/echo"]
args = ["("]
""" + "".join(
    f"[commands.{name}]\nrun = {json.dumps([sys.executable, '-I', '-S', '-c', script])}\n{MORE.get(name, '')}\n"
    for name, script in SCRIPTS.items()
)


@pytest.fixture(autouse=True)
def box(toolbox):
    toolbox(TOOLBOX)


def test_a_command_is_run_with_its_words_and_its_output_is_kept():
    heard = []
    outcome = perform("command", {"run": ["greet", "world", 7, "x; id", "x$(id)"]}, say=heard.append)
    assert isinstance(outcome, Done)
    assert (outcome.output["stdout"], outcome.output["exit_code"]) == ("hello world 7 x; id x$(id)\n", 0)
    assert heard == ["hello world 7 x; id x$(id)\n"]


def test_what_is_json_is_kept_as_json():
    assert perform("command", {"run": ["json"]}).output["json"] == {"lag": 3}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["greet"], "greet takes 2 or more words after its name, found 0"),
        (["greet", "World", "7"], r"greet, word 1: 'World' is not what the toolbox allows there \(\[a-z\]\+\)"),
        (["greet", "world\n", "7"], "word 1"),
        (["greet", "world", "7", "y"], "word 3"),
        (["options", "x" * 2_000], "expected at most 1000 characters"),
        (["greet", "world", "7", "-x"], "begins with -, and the toolbox allows no options here"),
        (["fail", "more"], "fail takes 0 words"),
        (["options", *["a"] * 60], "found 60 words, expected at most 50"),
        (["options", "a\x00b"], "none of them a zero"),
    ],
)
def test_words_that_the_toolbox_does_not_allow_are_refused_before_anything_runs(words, says):
    with pytest.raises(NotStarted, match=says):
        perform("command", {"run": words})


def test_a_command_that_is_not_in_the_toolbox_is_refused():
    with pytest.raises(NotInToolbox, match=r"\[commands\.gret\].*Did you mean greet"):
        perform("command", {"run": ["gret"]})
    with pytest.raises(NotInToolbox):
        perform("command", {"run": ["/bin/echo", "hello"]})
    with pytest.raises(BadToolbox, match="is no pattern"):
        perform("command", {"run": ["odd", "x"]})
    with pytest.raises(NotStarted, match="/nowhere/tool can't be run: No such file"):
        perform("command", {"run": ["absent"]})


def test_options_are_allowed_where_the_operator_says_so():
    assert perform("command", {"run": ["options", "-n", "x"]}).output["stdout"] == "x"


@pytest.mark.parametrize(("name", "effect"), [("fail", Effect.MAYBE), ("look", Effect.NONE)])
def test_a_command_that_fails_says_what_it_may_have_changed(name, effect):
    failed = perform("command", {"run": [name]})
    assert (failed.effect, failed.retryable, failed.output["exit_code"]) == (effect, True, 3)
    assert failed.error.startswith(f"{name} ended with 3, expected 0")
    assert isinstance(perform("command", {"run": [name], "expect": [0, 3]}), Done)


def test_the_reason_that_a_command_gives_is_in_the_error():
    failed = perform("command", {"run": ["fail"]})
    assert failed.error == "fail ended with 3, expected 0: no such order."
    assert (failed.output["stdout"], failed.output["stderr"]) == ("half\n", "no such order\n")


def test_a_command_that_takes_too_long_leaves_its_effect_unknown():
    failed = perform("command", {"run": ["sleep"]}, deadline_s=0.5)
    assert (failed.error, failed.effect) == ("sleep did not end within 0.5 s.", Effect.UNKNOWN)
    assert failed.output["stdout"] == "begun\n"


def test_a_command_ends_when_it_is_told_to_stop():
    heard = []
    failed = perform("command", {"run": ["sleep"]}, say=heard.append, should_stop=lambda: bool(heard))
    assert (failed.error, failed.effect) == ("sleep was stopped.", Effect.UNKNOWN)
    assert failed.output["elapsed_ms"] < 5_000


def test_what_is_kept_of_a_flood_always_fits():
    outcome = perform("command", {"run": ["flood"]})
    assert len(json.dumps(outcome.output).encode()) < OUTPUT_LIMIT
    assert "\x00" not in outcome.output["stdout"]
    assert "characters left out" in outcome.output["stdout"]


def test_a_secret_of_the_toolbox_reaches_the_program_and_nobody_else(monkeypatch):
    monkeypatch.setenv("MUSTER_SECRET_TOKEN", "s3cret-token")
    heard = []
    outcome = perform("command", {"run": ["token"]}, say=heard.append)
    assert outcome.output["stdout"] == "[secret] /tmp\n"
    assert heard == ["[secret] /tmp\n"]


def test_a_preview_shows_what_would_be_run():
    context = Context("k", NOW, 30.0)
    text = preview_of("command", {"run": ["greet", "world", "7"]}, context)
    assert text.startswith('Run ["/bin/echo", "hello", "world", "7"] in / with at most 30 s, 512 MB')


def test_a_preview_of_a_command_with_a_secret_shows_none(monkeypatch):
    monkeypatch.setenv("MUSTER_SECRET_TOKEN", "s3cret-token")
    assert "s3cret" not in preview_of("command", {"run": ["token"]}, Context("k", NOW, 30.0))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "run"),
        ({"run": "ls -l"}, "run"),
        ({"run": []}, "run"),
        ({"run": [["ls"]]}, "run"),
        ({"run": ["x", True]}, "run"),
        ({"run": ["x"], "expect": "ok"}, "expect"),
        ({"run": ["x"], "expect": [300]}, "expect"),
        ({"run": ["x"], "shell": True}, "shell"),
    ],
)
def test_a_wrong_configuration_names_its_field(given, field):
    with pytest.raises(BadConfig) as caught:
        actions.get("command").parse(given)
    assert caught.value.name == field
