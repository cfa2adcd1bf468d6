"""From an alert's post to its incident on a list that somebody has open: each one appears by itself, the first too."""

import datetime as dt
import json
import statistics
import time
import urllib.request

import pytest
from playwright.sync_api import Page, WebSocketRoute

from drill.demo import INTAKE, token
from tests.e2e.browser import Muster
from tests.e2e.conftest import SignIn

pytestmark = pytest.mark.e2e
INCIDENTS = 20
BY_ITSELF_WITHIN_MS = 4_000  # before any fallback of the page or the hub comes round
OBSERVE = """() => {
  const labels = () => new Set([...document.querySelectorAll("a")].map((a) => a.textContent.trim())
    .filter((text) => /^INC-\\d+/.test(text)));
  window.seenAt = [];
  new MutationObserver(() => {
    while (window.seenAt.length < labels().size) window.seenAt.push(Date.now());
  }).observe(document.body, { childList: true, subtree: true });
}"""


def test_each_new_incident_appears_by_itself(muster: Muster, sign_in: SignIn, record_property):
    page = sign_in("amara").page
    page.goto("/incidents/")
    page.wait_for_function("document.readyState === 'complete'")
    page.evaluate(OBSERVE)
    time.sleep(1)  # the socket is open and has told that nothing happened yet
    took = [post_and_see(page, muster, number) for number in range(1, INCIDENTS + 1)]
    p95 = statistics.quantiles(took, n=20)[-1]
    told = f"{INCIDENTS} incidents, alert post to browser: p50 {statistics.median(took):.2f} s, p95 {p95:.2f} s"
    print(f"\n{told}, worst {max(took):.2f} s")
    record_property("alert_to_browser_p95_s", f"{p95:.2f}")


def test_an_empty_portals_list_hears_of_its_first_entry(muster: Muster, sign_in: SignIn) -> None:
    """The lobby's first word is 0 there. One word more, and only one, may follow: it counts."""
    page = sign_in("amara").page
    rooms: list[WebSocketRoute] = []
    page.route_web_socket("**/ws/lobby", lambda room: rooms.append(room))  # a builtin has no signature to ask for
    page.goto("/incidents/")
    page.evaluate("() => { window.grown = 0; document.body.addEventListener('ledger-grew', () => window.grown++); }")
    page.wait_for_timeout(500)  # what the opening of the socket asks for is over
    rooms[0].send('{"at": 0}')
    page.wait_for_timeout(300)
    before = page.evaluate("window.grown")
    rooms[0].send('{"at": 5}')
    page.wait_for_function("(n) => window.grown > n", arg=before, timeout=BY_ITSELF_WITHIN_MS)


def post_and_see(page: Page, muster: Muster, number: int) -> float:
    """Seconds from the post's beginning to the moment when the list had one incident more."""
    labels = {"alertname": "InstanceDown", "service": "store", "severity": "critical"}
    began = dt.datetime.now(dt.UTC) - dt.timedelta(days=number)  # so far apart that none joins another
    alert = {"status": "firing", "labels": labels, "annotations": {}, "startsAt": began.isoformat()}
    alert |= {"endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": f"{number:016x}"}
    post = {"version": "4", "groupKey": f"g{number}", "truncatedAlerts": 0, "status": "firing", "receiver": "muster"}
    post |= {"groupLabels": {}, "commonLabels": labels, "commonAnnotations": {}, "externalURL": "", "alerts": [alert]}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token(muster.folder)}"}
    request = urllib.request.Request(f"{muster.url}{INTAKE}", json.dumps(post).encode(), headers)  # noqa: S310
    asked = time.time()
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
        assert json.load(answer)["opened"], "the alert joined an incident instead of opening one"
    page.wait_for_function("(n) => window.seenAt.length >= n", arg=number, timeout=BY_ITSELF_WITHIN_MS)
    return float(page.evaluate("(n) => window.seenAt[n - 1]", number)) / 1000 - asked
