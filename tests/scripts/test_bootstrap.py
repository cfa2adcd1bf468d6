"""A machine that can't run Muster gets one sentence that says what was found and what is needed."""

import pytest

from scripts import bootstrap


@pytest.fixture
def house(tmp_path, monkeypatch):
    """An empty checkout with a lock of one line; nothing is really installed."""
    (tmp_path / "requirements").mkdir()
    for group in ("base", "dev"):
        (tmp_path / "requirements" / f"{group}.txt").write_text(f"# {group}\n")
    monkeypatch.setattr(bootstrap, "HOUSE", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    return tmp_path


@pytest.fixture
def installed(house, monkeypatch):
    """The locks that were installed, in order; the virtual environment counts as made."""
    names = []
    (house / ".venv").mkdir()
    monkeypatch.setattr(bootstrap, "works", lambda python: True)
    monkeypatch.setattr(bootstrap, "install", lambda lock: names.append(lock.name))
    return names


def test_the_lock_is_installed_once_and_again_when_it_changes(house, installed):
    for _ in range(2):
        assert bootstrap.main(["base"]) == 0
    assert installed == ["base.txt"]
    (house / "requirements" / "base.txt").write_text("# base, newer\n")
    assert bootstrap.main(["base"]) == 0
    assert installed == ["base.txt", "base.txt"]


def test_what_tests_need_includes_what_running_needs(installed):
    assert bootstrap.main(["dev"]) == 0
    assert bootstrap.main(["base"]) == 0
    assert installed == ["dev.txt"]


def test_a_failed_installation_is_tried_again(house, installed, monkeypatch):
    def fail(lock):
        raise bootstrap.Refused("pip's reason is above.")

    with monkeypatch.context() as broken:
        broken.setattr(bootstrap, "install", fail)
        assert bootstrap.main(["base"]) == 1
    assert bootstrap.main(["base"]) == 0
    assert installed == ["base.txt"]


def test_a_wrong_python_is_named_with_the_right_ones(house, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "version_of", lambda python: (3, 8))
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 8, 18))
    assert bootstrap.main(["base"]) == 1
    wrong = f"muster: Found Python 3.8.18 at {bootstrap.sys.executable}; Muster needs Python 3.11, 3.12 or 3.13.\n"
    assert capsys.readouterr().err == wrong


def test_another_python_on_the_path_is_taken_when_this_one_does_not_fit(monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 8, 18))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/opt/{name}")
    monkeypatch.setattr(bootstrap, "version_of", lambda python: (3, 12) if python == "/opt/python3.12" else (3, 8))
    assert bootstrap.suitable_python() == "/opt/python3.12"


def test_an_unwritable_folder_is_named(house, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.os, "access", lambda path, mode: False)
    assert bootstrap.main(["base"]) == 1
    assert capsys.readouterr().err == f"muster: Can't write to the folder {house}: it must be writable for you.\n"


def test_without_the_venv_package_and_root_the_command_is_named(house, monkeypatch, capsys):
    answer = bootstrap.subprocess.CompletedProcess([], 1, b"ensurepip is not available")
    monkeypatch.setattr(bootstrap, "version_of", lambda python: (3, 11) if "venv" not in python else None)
    monkeypatch.setattr(bootstrap, "suitable_python", lambda: "python3.11")
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *_, **__: answer)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    assert bootstrap.main(["base"]) == 1
    assert "run `apt-get install python3.11-venv` as root" in capsys.readouterr().err
