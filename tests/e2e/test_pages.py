"""Every page of every room, as the people who need it see it: empty and full, wide and on the phone, light and dark.

What each look checks is in looking.py, the world that is looked at in world.py.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from audit.verifying import corpus
from tests.e2e.browser import Muster
from tests.e2e.looking import (
    House,
    Visit,
    brings,
    late_click,
    opens,
    press,
    sign_in_wrongly,
    try_too_often,
    unfold,
    wait_live,
)
from tests.e2e.world import RUNBOOK, World, filled

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    """One for all pages, as `make run` starts it."""
    folder: Path = tmp_path_factory.mktemp("pages")
    with Muster(folder) as muster:
        yield muster


@pytest.fixture(scope="module")
def world(portal: Muster) -> Iterator[World]:
    with filled(portal) as world:
        yield world


def look_at(house: House, visits: list[Visit]) -> None:
    found = [f"{visit.name}, {problem}" for visit in visits for problem in house.look(visit)]
    assert not found, "\n".join(found)


def test_an_empty_house_says_what_will_stand_where(house: House) -> None:
    look_at(
        house,
        [
            Visit("empty-home", "lena", "/"),
            Visit("empty-incidents", "amara", "/incidents/"),
            Visit("empty-incidents-viewer", "emil", "/incidents/"),
            *(
                Visit(f"empty-approvals-{tab}", "lena", f"/approvals/?show={tab}")
                for tab in ("waiting", "cover", "asked", "decided")
            ),
            Visit("empty-delegations", "lena", "/approvals/delegations/"),
            Visit("empty-policies", "emil", "/approvals/policies/"),
            Visit("empty-explain", "emil", "/approvals/explain/"),
            Visit("empty-measures", "emil", "/approvals/measures/"),
            Visit("empty-runs", "tom", f"/runbooks/{RUNBOOK}/?tab=runs"),
            Visit("empty-runbooks-filter", "tom", "/runbooks/?q=nothing"),
            Visit("empty-services-filter", "ines", "/services/?q=nothing"),
            Visit("empty-evidence-viewer", "emil", "/evidence/"),
        ],
    )


def test_home_and_incidents(house: House, world: World) -> None:
    look_at(
        house,
        [
            Visit("home-owner", "lena", "/"),
            Visit("home-commander", "amara", "/"),
            Visit("home-compliance", "ines", "/"),
            Visit("home-viewer", "emil", "/"),
            Visit("incidents", "amara", "/incidents/"),
            Visit("incidents-filter", "amara", "/incidents/?severity=SEV2&phase=open"),
            Visit("incidents-none-like-that", "amara", "/incidents/?severity=SEV4"),
            Visit("declare", "amara", "/incidents/declare"),
            Visit("declare-preview", "amara", "/incidents/declare", choose_service),
            Visit("declare-wrong", "amara", "/incidents/declare", press("Declare incident"), answers=(422,)),
            Visit("declare-viewer", "emil", "/incidents/declare"),
        ],
    )


def choose_service(page: Page) -> None:
    page.get_by_label("Which service").select_option(label="Account store")
    page.locator("#preview").get_by_text("Payments API").first.wait_for()


def test_the_war_room_for_each_of_its_readers(house: House, world: World) -> None:
    burning = f"/incidents/{world.burning}"
    look_at(
        house,
        [
            Visit("room-owner", "lena", burning, wait_live),
            Visit("room-commander", "amara", burning, wait_live),
            Visit("room-unfolded", "amara", burning, unfold),
            Visit("room-viewer", "emil", f"/incidents/{world.planless}", wait_live),
            Visit("room-compliance", "ines", burning, wait_live),
            Visit("room-resolved", "amara", f"/incidents/{world.resolved}", wait_live),
            Visit("room-closed", "amara", f"/incidents/{world.closed}", wait_live),
            Visit("room-planless", "amara", f"/incidents/{world.planless}", wait_live),
            Visit("room-older", "amara", f"{burning}/timeline?before=12"),
        ],
    )


def test_what_is_done_in_the_room(house: House, world: World) -> None:
    """Each act as the dialog that people meet, then as the page that stands behind it."""
    burning = f"/incidents/{world.burning}"
    dialogs = {
        "update": "Post update…",
        "resolve-red": "Resolve…",
        "move": "Move phase…",
        "severity": "Set severity…",
        "role": "Give a role…",
        "runbook": "Start a runbook…",
        "finish": "Finish step…",
    }
    look_at(
        house,
        [
            *(Visit(f"dialog-{name}", "amara", burning, opens(label), whole=False) for name, label in dialogs.items()),
            Visit("dialog-approve", "lena", burning, opens("Approve…"), whole=False),
            Visit("dialog-reject", "lena", burning, opens("Reject…"), whole=False),
            Visit("act-update", "amara", f"{burning}/update"),
            Visit("act-update-wrong", "amara", f"{burning}/update", press("Post update"), answers=(422,)),
            Visit("act-force", "amara", f"{burning}/move?target=resolution"),
            Visit("act-severity", "amara", f"{burning}/severity"),
            Visit("act-role", "amara", f"{burning}/give-role"),
            Visit("act-runbook", "amara", f"{burning}/start-runbook"),
            Visit("act-runbook-inputs", "amara", f"{burning}/start-runbook?runbook={RUNBOOK}"),
        ],
    )


def test_approvals(house: House, world: World) -> None:
    pending, rejected = f"/approvals/{world.pending}/", f"/approvals/{world.rejected}/"
    look_at(
        house,
        [
            Visit("approvals", "lena", "/approvals/"),
            Visit("approvals-decided", "lena", "/approvals/?show=decided"),
            Visit("approvals-cover", "piotr", "/approvals/?show=cover"),
            Visit("approval-owner", "lena", pending),
            Visit("approval-deputy", "piotr", pending),
            Visit("approval-commander", "amara", pending),
            Visit("approval-rejected", "lena", rejected),
            Visit("approval-open-text", "lena", pending, unfold),
            Visit("decide-approve", "lena", f"{pending}decide?verdict=approve"),
            Visit("decide-reject", "lena", f"{pending}decide?verdict=reject"),
            Visit("decide-reject-wrong", "lena", f"{pending}decide?verdict=reject", press("Reject"), answers=(422,)),
            Visit("decide-late", "lena", f"{rejected}decide"),
            Visit("cover", "piotr", f"{pending}cover"),
        ],
    )


def test_what_stands_around_approvals(house: House, world: World) -> None:
    """Policies and who puts them in force, who covers for whom, the dry run, the measures."""
    policies, delegations = "/approvals/policies/", "/approvals/delegations/"
    around_approvals(world)
    asked = "/approvals/explain/?services=store&services=payment-queue&class_=restart-critical"
    look_at(
        house,
        [
            Visit("policies", "ines", policies),
            Visit("policies-viewer", "emil", policies),
            Visit("policy", "emil", f"{policies}communication/"),
            Visit("policy-second", "ines", f"{policies}restart-critical/"),
            Visit("policy-author", "noor", f"{policies}restart-critical/", unfold),
            Visit("policy-changed", "emil", f"{policies}config-toggle/", unfold),
            Visit("dialog-policy", "ines", f"{policies}restart-critical/", opens("Put it in force…"), whole=False),
            Visit("rule-policy", "ines", f"{policies}restart-critical/versions/2/rule"),
            Visit("rule-policy-wrong", "ines", f"{policies}restart-critical/versions/2/rule?verdict=refuse",
                  press("Refuse it"), answers=(422,)),
            Visit("propose", "noor", f"{policies}communication/propose"),
            Visit("propose-wrong", "noor", f"{policies}communication/propose", write_nonsense, answers=(422,)),
            Visit("policy-new", "noor", f"{policies}-/new"),
            Visit("delegations", "lena", delegations),
            Visit("delegations-taken", "piotr", delegations),
            Visit("delegations-others", "amara", delegations),
            Visit("dialog-end", "lena", delegations, opens("Take it back"), whole=False),
            Visit("delegate", "lena", f"{delegations}new"),
            Visit("delegate-wrong", "lena", f"{delegations}new", press("Let them decide"), answers=(422,)),
            Visit("away", "lena", f"{delegations}away"),
            Visit("explain", "ines", asked),
            Visit("explain-wrong", "ines", "/approvals/explain/?services=store&at=tomorrow", status=422),
            Visit("measures", "amara", "/approvals/measures/", unfold),
        ],
    )  # fmt: skip


def around_approvals(world: World) -> None:
    """Two versions of policies, one of them in force; Lena has somebody stand in."""
    for slug, was, now in (("config-toggle", "within: 15m", "within: 20m"), ("restart-critical", "15m", "12m")):
        text = world.caller("emil").get(f"approvals/policies/{slug}")[-1]["text"]
        assert was in text
        world.act("noor", "approvals/policies", text=text.replace(was, now), note="The last three took four minutes.")
    world.act("ines", "approvals/policies/config-toggle/versions/2/rule", accept=True, reason="As agreed on Tuesday.")
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=9)).isoformat()
    more = {"services": ["store"], "classes": ["restart-critical"]}
    world.act("lena", "approvals/delegations", taker="piotr", until=until, reason="On a plane to Lisbon.", **more)


def write_nonsense(page: Page) -> None:
    page.get_by_label("Text", exact=True).fill("policy: communication\ntitle: Told\nrisk: enormous\nreasn: always\n")
    page.get_by_label("Why it is changed").fill("To see.")
    page.get_by_role("button", name="Propose it").click()
    page.locator("#form-errors").wait_for()


def test_runbooks_and_runs(house: House, world: World) -> None:
    page, run, old = f"/runbooks/{RUNBOOK}/", world.run_of(world.burning)["id"], world.run_of(world.resolved)["id"]
    steps = f"/runbooks/runs/{run}/steps"
    look_at(
        house,
        [
            Visit("runbooks", "tom", "/runbooks/"),
            Visit("runbook", "tom", page),
            Visit("runbook-versions", "tom", f"{page}?tab=versions&version=3"),
            Visit("runbook-runs", "tom", f"{page}?tab=runs"),
            Visit("run", "amara", f"/runbooks/runs/{run}/"),
            Visit("run-over", "amara", f"/runbooks/runs/{old}/"),
            Visit("step-human", "amara", f"{steps}/impact/"),
            Visit("step-done", "amara", f"{steps}/look/", unfold),
            Visit("step-asked", "amara", f"{steps}/start/"),
            Visit("step-waiting", "amara", f"{steps}/tell/"),
            Visit("step-finish", "amara", f"{steps}/impact/finish"),
            Visit("step-skip", "amara", f"{steps}/tell/skip"),
            Visit("step-take", "mina", f"{steps}/impact/take"),
            Visit("run-input", "amara", f"/runbooks/runs/{run}/change-input"),
            Visit("run-cancel", "amara", f"/runbooks/runs/{run}/cancel"),
        ],
    )


def test_services(house: House, world: World) -> None:
    look_at(
        house,
        [
            Visit("services", "rafa", "/services/"),
            Visit("service", "lena", "/services/store/"),
            Visit("service-administrator", "noor", "/services/store/"),
            Visit("service-quiet", "lena", "/services/core-ledger/"),
            Visit("import", "noor", "/services/-/import/"),
            Visit("import-wrong", "noor", "/services/-/import/", press("Import"), answers=(422,)),
            Visit("teams", "noor", "/services/-/teams/"),
        ],
    )


def test_evidence(house: House, world: World) -> None:
    stream = f"/evidence/inc_{world.burning}/"
    world.caller("ines").download(f"/api/v1/streams/inc_{world.closed}/pack", world.muster.folder / "pack.zip", {})
    look_at(
        house,
        [
            Visit("evidence", "ines", "/evidence/"),
            Visit("stream", "ines", stream),
            Visit("stream-verified", "ines", stream, press("Verify stream")),
            Visit("stream-of-packs", "ines", f"/evidence/inc_{world.closed}/"),
            Visit("stream-filter", "ines", f"{stream}?text=nothing+like+this"),
            Visit("stream-access", "noor", "/evidence/access/"),
            Visit("verify-pack", "emil", "/evidence/verify/"),
            Visit("verify-pack-empty", "emil", "/evidence/verify/", press("Check the pack"), answers=(422,)),
            Visit("verify-pack-foreign", "emil", "/evidence/verify/", brings(corpus.subject_of().zip())),
            Visit("verify-pack-damaged", "emil", "/evidence/verify/", brings(b"no zip")),
            Visit("auditors", "ines", "/evidence/auditors/"),
            Visit("auditor-invite", "ines", "/evidence/auditors/invite/"),
            Visit("auditor-invite-wrong", "ines", "/evidence/auditors/invite/", press("Let them in"), answers=(422,)),
        ],
    )


def test_refusals(house: House, world: World) -> None:
    running = f"/runbooks/runs/{world.run_of(world.burning)['id']}/steps/impact"
    look_at(
        house,
        [
            Visit("not-found", "emil", f"/incidents/{world.closed}", status=404),
            Visit("not-allowed", "emil", f"/incidents/{world.planless}/severity", status=403),
            Visit("late-click", "amara", f"{running}/finish", late_click, answers=(409,)),
            Visit("style", "tom", "/style/"),
        ],
    )


def test_signing_in(house: House, world: World) -> None:
    """Last: at the limit the address must wait."""
    look_at(
        house,
        [
            Visit("sign-in", "", "/sign-in/"),
            Visit("sign-in-wrong", "", "/sign-in/", sign_in_wrongly, answers=(422,)),
            Visit("sign-in-limit", "", "/sign-in/", try_too_often, answers=(422, 429)),
        ],
    )
