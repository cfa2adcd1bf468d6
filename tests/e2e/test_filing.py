"""A compliance officer's story, start to filed: classify, clocks, gaps, review, approval, sending, a redacted pack.

Each page is looked at wide and on the phone, light and dark, by axe and by the checks of looking.py.
"""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from audit.packs.bundle import verify
from tests.audit.filing_cases import INITIAL, LEI
from tests.e2e.browser import Muster
from tests.e2e.looking import House, Visit, press
from tests.e2e.world import World, declare, move

pytestmark = pytest.mark.e2e
FILINGS = "/regulation/filings/"
FACTS: dict[str, Any] = {
    "ict_supports_critical_function": True,
    "regulated_financial_service_affected": True,
    "clients_affected": 12_400,
    "clients_total_of_service": 100_000,
    "counterparts_affected": 0,
    "counterparts_total_of_service": 40,
    "transactions_affected": 41_000,
    "transactions_daily_average": 450_000,
    "duration_hours": 26,
    "critical_service_downtime_hours": 3,
    "media_coverage": True,
}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    with Muster(tmp_path_factory.mktemp("filing")) as muster:
        yield muster


@pytest.fixture(scope="module")
def world(portal: Muster) -> World:
    """An incident that is over, and the entity that owes reports about it."""
    world = World(portal)
    world.resolved = declare(world, "amara", "Account store stopped writing", "SEV1", "store")
    world.act("amara", f"incidents/{world.resolved}/roles", role="commander")
    world.act("piotr", f"incidents/{world.resolved}/notes", text="The volume ran full.")
    world.act("amara", f"incidents/{world.resolved}/decisions", text="We enlarge the volume.")
    move(world, "amara", world.resolved, "mitigation", "resolution", reason="Writes are back.")
    return world


def look_at(house: House, *visits: Visit) -> None:
    found = [f"{visit.name}, {problem}" for visit in visits for problem in house.look(visit)]
    assert not found, "\n".join(found)


def test_an_empty_house_says_how_a_report_begins(house: House) -> None:
    look_at(
        house,
        Visit("filings-empty", "ines", FILINGS),
        Visit("filings-empty-viewer", "emil", FILINGS),
        Visit("filing-new-empty", "ines", f"{FILINGS}new"),
    )


def test_a_compliance_officer_files_a_report(house: House, world: World, tmp_path: Path) -> None:
    entity = classified(world)
    look_at(house, Visit("filing-deadlines", "ines", "/regulation/"))
    page = house.person("ines").page
    filing = begin(page, world, entity)
    address = f"{FILINGS}{filing}/"
    look_at(
        house,
        Visit("filing-draft", "ines", address),
        Visit("filing-draft-viewer", "lena", address),
        Visit("filing-section-general", "ines", f"{address}sections/general"),
        Visit("filing-section-initial", "ines", f"{address}sections/initial"),
        Visit("filing-section-wrong", "ines", f"{address}sections/initial", spoil, answers=(422,)),
        Visit("filing-check-gaps", "ines", f"{address}check"),
        Visit("filing-review-refused", "ines", f"{address}check", press("Send to review"), answers=(422,)),
    )
    fill_by_hand(page, address)
    fill_the_rest(world, filing)
    look_at(house, Visit("filing-check", "ines", f"{address}check"))
    page.goto(f"{address}check")
    page.get_by_role("button", name="Send to review").click()
    page.get_by_text("Waits for consent to exactly these files").wait_for()
    approve(world, filing)
    world.wait_for("the filing heard of its yes", lambda: told(world, filing)["state"] == "approved")
    look_at(
        house,
        Visit("filing-approved", "ines", address),
        Visit("filing-submit", "ines", f"{address}submit"),
        Visit("filing-submit-wrong", "ines", f"{address}submit", press("It was sent"), answers=(422,)),
    )
    send(page, address)
    acknowledge(page, address)
    look_at(house, Visit("filing-acknowledged", "ines", address), Visit("filings", "ines", FILINGS))
    exported(page, address, told(world, filing)["digests"])
    hand_over(world, tmp_path, told(world, filing)["digests"])


def classified(world: World) -> str:
    """The officer adds the entity, states the facts and decides. Returns the entity's uid."""
    said = {"name": "Nordbank AG", "lei": LEI, "types": ["credit_institution"], "home_state": "DE", "country": "DE"}
    made = world.act("ines", "regulation/entities", **said, zone="Europe/Berlin", nis2="none", services=["store"])
    sheet = f"regulation/streams/inc_{world.resolved}/{made['uid']}/dora_classification"
    facts = {name: {"value": value} for name, value in FACTS.items()}
    stated = world.act("ines", sheet, seen=world.caller("ines").get(sheet)["seen"], facts=facts)
    reason = "Both critical services were down for hours."
    world.act("ines", f"{sheet}/decisions", seen=stated["seen"], verdict="yes", reason=reason)
    clocks = world.caller("ines").get("regulation/deadlines")["results"]
    assert any(clock["stage"] == "initial" and clock["state"] == "running" for clock in clocks)
    return str(made["uid"])


def begin(page: Page, world: World, entity: str) -> str:
    """Through the form. Returns the filing's uid."""
    page.goto(f"{FILINGS}new?stream=inc_{world.resolved}")
    page.get_by_label("Report", exact=True).select_option("eu_dora_major_incident/initial")
    page.get_by_label("Entity", exact=True).select_option(entity)
    page.get_by_role("button", name="Begin the report").click()
    page.get_by_role("heading", name="Initial notification").wait_for()
    found = re.search(r"filings/(\w+)/", page.url)
    assert found
    return found[1]


def spoil(page: Page) -> None:
    page.locator("#f2_2 input").fill("yesterday at nine")
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("alert").get_by_text("A time such as").wait_for()


def fill_by_hand(page: Page, address: str) -> None:
    """The contacts, as a person types them."""
    page.goto(f"{address}sections/general")
    for number in ("1.7", "1.8", "1.9", "1.10", "1.11", "1.12"):
        page.locator(f"#f{number.replace('.', '_')} input").fill(INITIAL[number])
    page.get_by_label("Where these values come from").fill("The duty roster.")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url("**/sections/initial")


def told(world: World, filing: str) -> dict[str, Any]:
    found: dict[str, Any] = world.caller("ines").get(f"filings/{filing}")
    return found


def fill_the_rest(world: World, filing: str) -> None:
    """What the record doesn't know and no form of this test was for."""
    now = told(world, filing)
    known = {row["key"] for row in now["values"] if row["value"] is not None}
    assert {"1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5"} <= known, "the record gave these"
    assert all(row["supports"] for row in now["values"] if row["source"] != "entered")
    missing = {key: value for key, value in INITIAL.items() if key not in known}
    body = {"values": missing, "seen": now["version"], "reason": "The file of the incident."}
    left = world.act("ines", f"filings/{filing}/values", **body)["findings"]
    assert [each for each in left if each["severity"] in ("gap", "question", "error")] == []


def approve(world: World, filing: str) -> None:
    found = world.caller("lena").get("approvals?show=waiting")["results"]
    request = next(each for each in found if each["subject"] == f"filing/{filing}")
    body = {"verdict": "approve", "seen_digest": request["digest"], "reason": "The figures are those of my systems."}
    world.act("lena", f"approvals/{request['id']}/decide", **body)


def utc_now() -> str:
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S}"


def send(page: Page, address: str) -> None:
    page.goto(f"{address}submit")
    page.get_by_label("Sent at").fill(utc_now())
    page.get_by_label("Where and how").fill("Portal of the authority, incident report")
    page.get_by_label("Which file").select_option("json")
    page.get_by_role("button", name="It was sent").click()
    page.get_by_role("heading", name="Sent", exact=True).wait_for()


def acknowledge(page: Page, address: str) -> None:
    page.goto(f"{address}acknowledge")
    page.get_by_label("Acknowledged at").fill(utc_now())
    page.get_by_label("Reference of the authority").fill("2026I0000417")
    page.get_by_role("button", name="It was acknowledged").click()
    page.get_by_text("2026I0000417").first.wait_for()


def exported(page: Page, address: str, digests: dict[str, str]) -> None:
    """The files that people download are the bytes that were approved."""
    page.goto(address)
    for form, digest in digests.items():
        with page.expect_download() as started:
            page.get_by_role("link", name=form.upper(), exact=True).click()
        content = started.value.path().read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, form
    assert json.loads(page.request.get(f"{address}files/json").body())["incidentSubmission"] == "initial_notification"


def hand_over(world: World, folder: Path, digests: dict[str, str]) -> None:
    """One pack whole, for the authority, with the report in it; one redacted for a customer, without it. Both hold."""
    stream = f"inc_{world.resolved}"
    whole = pack_of(world, folder / "whole.zip", kind="incident", subject=stream)
    assert digests["json"].encode() in whole.read_bytes()
    asked = {"stream": stream, "audience": "customer", "purpose": "The customer asked what happened."}
    redaction = world.act("ines", "redactions", **asked)
    waiting = world.act("ines", f"redactions/{redaction['uid']}/ask")
    verdict = {"approve": True, "reason": "As the contract says.", "seen": waiting["digest"]}
    world.act("olga", f"redactions/{redaction['uid']}/decide", **verdict)
    more = {"audience": "customer", "redaction": redaction["uid"]}
    redacted = pack_of(world, folder / "redacted.zip", kind="incident", subject=stream, **more)
    told = redacted.read_bytes()
    assert b"Piotr" not in told
    assert INITIAL["1.8"].encode() not in told


def pack_of(world: World, file: Path, **wanted: Any) -> Path:
    """Asked for, made by the worker, handed out, and verified as somebody else would."""
    job = world.act("ines", "packs", **wanted)
    world.wait_for("the pack is made", lambda: world.caller("ines").get(f"packs/{job['uid']}")["state"] == "done")
    file.write_bytes(world.caller("ines").send("GET", f"/api/v1/packs/{job['uid']}/file"))
    assert verify.main([str(file)]) == 0
    return file
