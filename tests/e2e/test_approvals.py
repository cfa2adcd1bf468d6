"""Approvals in a real browser: a high-risk decision with a passkey, by keyboard on a phone; and how the pages look."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from drill.demo import PASSWORD
from drill.muster import Person as Caller
from tests.e2e.browser import HOUSE, Muster
from tests.e2e.conftest import SignIn
from tests.e2e.looking import House, Visit, opens, press, unfold
from tests.e2e.passkeys import enrol_passkey
from tests.e2e.test_second_factor import tab_to

pytestmark = pytest.mark.e2e
HIGH, MILD = "restart-critical", "release-rollback"


@dataclass
class Asking:
    """Somebody who asks for consent from outside, in an incident of their own."""

    muster: Muster
    stream: str = ""

    def caller(self, username: str) -> Caller:
        return Caller(self.muster.url, username, PASSWORD)

    def ask(self, name: str, question: str, services: list[str], class_: str) -> dict[str, Any]:
        """The request, as the API tells it."""
        caller = self.caller("amara")
        if not self.stream:
            body = {"title": "Card payments are slow", "severity": "SEV1", "services": ["api"]}
            self.stream = f"inc_{caller.post('incidents', body)['uid']}"
        body = {
            "stream": self.stream, "name": name, "question": question, "services": services, "class": class_,
            "effect": "Writes to the orders database stop for about 40 seconds. Payments queue up and follow.",
            "undo": "Fail back with the same runbook, 90 seconds.", "proof": "Replication lag 0.4 s.",
            "does": {"action": "promote", "node": "db-2", "timeout_s": 40},
        }  # fmt: skip
        made: dict[str, Any] = caller.post("approvals", body)
        return made


AGE = """
from django.contrib.sessions.models import Session
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY as key
for row in Session.objects.all():
    store = row.get_session_store_class()(row.session_key)
    records = store.get(key, [])
    store[key] = [{**record, "at": record["at"] - 600} for record in records]
    store.save()
"""


def let_ten_minutes_pass(muster: Muster) -> None:
    """What every session has proved is ten minutes older."""
    env = {**os.environ, "MUSTER_MODE": "demo", "MUSTER_DATA": str(muster.folder)}
    subprocess.run([sys.executable, "manage.py", "shell", "-c", AGE], cwd=HOUSE, env=env, check=True, timeout=60)


def wait_in_dialog(page: Page, name: str) -> None:
    expect(page.locator("#dialog dialog[open]").get_by_role("link", name=name)).to_be_visible()


def test_a_high_risk_approval_with_a_passkey_by_keyboard_on_a_phone(sign_in: SignIn, muster: Muster) -> None:
    asked = Asking(muster).ask("promote", "Promote the standby of orders-db?", ["orders-db"], HIGH)
    page = sign_in("lena", screen="phone", by_name=True).page
    enrol_passkey(page)
    let_ten_minutes_pass(muster)
    page.goto("/approvals/")
    tab_to(page, "Promote the standby")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/approvals/{asked['id']}/")
    tab_to(page, "Approve…")
    page.keyboard.press("Enter")
    wait_in_dialog(page, "Give your second factor")
    tab_to(page, "Give your second factor")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Use your passkey")).to_be_focused()
    expect(page.get_by_text("Decide on a step of high risk")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/decide?verdict=approve")
    tab_to(page, "Reason")
    page.keyboard.type("Lag is 0.4 s and the standby is healthy.")
    tab_to(page, "Approve")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/approvals/{asked['id']}/")
    expect(page.get_by_text("With a second factor: passkey.")).to_be_visible()
    found = Asking(muster).caller("amara").get(f"approvals/{asked['id']}")
    assert (found["state"], found["decisions"][0]["factor"]) == ("approved", "webauthn")


def test_without_a_second_factor_the_api_refuses_too(sign_in: SignIn, muster: Muster) -> None:
    asking = Asking(muster)
    asked = asking.ask("promote", "Promote the standby of orders-db?", ["orders-db"], HIGH)
    said = {"verdict": "approve", "reason": "Go.", "seen_digest": asked["digest"]}
    with pytest.raises(Exception, match="second factor"):
        asking.caller("lena").post(f"approvals/{asked['id']}/decide", said)
    assert asking.caller("lena").get(f"approvals/{asked['id']}")["state"] == "pending"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    folder: Path = tmp_path_factory.mktemp("approvals")
    with Muster(folder) as muster:
        yield muster


@pytest.fixture(scope="module")
def named(chromium: Browser, portal: Muster) -> Iterator[House]:
    """People who are known by the portal's name, as passkeys want it."""
    house = House(chromium, portal, by_name=True)
    yield house
    for person in house.people.values():
        person.leave()


def under_a_condition(page: Page) -> None:
    opens("Approve…")(page)
    page.locator("#dialog summary").click()


def act_in_dialog(page: Page, link: str, fields: dict[str, str], button: str) -> None:
    """Open a dialog by its link, fill it in, and send it."""
    opens(link)(page)
    for label, text in fields.items():
        page.get_by_label(label).fill(text)
    page.locator("#dialog").get_by_role("button", name=button).click()
    page.wait_for_load_state("networkidle")


@pytest.fixture(scope="module")
def history(named: House, portal: Muster) -> dict[str, str]:
    """Requests in every state, made and decided through their doors: name -> address."""
    asking = Asking(portal)
    many = ["edge", "card-authorisation", "orders-db"]
    made = {
        "high": asking.ask("promote", "Promote the standby of orders-db to primary?", ["orders-db"], HIGH),
        "many": asking.ask("egress", "Open egress to the card scheme's second site?", many, "firewall-egress"),
        "held": asking.ask("rollback", "Roll the API back to 2026.11.3?", ["api"], MILD),
        "noted": asking.ask("again", "Roll the API back to 2026.11.2?", ["api"], MILD),
        "broken": asking.ask("ledger", "Restart the core ledger?", ["core-ledger"], HIGH),
        "unknown": asking.ask("new", "Do something that no policy names?", ["payment-queue"], "no-such-class"),
        "taken": asking.ask("taken", "Roll the API back to 2026.11.1?", ["api"], MILD),
    }
    paths = {name: f"/approvals/{request['id']}/" for name, request in made.items()}
    rafa = named.person("rafa").page
    rafa.goto(paths["held"])
    act_in_dialog(rafa, "Ask first…", {"Your question": "Which error rate is it now, and since when?"}, "Ask")
    rafa.goto(paths["noted"])
    opens("Approve…")(rafa)
    rafa.locator("#dialog summary").click()
    rafa.get_by_label("How it is checked").select_option("note")
    rafa.get_by_label("The condition").fill("The new column is empty")
    rafa.get_by_role("button", name="Approve under this condition").click()
    expect(rafa.get_by_text("Under the condition:")).to_be_visible()
    amara = named.person("amara").page
    enrol_passkey(amara)
    amara.goto(paths["broken"])
    opens("Break the glass…")(amara)
    amara.get_by_label("Why it can't wait").fill("Cards fail for 20 minutes; Lena and Piotr don't answer.")
    amara.get_by_label("to confirm").fill("break glass")
    amara.get_by_role("button", name="Break the glass").click()
    expect(amara.get_by_text("broke the glass,")).to_be_visible()
    amara.goto(paths["taken"])
    act_in_dialog(amara, "Withdraw the request…", {"Why you take it back": "It was the network."}, "Take it back")
    return paths


def test_how_they_look(named: House, history: dict[str, str]) -> None:
    problems = [
        f"{visit.name}: {problem}"
        for visit in (
            Visit("approvals-inbox-many", "lena", "/approvals/"),
            Visit("approval-high", "lena", history["high"], unfold),
            Visit("approval-high-dialog", "lena", history["high"], opens("Approve…"), whole=False),
            Visit("approval-many-seats", "lena", history["many"]),
            Visit("approval-held", "amara", history["held"]),
            Visit("approval-answer", "amara", history["held"], opens("Answer…"), whole=False),
            Visit("approval-ask", "mina", history["many"], opens("Ask first…"), whole=False),
            Visit("approval-condition", "rafa", history["held"], under_a_condition, whole=False),
            Visit("approval-noted", "amara", history["noted"]),
            Visit("approval-broken", "amara", history["broken"]),
            Visit("approval-glass", "amara", f"{history['high']}break-glass"),
            Visit("approval-withdraw", "amara", f"{history['high']}withdraw", press("Take it back"), answers=(422,)),
            Visit("approval-unknown-class", "piotr", history["unknown"], unfold),
            Visit("approval-withdrawn", "rafa", history["taken"]),
            Visit("approval-review", "piotr", history["broken"], opens("Review…"), whole=False),
            Visit("approvals-reviews-owed", "piotr", "/approvals/"),
        )
        for problem in named.look(visit)
    ]
    assert problems == []
