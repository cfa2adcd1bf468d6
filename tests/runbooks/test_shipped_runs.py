"""The runbooks of the demo, started for real and taken to their end: rows, workers, people, locks, probes."""

import re
import time
from typing import Any

import pytest

from approvals import services as approvals
from approvals.models import ApprovalRequest
from plumbing import clock
from runbooks import services
from runbooks.engine import shell, worker
from runbooks.engine.graph import spec_of
from runbooks.engine.reading import definition_of_run
from runbooks.models import Run
from runbooks.states import Role
from tests.runbooks.conftest import due, kinds, states
from tests.runbooks.shipped import FOLDER
from tests.runbooks.web import Web, web_server

pytestmark = pytest.mark.django_db

QUICK = {
    r"for: (\d+)s": "for: 300ms",
    r"for: 1m": "for: 300ms",
    r"every: [15]s": "every: 1s",
    r"delay: 2s": "delay: 50ms",
}
LONGEST_S = 60


def quick(name: str) -> str:
    """The shipped text with short waits: what takes a while at night takes a moment here."""
    text = (FOLDER / f"{name}.yaml").read_text()
    for pattern, short in QUICK.items():
        text = re.sub(pattern, short, text)
    return text


@pytest.fixture
def web(settings):
    settings.EGRESS_ALLOW = ["127.0.0.1"]
    with web_server() as server:
        yield server


@pytest.fixture
def bank(make_service, owner, edge):
    """The services that the demo's runbooks touch; edge needs api, api needs store."""
    for slug in ("card-authorisation", "clearing-batch", "core-ledger"):
        make_service(slug, owner=owner)


@pytest.fixture
def begin(bank, start, commander):
    def begun(name: str, **inputs: Any) -> Run:
        roles = ("commander", "responder", "communications", "scribe")
        return start(quick(name), inputs=inputs, assignees={f"role:{role}": commander for role in roles})

    return begun


def play(run: Run, person: Any, owner: Any, answers: dict[str, dict[str, Any]], told: list[str] | None = None) -> Run:
    """Workers work, owners agree, people do their steps, until the run is over or asks for more."""
    ends, waited = time.monotonic() + LONGEST_S, 0
    while time.monotonic() < ends:
        moved = [worker.perform(pk) for pk in due(run)]
        moved += [agree(request, owner) for request in ApprovalRequest.objects.filter(state="pending")]
        for row in run.steps.filter(state="ready"):
            moved.append(do(run, row, person, answers))
            (told if told is not None else []).append(row.step)
        run.refresh_from_db()
        waited = 0 if any(moved) else waited + 1
        if run.state != "running" or (waited > 2 and not waits(run)):
            return run
        if waited:
            shell.advance(run.uid)  # as the sweep does: nobody hears a lock's ring here
            time.sleep(0.05)
    raise AssertionError(f"it takes too long: {states(run)}")


def waits(run: Run) -> bool:
    """Whether an attempt of a step is to be made later; watches look for ever."""
    queued = {row.pk for row in run.steps.exclude(role=Role.WATCH)}
    return run.steps.filter(pk__in=queued, attempts__state="queued").exists()


def agree(request: ApprovalRequest, owner: Any) -> bool:
    approvals.decide(request.uid, user=owner, said=approvals.Said("approve", "Seen.", request.digest), now=clock.now())
    return True


def do(run: Run, row: Any, person: Any, answers: dict[str, dict[str, Any]]) -> bool:
    step = spec_of(definition_of_run(run), row.step, Role(row.role), row.of)
    if not step.human:
        return False
    row = services.start_step(run.uid, row.step, actor=person, seen_at=row.seen_at)
    row.refresh_from_db()
    services.finish_step(
        run.uid,
        row.step,
        actor=person,
        seen_at=row.seen_at,
        worked=True,
        note="Done.",
        outputs=answers.get(row.step, {}),
    )
    return True


def test_the_card_scheme_is_stood_in_for_until_it_is_back(begin, web, commander, owner):
    told: list[str] = []  # steps that people did: the scheme is back when the branches know
    web.answer = lambda asked: (200 if "tell" in told else 503, {}, b"")
    answers = {"ask": {"others_hit": True, "minutes": 60}, "lines": {"ours_up": True}, "limits": {"before": 0}}
    run = play(begin("card-scheme-unreachable", scheme_url=web.url), commander, owner, answers, told)
    found = states(run)
    assert run.state == "succeeded", found
    assert {step for step, state in found.items() if state == "bypassed"} == {"wait", "again"}
    assert {found[step] for step in ("limits", "switch", "tell", "back", "end_stand_in", "close")} == {"done"}
    assert "decision.taken" in kinds(run)


@pytest.mark.parametrize(
    ("minutes_left", "done", "bypassed"),
    [
        (240, {"rest", "open"}, {"defer", "skip_cond", "ends", "announce", "later"}),
        (120, {"defer", "defer.1", "defer.3", "ends", "open", "by_day", "by_day.2"}, {"rest", "announce", "later"}),
    ],
)
def test_the_late_night_takes_the_way_that_fits(begin, commander, owner, minutes_left, done, bypassed):
    answers = {"chain": {"posting_done": True, "rest_min": 200, "short_min": 90}, "cutoff": {"may_move": False}}
    run = play(begin("nightly-clearing-late", minutes_left=minutes_left), commander, owner, answers)
    found = states(run)
    assert run.state == "succeeded", found
    assert {step for step, state in found.items() if state == "done"} >= done
    assert {step for step, state in found.items() if state == "bypassed"} == bypassed


def urls(web: Web) -> dict[str, str]:
    return {name: f"{web.url}/{name}" for name in ("control_url", "store_url", "api_url", "front_url")}


def test_the_web_chain_is_recovered(begin, web, commander, owner):
    run = play(begin("recover-web-chain", **urls(web)), commander, owner, {})
    assert run.state == "succeeded", states(run)
    started = [asked.path for asked in web.asked if asked.method == "POST"]
    assert sorted(started) == [f"/control_url/services/{name}/start" for name in ("api", "edge", "store")]


def test_a_service_that_does_not_come_up_is_assessed_and_accepted(begin, web, commander, owner):
    web.answer = lambda asked: (500 if "services/api/start" in asked.path else 200, {}, b"{}")
    run = play(begin("recover-web-chain", **urls(web)), commander, owner, {})
    group = run.groups.get(group="start")
    assert (run.state, group.state, states(run)["api"]) == ("running", "assessing", "failed")
    services.assess_group(
        run.uid, "start", actor=commander, seen_at=group.seen_at, choice="accept", reason="The API is repaired by hand."
    )
    run = play(run, commander, owner, {})
    assert (run.state, run.groups.get(group="start").state) == ("succeeded", "accepted")
