"""The operator's toolbox: read from one file, refused with the place of a mistake, read again when it changes."""

import os

import pytest

from plumbing.toolbox import SECTIONS, BadToolbox, Command, Connection, NotInToolbox, everything, find


@pytest.fixture
def toolbox(settings, tmp_path):
    """toolbox(text) puts this text into the file."""
    path = tmp_path / "toolbox.toml"
    settings.TOOLBOX_FILE = str(path)

    def put(text: str) -> None:
        path.write_text(text)

    return put


def test_a_thing_is_found_by_its_name_with_defaults(toolbox):
    toolbox('[commands.uptime]\nrun = ["/usr/bin/uptime"]\nchanges = false\n')
    assert find("commands", "uptime", Command) == Command(["/usr/bin/uptime"], changes=False)
    assert everything("connections", Connection) == {}


def test_what_is_not_there_is_refused_with_what_is(toolbox, settings):
    toolbox('[commands.uptime]\nrun = ["/usr/bin/uptime"]\n')
    with pytest.raises(NotInToolbox, match=r"no \[commands\.uptim\] in this worker's toolbox .*Did you mean uptime\?"):
        find("commands", "uptim", Command)
    settings.TOOLBOX_FILE = ""
    with pytest.raises(NotInToolbox, match="It has: none"):
        find("commands", "uptime", Command)


def test_a_changed_file_is_read_again(toolbox, settings):
    toolbox('[connections.a]\nurl = "sqlite:////a"\n')
    assert set(everything("connections", Connection)) == {"a"}
    toolbox('[connections.b]\nurl = "sqlite:////b"\n')
    os.utime(settings.TOOLBOX_FILE, (1, 1))
    assert set(everything("connections", Connection)) == {"b"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[commands", "is no TOML"),
        ("[comands.x]\nrun = []", r"\[comands\] is none of commands, connections"),
        ("commands = 3", r"\[commands\] is none of"),
        ('[commands."Big One"]\nrun = []', "expected a name of small letters"),
        ("[commands]\nx = 3", r"\[commands\.x\]: expected a table"),
        ("[commands.x]", r"\[commands\.x\], run: missing"),
        ('[commands.x]\nrun = "ls -l"', r"run: found 'ls -l', expected a list of texts"),
        ("[commands.x]\nrun = [3]", r"run: found \[3\], expected a list of texts"),
        ('[commands.x]\nrun = ["/bin/ls"]\ncpu_s = true', "cpu_s: found bool True, expected int"),
        ('[commands.x]\nrun = ["/bin/ls"]\nshell = true', "shell: unknown; expected run, args"),
    ],
)
def test_a_mistake_is_told_with_its_place(toolbox, text, says):
    toolbox(text)
    with pytest.raises(BadToolbox, match=says):
        find("commands", "x", Command)


def test_a_file_that_is_not_there_is_told(settings, tmp_path):
    settings.TOOLBOX_FILE = str(tmp_path / "absent.toml")
    with pytest.raises(BadToolbox, match=r"absent\.toml can't be read: No such file"):
        find("commands", "x", Command)


def test_every_field_of_every_thing_documents_itself():
    for kind in SECTIONS.values():
        for field in kind.__dataclass_fields__.values():
            assert len(field.metadata["about"]) > 5
