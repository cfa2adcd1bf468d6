"""`ansible` runs real playbooks on localhost by ansible-runner, a program of its own."""

import os
import sys
import time
from pathlib import Path

import pytest

from plumbing.processes import NotStarted
from runbooks import actions
from runbooks.actions import playbooks
from runbooks.actions.base import Context, Done
from runbooks.actions.playbooks import NotInstalled
from runbooks.actions.sources import preview_of
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig
from tests.runbooks.actions.conftest import NOW, perform

pytestmark = pytest.mark.drill
FAILOVER = """
- hosts: all
  gather_facts: false
  vars: {path: "{{ folder }}/{{ inventory_hostname }}.conf"}
  tasks:
    - name: Write the configuration
      ansible.builtin.copy: {content: "primary={{ primary }}\\n", dest: "{{ path }}", mode: "0644"}
      tags: [write]
    - name: Say it
      ansible.builtin.set_stats: {data: {primary: "{{ primary }}"}, aggregate: false}
    - name: Check the quorum
      ansible.builtin.fail: {msg: "no quorum on {{ inventory_hostname }}"}
      when: primary == 'nobody'
"""
SLOW = """
- hosts: db1
  gather_facts: false
  tasks:
    - name: Begin
      ansible.builtin.file: {path: "{{ folder }}/begun", state: touch, mode: "0644"}
    - name: Wait
      ansible.builtin.command: sleep 345.678
"""
UNREACHABLE = """
- hosts: far
  gather_facts: false
  tasks:
    - name: Ask
      ansible.builtin.ping:
"""


@pytest.fixture
def project(toolbox, tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    local = f"ansible_connection=local ansible_python_interpreter={sys.executable}"
    far = "ansible_host=127.0.0.1 ansible_port=1 ansible_connection=ssh ansible_ssh_timeout=2"
    (folder / "inventory").write_text(f"db1 {local}\ndb2 {local}\n[remote]\nfar {far}\n")
    for name, text in {"failover": FAILOVER, "slow": SLOW, "far": UNREACHABLE}.items():
        (folder / f"{name}.yml").write_text(text)
    toolbox(
        f'[ansible.net]\nfolder = "{folder}"\n[ansible.some]\nfolder = "{folder}"\nplaybooks = ["slow.yml"]\n'
        f'[ansible.none]\nfolder = "{folder}"\nrunner = "/nowhere/ansible-runner"\n'
    )
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def given(project: Path, playbook="failover.yml", **more):
    variables = {"folder": str(project), "primary": "db2", **more.pop("vars", {})}
    return {"project": "net", "playbook": playbook, "vars": variables, "limit": "db1:db2", **more}


def run(given, **context):
    return perform("ansible", given, **{"deadline_s": 90.0, **context})


def processes_with(words: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if words in entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                found.append(int(entry.parent.name))
        except OSError:
            pass
    return found


def test_a_playbook_changes_hosts_and_tells_what_it_did_as_it_goes(project):
    heard = []
    outcome = run(given(project), say=lambda text: heard.append((time.monotonic(), text)))
    assert isinstance(outcome, Done), outcome
    assert (project / "db1.conf").read_text() == "primary=db2\n"
    assert outcome.output["hosts"]["db1"] == {"ok": 2, "changed": 1, "failures": 0, "unreachable": 0}
    assert (outcome.output["changed"], outcome.output["data"]) == (2, {"primary": "db2"})
    told = "\n".join(text for _, text in heard)
    assert "TASK [Write the configuration]" in told
    assert "changed: [db1]" in told
    assert len(heard) > 3  # as it goes, not at the end
    again = run(given(project))
    assert again.output["changed"] == 0


def test_a_preview_is_check_mode_and_changes_nothing(project):
    text = preview_of("ansible", given(project), Context("k", NOW, 90.0))
    assert "+primary=db2" in text
    assert "changed: [db1]" in text
    assert list(project.iterdir()) == []
    outcome = run(given(project, check=True))
    assert outcome.output["changed"] == 2
    assert list(project.iterdir()) == []


def test_a_failed_task_is_told_by_host_and_may_have_changed_something(project):
    failed = run(given(project, vars={"primary": "nobody"}, limit="db1"))
    assert failed.error == "failover.yml: db1, task 'Check the quorum': no quorum on db1"
    assert (failed.effect, failed.retryable) == (Effect.MAYBE, False)
    assert failed.output["failed"] == [{"host": "db1", "task": "Check the quorum", "message": "no quorum on db1"}]


def test_a_host_that_can_not_be_reached_changed_nothing_and_may_be_tried_again(project):
    failed = run({"project": "net", "playbook": "far.yml"})
    assert (failed.effect, failed.retryable) == (Effect.NONE, True)
    assert failed.output["hosts"]["far"]["unreachable"] == 1


def test_a_text_in_a_variable_is_never_a_template(project):
    evil = "{{ lookup('pipe', 'touch " + str(project) + "/pwned') }}"
    outcome = run(given(project, vars={"primary": evil}, limit="db1", tags=["write"]))
    assert isinstance(outcome, Done), outcome
    assert (project / "db1.conf").read_text() == f"primary={evil}\n"
    assert not (project / "pwned").exists()


@pytest.mark.parametrize("how", ["deadline", "stopped"])
def test_a_playbook_that_must_end_leaves_nobody_behind(project, how):
    begun = project / "begun"
    stop = (lambda: begun.exists()) if how == "stopped" else (lambda: False)
    began = time.monotonic()
    failed = run(given(project, "slow.yml"), deadline_s=60.0 if how == "stopped" else 6.0, should_stop=stop)
    assert failed.effect is Effect.UNKNOWN
    assert ("was stopped" if how == "stopped" else "did not end within 6 s") in failed.error
    assert begun.exists() or how == "deadline"
    assert time.monotonic() - began < 25
    ends = time.monotonic() + 5
    while processes_with("sleep 345.678") and time.monotonic() < ends:
        time.sleep(0.1)
    assert processes_with("sleep 345.678") == []
    assert processes_with(str(project)) == [] or os.getpid() in processes_with(str(project))


def test_no_secret_stays_on_the_disk(project, monkeypatch):
    folders = []
    plain = playbooks._prepare
    monkeypatch.setattr(playbooks, "_prepare", lambda home, order: folders.append(home) or plain(home, order))
    run(given(project, vars={"password": "s3cret"}, limit="db1", tags=["write"]))
    assert len(folders) == 1
    assert not folders[0].exists()


def test_folders_of_killed_workers_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(playbooks.tempfile, "gettempdir", lambda: str(tmp_path))
    for name, age_s in (("muster-ansible-old", 2 * 24 * 3600), ("muster-ansible-new", 60), ("other", 2 * 24 * 3600)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    playbooks._forget_old()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["muster-ansible-new", "other"]


def test_what_the_operator_did_not_allow_is_not_run(project):
    with pytest.raises(NotStarted, match=r"Project some allows slow\.yml, not failover\.yml"):
        run({**given(project), "project": "some"})
    with pytest.raises(NotStarted, match=r"Project net has no playbook absent\.yml"):
        run(given(project, "absent.yml"))
    with pytest.raises(NotInstalled, match=r"no /nowhere/ansible-runner\. Install requirements/ansible"):
        run({**given(project), "project": "none"})


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"playbook": "../x.yml"}, "playbook"),
        ({"playbook": "/etc/x.yml"}, "playbook"),
        ({"playbook": "--version.yml"}, "playbook"),
        ({"playbook": "x.sh"}, "playbook"),
        ({"playbook": ""}, "playbook"),
        ({"vars": ["a"]}, "vars"),
        ({"vars": {"ansible_connection": "ssh"}}, "vars"),
        ({"vars": {"a b": 1}}, "vars"),
        ({"limit": "@/etc/passwd"}, "limit"),
        ({"limit": "-e x"}, "limit"),
        ({"tags": ["a --become"]}, "tags"),
        ({"cmdline": "-e x"}, "cmdline"),
    ],
)
def test_a_wrong_configuration_names_its_field(more, field):
    with pytest.raises(BadConfig) as caught:
        actions.get("ansible").parse({"project": "net", "playbook": "x.yml", **more})
    assert caught.value.name == field
