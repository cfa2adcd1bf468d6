"""Each kind of probe against the real thing, as `verify` uses it."""

import os
import re
import socket
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from drill.programs import wait_until
from plumbing.probing import tls
from runbooks import actions
from runbooks.actions.base import Again, Done, Failed
from runbooks.actions.probe import memo_from
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig
from tests.runbooks.actions.conftest import perform, play
from tests.runbooks.actions.real import name_server, nginx, prometheus, tls_server

SERVER = os.environ.get("MUSTER_DATABASE_URL", "")


# ---- http and tcp: nginx ---------------------------------------------------------------------------------------------
@pytest.mark.drill
def test_http_and_tcp_see_nginx_fall_and_rise(toolbox, tmp_path):
    with nginx(tmp_path) as server:
        given = {"http": f"{server.url}/healthz", "for": "3s", "every": "2s", "within": "30s"}
        times, outcome = play(given, before={2: server.breaks, 4: server.heals})
        assert isinstance(outcome, Done)
        assert times == [0, 2, 4, 6, 8, 10, 12]  # good, good, bad, bad, then held for 3 s
        assert (outcome.output["value"], outcome.output["fell"]) == (200, 1)
        assert outcome.output["source"] == f"127.0.0.1:{server.port}"
        assert isinstance(perform("probe", {"tcp": f"127.0.0.1:{server.port}"}), Done)
        server.program.stop()
        dead = perform("probe", {"tcp": f"127.0.0.1:{server.port}", "within": "0s"})
        assert "no connection: refused" in dead.error


@pytest.mark.drill
def test_a_service_that_comes_and_goes_is_called_flapping(toolbox, tmp_path):
    with nginx(tmp_path) as server:
        given = {"http": f"{server.url}/healthz", "for": "10s", "every": "1s", "within": "10m", "flaps": 2}
        turns = {call: (server.heals, server.breaks)[call % 2] for call in range(1, 20)}
        times, outcome = play(given, before=turns)
    assert isinstance(outcome, Failed)
    assert "flapping: good and bad again 3 times, at most 2 are taken" in outcome.error
    assert times[-1] == 5.0  # long before `within`
    assert outcome.effect is Effect.NONE


# ---- log: what nginx writes ------------------------------------------------------------------------------------------
@pytest.mark.drill
def test_a_line_that_nginx_writes_after_the_start_is_found(toolbox, tmp_path):
    toolbox(f'[logs.nginx]\nfolder = "{tmp_path}"\n')
    with nginx(tmp_path) as server:
        line = {"file": f"{tmp_path}/error.log", "matches": "signal 1 .SIGHUP. received.*reconfiguring"}

        def reload():
            before = (tmp_path / "error.log").read_text().count("reconfiguring")
            server.reload()
            written = lambda: (tmp_path / "error.log").read_text().count("reconfiguring") > before  # noqa: E731
            wait_until("nginx wrote it", written, within_s=5)

        reload()  # its line is older than the probe
        times, outcome = play({"log": line, "every": "1s"}, before={2: reload})
    assert isinstance(outcome, Done)
    assert len(times) == 3
    assert "reconfiguring" in outcome.output["value"]


def log_of(tmp_path, *lines):
    file = tmp_path / "app.log"
    with file.open("a") as log:
        log.writelines(f"{line}\n" for line in lines)
    return {"log": {"file": str(file), "matches": "^ready in [0-9]+ ms$"}}


def test_a_log_is_read_from_where_it_ended_at_the_start(toolbox, tmp_path):
    toolbox(f'[logs.app]\nfolder = "{tmp_path}"\n')
    given = log_of(tmp_path, "ready in 1 ms")
    first = perform("probe", given)
    assert isinstance(first, Again)
    log_of(tmp_path, "starting", "ready in 20 ms")
    found = perform("probe", given, memo=first.memo, waited_s=2.0)
    assert found.output["value"] == "ready in 20 ms"


def test_a_baseline_before_the_action_hands_its_position_on(toolbox, tmp_path):
    toolbox(f'[logs.app]\nfolder = "{tmp_path}"\n')
    given = log_of(tmp_path, "old")
    baseline = perform("probe", {**given, "within": 0})
    log_of(tmp_path, "ready in 7 ms")  # the action did it before the verification began
    assert isinstance(perform("probe", given), Again)
    assert isinstance(perform("probe", given, memo=memo_from(baseline.output)), Done)


@pytest.mark.parametrize("how", ["moved", "emptied", "not there yet"])
def test_a_log_is_followed_across_its_rotation(toolbox, tmp_path, how):
    toolbox(f'[logs.app]\nfolder = "{tmp_path}"\n')
    file = tmp_path / "app.log"
    given = log_of(tmp_path, *["old line"] * 100)
    if how == "not there yet":
        file.unlink()
    first = perform("probe", given)
    if how == "moved":
        file.rename(tmp_path / "app.log.1")
    elif how == "emptied":
        file.write_text("")
    log_of(tmp_path, "ready in 3 ms")
    assert isinstance(perform("probe", given, memo=first.memo, waited_s=2.0), Done)


def test_a_line_that_was_written_stays_written(toolbox, tmp_path):
    toolbox(f'[logs.app]\nfolder = "{tmp_path}"\n')
    given = {**log_of(tmp_path, "old"), "for": "4s", "every": "2s"}
    times, outcome = play(given, before={1: lambda: log_of(tmp_path, "ready in 5 ms")})
    assert isinstance(outcome, Done)
    assert (times, outcome.output["value"]) == ([0, 2, 4, 6], "ready in 5 ms")


def test_a_line_that_is_half_written_is_read_when_it_is_whole(toolbox, tmp_path):
    toolbox(f'[logs.app]\nfolder = "{tmp_path}"\n')
    given = log_of(tmp_path, "old")
    first = perform("probe", given)
    with (tmp_path / "app.log").open("a") as log:
        log.write("ready in 12")
        log.flush()
        second = perform("probe", given, memo=first.memo, waited_s=2.0)
        assert isinstance(second, Again)
        log.write("3 ms\n")
    assert perform("probe", given, memo=second.memo, waited_s=4.0).output["value"] == "ready in 123 ms"


def test_a_flood_of_lines_is_read_piece_by_piece(toolbox, tmp_path):
    toolbox(f'[logs.app]\nfolder = "{tmp_path}"\n')
    given = log_of(tmp_path, "old")
    first = perform("probe", given)
    log_of(tmp_path, *["x" * 99] * 15_000, "ready in 9 ms")
    second = perform("probe", given, memo=first.memo, waited_s=2.0)
    assert isinstance(second, Again)
    assert "in 1000000 new bytes" in second.memo["detail"] or "new bytes" in second.memo["detail"]
    assert isinstance(perform("probe", given, memo=second.memo, waited_s=4.0), Done)


def test_only_files_of_opened_folders_are_read_links_or_not(toolbox, tmp_path):
    opened = tmp_path / "logs"
    opened.mkdir()
    toolbox(f'[logs.app]\nfolder = "{opened}"\n')
    (opened / "passwords").symlink_to("/etc/passwd")
    for file in ("/etc/passwd", f"{opened}/passwords", f"{opened}/../toolbox.toml"):
        with pytest.raises(Exception, match=r"There is no \[logs"):
            perform("probe", {"log": {"file": file, "matches": "root"}})


# ---- dns -------------------------------------------------------------------------------------------------------------
RECORDS = {
    ("orders.bank.example", "A"): ["192.0.2.7", "192.0.2.8"],
    ("orders.bank.example", "TXT"): ['"v=1 ready"'],
    ("www.bank.example", "CNAME"): ["orders.bank.example."],
}


@pytest.mark.parametrize(
    ("given", "good", "detail"),
    [
        ({"name": "orders.bank.example"}, True, "192.0.2.7, 192.0.2.8"),
        ({"name": "orders.bank.example", "expect": ["192.0.2.8"]}, True, "192.0.2.7, 192.0.2.8"),
        ({"name": "orders.bank.example", "expect": ["192.0.2.9"]}, False, "192.0.2.7, 192.0.2.8, expected 192.0.2.9"),
        ({"name": "orders.bank.example", "type": "TXT"}, True, "v=1 ready"),
        ({"name": "www.bank.example", "type": "CNAME", "expect": ["orders.bank.example"]}, True, "orders.bank.example"),
        ({"name": "orders.bank.example", "type": "MX"}, False, "the name has no MX record"),
        ({"name": "gone.bank.example"}, False, "no such name"),
    ],
)
def test_dns_asks_the_named_server(toolbox, given, good, detail):
    with name_server(RECORDS) as server:
        outcome = perform("probe", {"dns": {**given, "server": server}, "within": "0s"})
    assert (isinstance(outcome, Done), outcome.output["detail"]) == (good, detail)
    assert outcome.output["source"] == f"dns {server}"


def test_dns_asks_no_server_that_is_not_allowed(toolbox, settings):
    settings.EGRESS_ALLOW = []
    heard = []
    with name_server(RECORDS, heard.append) as server:
        outcome = perform("probe", {"dns": {"name": "orders.bank.example", "server": server}, "within": "0s"})
    assert f"MUSTER_EGRESS_ALLOW={server}" in outcome.error
    assert heard == []


def test_dns_does_not_wait_for_a_server_that_is_silent(toolbox):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        given = {"dns": {"name": "orders.bank.example", "server": server}, "timeout": "300ms", "within": "0s"}
        outcome = perform("probe", given)
    assert outcome.output["detail"] == "no answer within 0.3 s"
    assert 250 <= outcome.output["latency_ms"] < 2_000


# ---- tls -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("served", "asked", "good", "says"),
    [
        ({}, {"days": 1}, True, r"^1\.9\d* days left|^2\.0 days left"),
        ({}, {"days": 14}, False, "days left .*, expected 14 days"),
        ({"age_days": 5}, {"days": 1}, False, r"expired 3\.0 days ago"),
        (
            {"name": "other.bank.example"},
            {"days": 1},
            False,
            "not trusted: .*127.0.0.1",
        ),
        ({"name": "api.bank.example"}, {"days": 1, "name": "api.bank.example"}, True, "days left"),
    ],
)
def test_tls_tells_how_long_a_certificate_lasts_and_who_trusts_it(
    toolbox, tmp_path, monkeypatch, served, asked, good, says
):
    with tls_server(tmp_path, **served) as (port, trusting):
        monkeypatch.setattr(tls, "system_tls", lambda: trusting)
        outcome = perform("probe", {"tls": {"address": f"127.0.0.1:{port}", **asked}, "within": "0s"})
    assert isinstance(outcome, Done) is good, outcome
    assert re.search(says, outcome.output["detail"]), outcome.output["detail"]
    assert outcome.output["value"] == pytest.approx(-3.0 if served.get("age_days") else 2.0, abs=0.1)


def test_tls_does_not_trust_an_authority_that_nobody_knows(toolbox, tmp_path):
    with tls_server(tmp_path) as (port, _):
        outcome = perform("probe", {"tls": {"address": f"127.0.0.1:{port}", "days": 1}, "within": "0s"})
    assert "not trusted: unable to get local issuer certificate" in outcome.error
    assert outcome.output["value"] == pytest.approx(2.0, abs=0.1)


def test_tls_on_a_port_that_speaks_no_tls_is_told(toolbox, tmp_path):
    with name_server(RECORDS) as server:  # nobody listens on TCP there
        outcome = perform("probe", {"tls": {"address": server}, "within": "0s"})
    assert "no connection: refused" in outcome.error


# ---- sql -------------------------------------------------------------------------------------------------------------
@pytest.mark.postgres
def test_sql_asks_postgresql_and_judges_its_answer(toolbox):
    toolbox(f'[connections.orders]\nurl = "{SERVER}"\n')
    query = "select count(*) as n, max(setting) as port from pg_settings where name = :name"
    given = {
        "sql": {
            "connection": "orders",
            "query": query,
            "params": {"name": "port"},
            "expect": "row.n == 1 && count == 1",
        }
    }
    outcome = perform("probe", given)
    assert isinstance(outcome, Done)
    assert (outcome.output["value"], outcome.output["source"]) == (1, "sql orders")
    given["sql"]["expect"] = "value > 1"
    bad = perform("probe", {**given, "within": "0s"})
    assert bad.output["detail"] == "1, expected value > 1"


def test_sql_asks_sqlite_until_the_answer_is_right(toolbox, tmp_path):
    file = tmp_path / "x.sqlite3"
    connection = sqlite3.connect(file)
    connection.execute("create table backlog (n int)")
    connection.execute("insert into backlog values (9)")
    connection.commit()
    toolbox(f'[connections.local]\nurl = "sqlite:///{file}"\n')
    given = {"sql": {"connection": "local", "query": "select n from backlog", "expect": "value < 5"}, "every": "1s"}

    def shrink():
        connection.execute("update backlog set n = 3")
        connection.commit()

    times, outcome = play(given, before={2: shrink})
    connection.close()
    assert (len(times), outcome.output["value"]) == (3, 3)


# ---- prometheus ------------------------------------------------------------------------------------------------------
@pytest.mark.drill
def test_prometheus_gives_the_number_that_it_scraped_from_nginx(toolbox, tmp_path):
    (tmp_path / "web").mkdir()
    (tmp_path / "prom").mkdir()
    with nginx(tmp_path / "web") as web, prometheus(tmp_path / "prom", f"127.0.0.1:{web.port}") as url:
        toolbox(f'[prometheus.default]\nurl = "{url}"\n')
        asked = {"prometheus": {"query": "max(orders_lag_seconds)", "expect": "value <= 7.0"}, "every": "1s"}
        ends = time.monotonic() + 20
        while not isinstance(outcome := perform("probe", asked), Done):
            assert time.monotonic() < ends, outcome
            time.sleep(0.3)  # the first scrape
        assert (outcome.output["value"], outcome.output["source"]) == (7.0, "prometheus default")
        bad = perform("probe", {"prometheus": {**asked["prometheus"], "expect": "value < 5.0"}, "within": "0s"})
        assert bad.output["detail"] == "7, expected value < 5.0"
        several = {"query": "orders_lag_seconds", "expect": "value < 5.0", "server": url}
        assert "gives 2 series" in perform("probe", {"prometheus": several, "within": "0s"}).error
        nothing = {"query": "absent_metric", "expect": "value < 5.0"}
        assert "no data" in perform("probe", {"prometheus": nothing, "within": "0s"}).error


# ---- command ---------------------------------------------------------------------------------------------------------
def test_a_command_that_changes_nothing_may_be_a_probe(toolbox):
    toolbox(
        f'[commands.check]\nrun = ["{sys.executable}", "-I", "-S", "-c", "import sys; print(41 + int(sys.argv[1]))"]\n'
        'args = ["[0-9]"]\nchanges = false\n[commands.act]\nrun = ["/bin/true"]\n'
    )
    good = perform("probe", {"command": {"run": ["check", 1], "expect": "stdout.startsWith('42')"}})
    assert isinstance(good, Done)
    assert (good.output["detail"], good.output["source"]) == ("ended with 0: 42", "command check")
    bad = perform("probe", {"command": {"run": ["check", "2"], "expect": "stdout.startsWith('42')"}, "within": "0s"})
    assert "ended with 0: 43, expected stdout.startsWith('42')" in bad.error
    with pytest.raises(Exception, match="act may change something; a probe takes commands with `changes = false` only"):
        perform("probe", {"command": {"run": ["act"]}})


# ---- configurations --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"dns": {"name": "x", "type": "ANY"}}, "dns.type"),
        ({"dns": {"name": "no name"}}, "dns.name"),
        ({"dns": {"name": "x", "server": "ns.example"}}, "dns.server"),
        ({"dns": {"names": "x"}}, "dns.names"),
        ({"tls": {"address": "a:b"}}, "tls.address"),
        ({"tls": {"address": "a:1", "days": "many"}}, "tls.days"),
        ({"sql": "select 1"}, "sql"),
        ({"sql": {"connection": "a", "query": "drop table x", "expect": "true"}}, "sql.query"),
        ({"sql": {"connection": "a", "query": "select :x", "expect": "true"}}, "sql.params"),
        ({"sql": {"connection": "a", "query": "select 1", "expect": "value <"}}, "sql.expect"),
        ({"sql": {"connection": "a", "query": "select 1"}}, "sql.expect"),
        ({"prometheus": {"query": "", "expect": "true"}}, "prometheus.query"),
        ({"command": {"run": []}}, "command.run"),
        ({"command": {"run": "ls -l"}}, "command.run"),
        ({"log": {"file": "app.log", "matches": "x"}}, "log.file"),
        ({"log": {"file": "/a", "matches": "("}}, "log.matches"),
        ({"log": {"file": "/a", "matches": "(?=x)"}}, "log.matches"),
        ({"tcp": "a:1", "expect": "2xx"}, "expect"),
        ({"tcp": "a:1", "flaps": -1}, "flaps"),
        ({"tcp": "a:1", "dns": "x"}, "tcp"),
    ],
)
def test_a_wrong_question_names_its_field(given, field):
    with pytest.raises(BadConfig) as caught:
        actions.get("probe").parse(given)
    assert caught.value.name == field


def test_short_forms_are_questions_too():
    probe = actions.get("probe")
    assert probe.parse({"dns": "api.bank.example"}).question.name == "api.bank.example"
    assert probe.parse({"tls": "api.bank.example"}).question.days == 14
    assert Path(probe.parse({"log": {"file": "/var/log/x", "matches": "a"}}).question.target) == Path("/var/log/x")
