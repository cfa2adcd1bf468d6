"""Real children: what they get, what they leave behind, and that none of them outlives its welcome."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from plumbing import processes
from plumbing.printed import Kept, Lines, cleaned, shortened
from plumbing.processes import Limits, NotStarted, run
from plumbing.secrets import reveal, watched

PYTHON = sys.executable


def python(code: str, **options):
    return run([PYTHON, "-I", "-S", "-c", code], **{"deadline_s": 10, **options})


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(pid: int, seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < ends:
        time.sleep(0.02)
    return not is_alive(pid)


def test_a_program_gets_its_words_as_they_are_and_no_shell_reads_them():
    ended = run(["/bin/echo", "$(id)", "a b", "; rm -rf /", "*"], deadline_s=5)
    assert (ended.exit_code, ended.stdout, ended.stderr, ended.cut) == (0, "$(id) a b ; rm -rf / *\n", "", "")
    assert ended.elapsed_ms < 2_000


def test_a_child_inherits_nothing_of_ours(monkeypatch):
    monkeypatch.setenv("MUSTER_SECRET_TOKEN", "s3cret-token")
    ended = python("import os, sys; print(sorted(os.environ)); print(sys.stdin.read() == '')", env={"EXTRA": "1"})
    assert ended.stdout == "['EXTRA', 'HOME', 'LANG', 'PATH']\nTrue\n"
    opened = python("import os; print(sorted(os.listdir('/proc/self/fd')))").stdout
    assert opened == "['0', '1', '2', '3']\n"  # 3 is the folder that is being listed


def test_an_environment_is_not_on_the_command_line():
    code = "import os; print(open(f'/proc/{os.getpid()}/cmdline').read())"
    assert "s3cret" not in python(code, env={"TOKEN": "s3cret-token"}).stdout


def test_a_program_that_is_none_is_refused_with_its_reason(tmp_path):
    with pytest.raises(NotStarted, match="/nowhere/tool can't be run: No such file or directory"):
        run(["/nowhere/tool"], deadline_s=5)
    with pytest.raises(NotStarted, match="No such file or directory"):
        run(["/bin/true"], deadline_s=5, folder=str(tmp_path / "absent"))
    plain = tmp_path / "plain"
    plain.write_text("no program")
    with pytest.raises(NotStarted, match="Permission denied"):
        run([str(plain)], deadline_s=5)


def test_exit_codes_and_signals_are_told_in_words():
    assert python("raise SystemExit(3)").how == "ended with 3"
    assert python("import os; os.kill(os.getpid(), 11)").how == "was ended by SIGSEGV"


def test_a_child_that_takes_too_long_is_told_to_end():
    began = time.monotonic()
    ended = python("import time; print('here', flush=True); time.sleep(60)", deadline_s=0.5)
    assert (ended.cut, ended.how, ended.stdout) == ("deadline", "was ended by SIGTERM", "here\n")
    assert time.monotonic() - began < 2


def test_a_child_that_does_not_listen_is_killed_with_its_children():
    code = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = os.fork()\nif child: print(os.getpid(), child, flush=True)\ntime.sleep(60)"
    )
    ended = python(code, deadline_s=0.5, limits=Limits(grace_s=0.3))
    assert ended.how == "was ended by SIGKILL"
    parent, child = map(int, ended.stdout.split())
    assert gone_within(parent, 1)
    assert gone_within(child, 1)


def test_a_child_ends_when_it_should_stop():
    asked = []
    ended = python("import time; time.sleep(60)", should_stop=lambda: len(asked) > 2 or asked.append(1))
    assert ended.cut == "stopped"
    assert ended.elapsed_ms < 3_000


def test_what_a_child_leaves_in_the_background_is_ended_with_it():
    code = "import os, time\nif os.fork() == 0: time.sleep(60)\nelse: print(os.getpid())"
    ended = python(code)
    assert (ended.exit_code, ended.cut) == (0, "")
    assert ended.elapsed_ms < 3_000
    code = "import os, time\nchild = os.fork()\nif child == 0: time.sleep(60)\nelse: print(child)"
    assert gone_within(int(python(code).stdout), 1)


def test_a_child_that_detaches_itself_twice_is_found_and_ended():
    code = (
        "import os, time\nif os.fork(): os._exit(0) if not time.sleep(0.3) else 0\nos.setsid()\n"
        "if os.fork(): os._exit(0)\nprint(os.getpid(), flush=True)\nos.close(1); os.close(2); time.sleep(60)"
    )
    ended = python(code)
    assert (ended.exit_code, ended.cut) == (0, "")
    assert gone_within(int(ended.stdout), 0.5)


def test_a_child_that_closes_its_outputs_is_still_waited_for():
    code = "import os, time; os.close(1); os.close(2); time.sleep(0.5); os._exit(4)"
    ended = python(code)
    assert (ended.exit_code, ended.elapsed_ms >= 500) == (4, True)


@pytest.mark.parametrize(
    ("limits", "code", "says"),
    [
        (Limits(memory_mb=200), "x = bytearray(400_000_000)", "MemoryError"),
        (Limits(files=16), "fs = [open('/dev/null') for _ in range(20)]", "Too many open files"),
        (Limits(file_mb=1), "import os\nwith open(os.environ['F'], 'wb') as f: f.write(bytes(3_000_000))", "too large"),
    ],
)
def test_a_limit_is_felt_by_the_child_alone(limits, code, says, tmp_path):
    ended = python(
        f"import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n{code}",
        limits=limits,
        env={"F": str(tmp_path / "f")},
    )
    assert (ended.exit_code, says in ended.stderr) == (1, True)


def test_a_child_that_burns_the_processor_is_ended():
    ended = python("while True: pass", limits=Limits(cpu_s=1))
    assert ended.exit_code in (-9, -24)
    assert ended.elapsed_ms < 8_000


def test_a_child_and_its_children_die_with_the_worker_that_started_them(tmp_path):
    pid_file = tmp_path / "pid"
    inner = (
        "import os, time; child = os.fork(); child or os.setsid()\n"
        f"if child: open({str(pid_file)!r}, 'w').write(str(child))\ntime.sleep(60)"
    )
    outer = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'\n"
        f"from plumbing.processes import run; run([{PYTHON!r}, '-c', {inner!r}], deadline_s=60)"
    )
    worker = subprocess.Popen([PYTHON, "-c", outer], env={**os.environ, "MUSTER_MODE": "test"})
    try:
        ends = time.monotonic() + 10
        while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < ends:
            time.sleep(0.02)
        child = int(pid_file.read_text())
        assert is_alive(child)
    finally:
        worker.kill()
        worker.wait()
    assert gone_within(child, 2)


def test_output_is_bounded_and_its_ends_are_kept():
    ended = python("for n in range(100_000): print('line', n)")
    assert len(ended.stdout) < 2 * 64 * 1024 + 100
    assert ended.stdout.startswith("line 0\nline 1\n")
    assert ended.stdout.endswith("line 99999\n")
    assert "bytes left out" in ended.stdout


def test_lines_come_as_they_are_printed():
    heard = []
    code = "import time\nfor n in 1, 2, 3: print('line', n, flush=True); time.sleep(0.3)"
    python(code, say=lambda text: heard.append((text, time.monotonic())))
    assert [text for text, _ in heard] == ["line 1\n", "line 2\n", "line 3\n"]
    assert heard[2][1] - heard[0][1] > 0.4


def test_a_flood_is_shown_up_to_a_bound():
    heard = []
    python("for n in range(200_000): print('x' * 50)", say=heard.append)
    assert 64_000 <= sum(map(len, heard)) < 64_200
    assert heard[-1].endswith("the rest isn't shown live.\n")


def test_no_secret_is_printed_even_where_pieces_are_cut(monkeypatch):
    monkeypatch.setenv("MUSTER_SECRET_TOKEN", "s3cret-token-of-ours")
    heard = []
    with watched():
        reveal("token")
        lines, kept = Lines(heard.append), Kept()
        for piece in (b"begin s3cret-tok", b"en-of-ours end\npar", b"t", b"ly"):
            lines.add("out", piece)
            kept.add(piece)
        lines.close()
        for _ in range(20_000):
            kept.add(b"12345678901 s3cret-token-of-ours\n")
        text = kept.text()
    assert heard == ["begin [secret] end\n", "partly\n"]
    assert "s3cret" not in text
    assert "bytes left out" in text


def test_what_no_page_can_show_is_cleaned_away():
    assert cleaned("\x1b[31mred\x1b[0m\r\nbell\x07 nul\x00 tab\t \x1b]0;title\x07end") == "red\nbell nul tab\t end"
    assert shortened("x" * 100, 200) == "x" * 100
    assert len(shortened("x" * 10_000, 1_000)) <= 1_000


def test_a_step_costs_little_more_than_the_program():
    took = sorted(run(["/bin/true"], deadline_s=5).elapsed_ms for _ in range(5))
    assert took[2] < 500, took
    assert processes.ASK_EVERY_S <= 0.1
