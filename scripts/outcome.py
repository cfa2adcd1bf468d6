"""What the parts of `make test` came to: read from pytest's reports, told in one table."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

EXCUSED = (
    "shared data missing",  # recorded inputs beside the checkout: a fresh clone may not have them
    "veraPDF is missing",  # no package brings it; pikepdf looks at the same document in every run
)


@dataclass
class Outcome:
    """One part: did it pass, how long did it take, which tests did it run and skip (name -> reason)."""

    part: str
    passed: bool
    seconds: float
    note: str = ""
    ran: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)


def read_report(file: Path) -> tuple[set[str], dict[str, str]]:
    """(tests that ran, tests that were skipped and why) of a JUnit file; nothing when there is no file."""
    if not file.exists():
        return set(), {}
    ran: set[str] = set()
    skipped: dict[str, str] = {}
    for case in ElementTree.parse(file).iter("testcase"):  # noqa: S314 (pytest wrote it a moment ago)
        name = f"{case.get('classname')}::{case.get('name')}"
        skip = case.find("skipped")
        if skip is None:
            ran.add(name)
        else:
            skipped[name] = skip.get("message") or "no reason given"
    return ran, skipped


def ran_nowhere(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Tests that every part skipped, with the reason: what one part leaves out, another may have run."""
    everything = list(outcomes)
    ran = set().union(*(outcome.ran for outcome in everything))
    skipped = {name: why for outcome in everything for name, why in outcome.skipped.items()}
    return {name: why for name, why in sorted(skipped.items()) if name not in ran}


def is_failure(outcomes: Iterable[Outcome], *, strict: bool) -> bool:
    """strict (CI): a test that ran nowhere fails the whole, unless the inputs it needs aren't there."""
    everything = list(outcomes)
    if any(not outcome.passed for outcome in everything):
        return True
    return strict and any(not why.startswith(EXCUSED) for why in ran_nowhere(everything).values())


def table(outcomes: Iterable[Outcome]) -> str:
    """The last thing that a reader sees, so the bad news comes last."""
    everything = list(outcomes)
    lines = [f"{'part':<12} {'result':<8} {'seconds':>8} {'tests':>6} {'skipped':>8}"]
    for one in everything:
        result = "ok" if one.passed else "FAILED"
        line = f"{one.part:<12} {result:<8} {one.seconds:>8.1f} {len(one.ran):>6} {len(one.skipped):>8}  {one.note}"
        lines.append(line.rstrip())
    nowhere = ran_nowhere(everything)
    for reason in sorted(set(nowhere.values())):
        names = [name for name, why in nowhere.items() if why == reason]
        lines.append(f"DID NOT RUN: {len(names)} tests, because: {reason} (first: {names[0]})")
    lines += [f"FAILED: {one.part}. {one.note}".rstrip() for one in everything if not one.passed]
    return "\n".join(lines)
