"""Stored markup: whatever people, files and alerts say comes back as text, on every page that shows it."""

import re

import pikepdf
import pytest
from django.urls import reverse

from approvals.models import ApprovalRequest
from catalog.services import make_probe
from incidents import services as incidents
from incidents.models import Incident, IntakeRule
from runbooks.services import make_runbook, publish, save_version
from tests.matrix import bodies
from tests.matrix.conftest import *  # noqa: F403 - the world and all who knock
from tests.matrix.doors import doors
from tests.matrix.table import PAGES
from tests.matrix.world import World

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 }}</textarea>"
SHORT = "</a><b onclick=alert(3)>"
RAW = ("<script>alert", "<img src=x", "<b onclick", "</textarea>{{", "{{ 7 }}</textarea>")
ESCAPED = ("&lt;script&gt;alert(1)", "&lt;b onclick")
SOURCE = """\
name: evil
title: TITLE
description: TITLE
inputs:
  node: {type: string, description: TITLE}
steps:
  - {id: look, title: TITLE, action: manual, instructions: TITLE, assign: "role:scribe"}
  - id: switch
    title: SHORT
    action: http
    with: {url: "http://127.0.0.1:1/{{ inputs.node }}"}
    touches: [store]
    approval: {reason: "SHORT {{ inputs.node }}", effect: TITLE, undo: TITLE, proof: TITLE}
"""
TITLE = "'" + EVIL.replace("'", "''").replace("{{ 7 }}", "") + "'"  # a template in a title is another test's business


@pytest.fixture
def evil(world: World) -> World:
    """The world, in which everything that anybody could name is named in markup."""
    payments, who = world.team, world.users
    for thing in (world.store, payments):
        thing.name, thing.description = EVIL, EVIL
        thing.save()
    for user in who.values():
        user.name = user.title = SHORT
        user.save()
    make_probe(world.store, SHORT, "http://127.0.0.1:1/<script>alert(1)</script>", paused=True)
    runbook = make_runbook("evil", EVIL[:100], payments, actor=who["author"], description=EVIL)
    text = SOURCE.replace("TITLE", TITLE).replace("SHORT", SHORT)
    publish(save_version(runbook, text, author=who["author"]), publisher=who["author"])
    incident = incidents.declare(
        title=EVIL, severity="SEV2", services=[world.store], declarer=who["commander"], description=EVIL
    )
    IntakeRule.objects.create(position=1, name=EVIL, team=payments, verb="open", runbook=runbook)
    run = incidents.start_runbook(incident, runbook, actor=who["commander"], inputs={"node": EVIL})
    for say in (incidents.add_note, incidents.add_decision):
        say(incident, EVIL + " 2026-99-99T99:99:99Z", actor=who["commander"])
    incidents.take_role(incident, "responder", actor=who["responder"])
    asked = ApprovalRequest.objects.get(subject__startswith=f"run/{run.uid}/")
    incident.refresh_from_db()
    changed = {"incident": incident, "runbook": runbook, "run": run, "request": asked}
    return World(**{**vars(world), **changed})


def pages_of(evil: World) -> dict[str, str]:
    """Every page and fragment that the resolver knows, with and without htmx, as the commander sees it."""
    found = {}
    for door, rows in PAGES.items():
        if "GET" not in rows:
            continue
        arguments = {**evil.arguments(door), "number": 1}
        path = reverse(door, kwargs={name: arguments[name] for name in doors()[door]})
        for query in ("", "?tab=versions", "?tab=runs", "?runbook=evil", "?service=store", "?show=asked"):
            for headers in ({}, {"HX-Request": "true"}):
                answer = evil.clients["commander"].get(path + query, headers=headers)
                assert answer.status_code in (200, 302, 403, 404, 409), f"{door}: {answer.status_code}"
                found[f"{door}{query}{headers}"] = answer.content.decode()
    return found


def test_no_page_gives_markup_back(evil: World) -> None:
    pages = pages_of(evil)
    wrong = {name: raw for name, page in pages.items() for raw in RAW if raw in _without_json(page)}
    assert not wrong
    shown = [name for name, page in pages.items() if any(text in page for text in ESCAPED)]
    assert len(shown) > 60, "the pages hardly show what was entered: this test would prove nothing"


def _without_json(page: str) -> str:
    """JSON is no markup; what becomes of its strings in the browser is asked below."""
    return "" if page.startswith("{") else page


def test_the_feed_carries_markup_only_as_text(evil: World) -> None:
    feed = evil.clients["commander"].get(reverse("incidents:feed", args=[evil.incident.uid])).json()
    html = [op["html"] for op in feed["ops"] if "html" in op]
    assert html, "the feed has no markup of its own any more: then nobody needs to escape in it"
    assert not [each for each in html if any(raw in each for raw in RAW)]
    assert any("&lt;script&gt;" in each for each in html)


def test_what_was_typed_wrong_comes_back_as_text(evil: World) -> None:
    wrong = []
    for door, make in bodies.PAGES.items():
        if door in ("catalog:import", "sign-in"):
            continue
        path = reverse(
            door, kwargs={name: value for name, value in evil.arguments(door).items() if name in doors()[door]}
        )
        said = {**dict.fromkeys(make(evil), EVIL * 200), "next": EVIL}
        answer = evil.clients["commander"].post(path, said)
        if any(raw in answer.content.decode() for raw in RAW):
            wrong.append(door)
    assert not wrong


@pytest.mark.parametrize(
    "path", ["/sign-in/?next=", "/incidents/?q=", "/services/?q=", "/runbooks/?q=", "/evidence/?kind="]
)
def test_an_address_comes_back_as_text(path: str, world: World) -> None:
    for who in ("commander", "anonymous"):
        page = world.clients[who].get(f"/{path}=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").content.decode()
        assert "<script>alert" not in page


def test_an_alert_comes_back_as_text_in_the_room(evil: World) -> None:
    alert = {**bodies.ALERTS["alerts"][0], "labels": {"alertname": EVIL, "service": "store"}, "fingerprint": EVIL[:60]}
    alert |= {"annotations": {"summary": EVIL + " 2026-13-01T00:00:00Z"}, "generatorURL": "javascript:alert(4)"}
    post = {**bodies.ALERTS, "alerts": [alert]}
    door = reverse("incidents-api:intake-alertmanager")
    taken = evil.clients["intake machine"].post(door, post, content_type="application/json")
    assert taken.status_code == 202
    newest = Incident.objects.filter(signals__isnull=False).first()
    assert newest is not None
    page = evil.clients["commander"].get(reverse("incidents:room", args=[newest.uid]))
    assert page.status_code == 200
    text = page.content.decode()
    assert not [raw for raw in RAW if raw in text]
    assert not re.findall(r"href=[\"']?\s*javascript:", text)


def test_the_report_of_an_evidence_pack_gives_no_markup_back(evil: World) -> None:
    import io
    import zipfile

    answer = evil.clients["compliance"].post(reverse("audit-api:pack", args=[evil.incident.stream]))
    archive = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
    report = next(archive.read(name) for name in archive.namelist() if name.endswith("report.pdf"))
    assert report.startswith(b"%PDF-1.7")  # text is text there; what a reader could run is not in it
    with pikepdf.open(io.BytesIO(report)) as pdf:
        assert not {"/OpenAction", "/AA", "/AcroForm"} & set(pdf.Root.keys())
        assert not [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and "/JS" in one]
