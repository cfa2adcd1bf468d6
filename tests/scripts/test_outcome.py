"""What `make test` concludes from its parts: no silent skip, no green without tests."""

import pytest

from scripts.outcome import Outcome, is_failure, ran_nowhere, read_report, table

REPORT = """<testsuites><testsuite>
  <testcase classname="tests.a" name="test_one"/>
  <testcase classname="tests.a" name="test_two"><skipped message="needs PostgreSQL"/></testcase>
  <testcase classname="tests.a" name="test_bad"><failure message="no"/></testcase>
</testsuite></testsuites>"""


def part(name, *, passed=True, ran=(), skipped=None):
    return Outcome(name, passed, 1.0, "", set(ran), skipped or {})


def test_a_report_tells_what_ran_and_why_the_rest_did_not(tmp_path):
    file = tmp_path / "report.xml"
    file.write_text(REPORT)
    assert read_report(file) == ({"tests.a::test_one", "tests.a::test_bad"}, {"tests.a::test_two": "needs PostgreSQL"})


def test_a_part_that_wrote_no_report_ran_nothing(tmp_path):
    assert read_report(tmp_path / "missing.xml") == (set(), {})


def test_a_test_skipped_in_one_part_may_run_in_another():
    outcomes = [part("sqlite", skipped={"t": "needs PostgreSQL"}), part("postgresql", ran={"t"})]
    assert ran_nowhere(outcomes) == {}
    assert not is_failure(outcomes, strict=True)


@pytest.mark.parametrize(
    ("reason", "strict", "fails"),
    [
        ("needs PostgreSQL", True, True),
        ("needs PostgreSQL", False, False),
        ("shared data missing at ../shared", True, False),
        ("veraPDF is missing: it is no Debian package", True, False),
    ],
)
def test_a_test_that_ran_nowhere_fails_ci_unless_its_inputs_are_missing(reason, strict, fails):
    outcomes = [part("sqlite", ran={"other"}, skipped={"t": reason})]
    assert is_failure(outcomes, strict=strict) is fails
    assert f"DID NOT RUN: 1 tests, because: {reason} (first: t)" in table(outcomes)


def test_a_failed_part_fails_the_whole_and_is_named_last():
    outcomes = [part("sqlite", passed=False), part("drill")]
    assert is_failure(outcomes, strict=False)
    assert table(outcomes).splitlines()[-1] == "FAILED: sqlite."
