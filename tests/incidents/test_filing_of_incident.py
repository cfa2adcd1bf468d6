"""From an incident to a filed report: what its ledger gives, who approves it, what changes a yes, and the doors."""

import datetime as dt
import io
import json

import openpyxl
import pytest
from django.urls import reverse
from jsonschema import Draft7Validator

from approvals import filings as consents
from approvals import services as approvals
from approvals.errors import NotEntitled
from approvals.models import ApprovalRequest
from audit import ledger
from audit.filings import editing, moving, opening, selectors
from audit.filings.errors import NoConsent
from audit.models import Filing, FilingState, FilingValue, Source, Stream
from audit.regimes import entities
from audit.selectors import entries
from incidents import services
from incidents.states import Phase, Severity
from plumbing import clock
from plumbing.database import atomic
from tests.audit.filing_cases import FINAL, INITIAL, INTERMEDIATE, LEI, official

pytestmark = pytest.mark.django_db
DORA = "eu_dora_major_incident"
BY_HAND = {"initial": INITIAL, "intermediate": INTERMEDIATE, "final": FINAL}


@pytest.fixture
def entity(compliance):
    said = entities.Said(
        "Nordbank AG", lei=LEI, types=["credit_institution"], home_state="DE", nis2="none", services=["store"]
    )
    return entities.make(said, actor=compliance, now=clock.now())


@pytest.fixture
def incident(store, commander):
    found = services.declare(
        title="Store is down", severity=Severity.SEV1, services=[store], declarer=commander, description="No writes."
    )
    health(found, "red")
    services.set_severity(found, Severity.SEV2, actor=commander, seen_severity=Severity.SEV1, reason="One region.")
    health(found, "green")
    return services.move(found, Phase.RESOLUTION, actor=commander, seen_phase=found.phase)


def health(incident, now):
    told = {"probe": "writes", "service": "store", "was": "green" if now == "red" else "red", "now": now, "detail": ""}
    with atomic():
        ledger.record(incident.stream, "health.changed", ledger.SYSTEM, told)


@pytest.fixture
def begin(incident, entity, compliance):
    def make(stage="initial", actor=compliance):
        stream = Stream.objects.get(uid=incident.stream)
        return opening.open_filing(
            stream, DORA, stage, entity=entity.uid, entity_name=entity.name, actor=actor, now=clock.now()
        )

    return make


@pytest.fixture
def complete(compliance):
    """Fill what is missing, as a person would: nothing that the record gave is touched."""

    def fill(filing):
        one = selectors.opened(filing)
        told = BY_HAND[filing.stage]
        missing = {key: value for key, value in told.items() if key not in one.values}
        chosen = {"2.3": just_now(), "4.7": just_now()}
        missing = {key: chosen.get(key, value) for key, value in missing.items()}
        seen = Filing.objects.get(pk=filing.pk).version
        assert editing.change(
            filing.uid, missing, seen=seen, reason="From the officer's file.", actor=compliance, now=clock.now()
        )
        return Filing.objects.get(pk=filing.pk)

    return fill


def just_now():
    """A time that no other time of the report is after."""
    return clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def decide(request, user, verdict="approve", reason="The figures are ours."):
    said = approvals.Said(verdict, reason, request.digest)
    return approvals.decide(request.uid, user=user, said=said, now=clock.now())


def asked(filing):
    return ApprovalRequest.objects.get(subject=filing.subject, state="pending")


def review(filing, actor):
    return moving.send_to_review(filing.uid, seen=filing.version, actor=actor, now=clock.now())


def submit(filing, actor, **more):
    said = {"at": clock.now(), "channel": "Portal of the authority", "file": "json"} | more
    return moving.submit(filing.uid, sent=moving.Sent(**said), actor=actor, now=clock.now())


def test_the_ledger_of_the_incident_fills_what_it_knows_with_its_entries(begin, incident):
    filing = begin("final")
    rows = {row.key: row for row in FilingValue.objects.filter(filing=filing)}
    assert rows["2.1"].value == incident.label
    assert rows["1.3"].value == LEI
    assert rows["2.7"].value == "staff"
    assert rows["2.4"].value.startswith("Store is down. Severity SEV2 inside the entity. Services: store.")
    assert rows["fact.downtime"].value is True
    assert {"2.2", "3.2", "3.3", "3.15", "3.16", "3.17", "3.22", "4.8", "1.2", "1.4", "1.15"} <= rows.keys()
    known = {(row.seq, incident.stream) for row in entries(incident.stream)}
    regulation = {(row.seq, "regulation") for row in entries("regulation")}
    for row in rows.values():
        assert row.source == Source.PREFILLED
        assert row.supports, row.key
        assert {(seq, stream) for stream, seq in row.supports} <= known | regulation, row.key


def test_a_reopened_incident_is_not_resolved(begin, incident, commander):
    services.move(incident, Phase.MITIGATION, actor=commander, seen_phase=Phase.RESOLUTION, reason="It came back.")
    filing = begin("final")
    assert not FilingValue.objects.filter(filing=filing, key__in=["4.8", "3.15"]).exists()


def test_a_trio_is_approved_by_the_owner_filed_and_valid(begin, complete, compliance, owner, incident):
    for stage in ("initial", "intermediate", "final"):
        filing = review(complete(begin(stage)), compliance)
        request = asked(filing)
        assert [one.user for one in request.asked.all()] == [owner], "who answers for the service"
        decide(request, owner)
        filing = submit(filing, compliance, reference="2026I0000417" if stage == "initial" else "")
        assert filing.state == FilingState.SUBMITTED
        told = json.loads(selectors.bytes_of(filing, "json"))
        assert [error.message for error in Draft7Validator(official("IR-1.3.0")).iter_errors(told)] == []
        assert selectors.findings_of(selectors.opened(filing)) == []
        assert ApprovalRequest.objects.get(pk=request.pk).state == "used"
        prefilled = FilingValue.objects.filter(filing=filing).exclude(source=Source.ENTERED)
        assert prefilled.exists()
        assert all(row.supports for row in prefilled), "every prefilled value has its entries"
    assert told["incident"]["competentAuthorityCode"] == "2026I0000417"


def test_the_writer_never_approves_and_the_approver_never_sends(begin, complete, compliance, owner):
    filing = review(complete(begin()), compliance)
    request = asked(filing)
    with pytest.raises(NotEntitled):
        decide(request, compliance)
    decide(request, owner)
    with pytest.raises(NoConsent, match="whoever approved it can't carry it out"):
        submit(filing, owner)


def test_a_rejection_brings_it_back_to_draft_with_its_reason(begin, complete, compliance, owner):
    filing = review(complete(begin()), compliance)
    decide(asked(filing), owner, "reject", "The time of detection is wrong.")
    assert consents.unsettled(clock.now()) == [filing.subject]
    consents.settle(filing.subject)
    back = Filing.objects.get(pk=filing.pk)
    assert back.state == FilingState.DRAFT
    assert "The time of detection is wrong." in back.why
    assert consents.unsettled(clock.now()) == []


def test_a_yes_is_taken_over_and_changed_values_void_it(begin, complete, compliance, owner):
    filing = review(complete(begin()), compliance)
    request = asked(filing)
    decide(request, owner)
    consents.settle(filing.subject)
    assert Filing.objects.get(pk=filing.pk).state == FilingState.APPROVED
    moving.return_to_draft(filing.uid, reason="One more figure.", actor=compliance, now=clock.now())
    assert ApprovalRequest.objects.get(pk=request.pk).state == "void"
    filing.refresh_from_db()
    editing.change(
        filing.uid, {"2.4": "Another account."}, seen=filing.version, reason="r", actor=compliance, now=clock.now()
    )
    filing.refresh_from_db()
    again = asked(review(filing, compliance))
    assert again.digest != request.digest


def test_an_altered_file_is_not_what_was_approved(begin, complete, compliance, owner):
    filing = review(complete(begin()), compliance)
    decide(asked(filing), owner)
    Filing.objects.filter(pk=filing.pk).update(digests=filing.digests | {"pdf": "0" * 64})
    with pytest.raises(NoConsent):
        submit(filing, compliance)


def test_a_report_is_filled_checked_reviewed_and_sent_on_pages(client, begin, complete, compliance, owner, incident):
    client.force_login(compliance)
    answer = client.post(
        reverse("regulation:new-filing"),
        {"stream": incident.stream, "report": f"{DORA}/initial", "entity": entities.entities()[0].uid},
    )
    filing = Filing.objects.get()
    page = reverse("regulation:filing", args=[filing.uid])
    assert answer.headers["Location"] == page
    assert "To settle" in client.get(page).content.decode()
    section = reverse("regulation:filing-section", args=[filing.uid, "initial"])
    shown = client.get(section).content.decode()
    assert "From the incident&#x27;s timeline" in shown
    assert f"/evidence/{incident.stream}/" in shown
    wrong = client.post(section, {"seen": filing.version, "f2_2": "yesterday", "f2_1": incident.label, "reason": "r"})
    assert wrong.status_code == 422
    assert "A time such as" in wrong.content.decode()
    filing = complete(filing)
    checked = client.get(reverse("regulation:filing-check", args=[filing.uid])).content.decode()
    assert "to settle before" not in checked
    client.post(reverse("regulation:review-filing", args=[filing.uid]), {"seen": filing.version})
    decide(asked(filing), owner)
    consents.settle(filing.subject)
    assert "Exactly these files are approved" in client.get(page).content.decode()
    now = clock.now().strftime("%Y-%m-%d %H:%M:%S")
    sent = client.post(
        reverse("regulation:submit-filing", args=[filing.uid]), {"at": now, "channel": "Portal", "file": "json"}
    )
    assert sent.status_code == 302, sent.content.decode()
    kept = client.get(reverse("regulation:filing-file", args=[filing.uid, "json"]))
    assert kept.content == selectors.bytes_of(Filing.objects.get(), "json")
    assert kept.headers["X-Content-SHA256"] == Filing.objects.get().digests["json"]
    looks = [row.fields["asked"] for row in entries("portal") if row.kind == "evidence.viewed"]
    assert {"filing": filing.uid} in looks, "who read it is on record"
    assert {"filing": filing.uid, "file": "json", "sha256": Filing.objects.get().digests["json"]} in looks
    done = client.post(reverse("regulation:acknowledge-filing", args=[filing.uid]), {"at": now, "reference": "A-1"})
    assert done.status_code == 302, done.content.decode()
    assert Filing.objects.get().state == FilingState.ACKNOWLEDGED
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{page}files/xlsx").content))
    assert book["Report"]["A2"].value == "The entities and their contacts"
    assert "Acknowledged" in client.get(reverse("regulation:filings")).content.decode()


def test_two_editors_on_a_page_the_second_keeps_what_they_typed(client, begin, compliance, make_user, payments_team):
    filing = begin()
    editing.change(
        filing.uid, {"2.4": "Theirs."}, seen=filing.version + 1, reason="r", actor=ledger.SYSTEM, now=clock.now()
    )
    client.force_login(compliance)
    section = reverse("regulation:filing-section", args=[filing.uid, "initial"])
    answer = client.post(section, {"seen": 1, "f2_4": "Mine, typed for an hour.", "reason": "r"})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "2.4 was changed by Muster" in text
    assert "Mine, typed for an hour." in text


def test_the_api_does_the_same(client, incident, entity, compliance):
    client.force_login(compliance)
    body = {"stream": incident.stream, "regime": DORA, "stage": "initial", "entity": entity.uid}
    made = client.post(reverse("audit-api:filings"), body, content_type="application/json")
    assert made.status_code == 201, made.content
    told = made.json()
    assert {row["key"] for row in told["values"]} >= {"1.1", "2.1"}
    assert any(finding["severity"] == "gap" for finding in told["findings"])
    values = reverse("audit-api:filing-values", args=[told["uid"]])
    said = {"values": {"2.4": "It broke.", "fact.in_group": False}, "seen": told["version"], "reason": "r"}
    entered = client.post(values, said, content_type="application/json")
    assert entered.status_code == 200, entered.content
    assert entered.json()["version"] == told["version"] + 1
    bad = client.post(values, said | {"values": {"3.4": 1.5}}, content_type="application/json")
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_value")
    refused = client.post(
        reverse("audit-api:review-filing", args=[told["uid"]]), {"seen": told["version"] + 1},
        content_type="application/json",
    )  # fmt: skip
    assert refused.status_code == 422
    assert any("1.7" in problem for problem in refused.json()["problems"])
    assert [one["uid"] for one in client.get(reverse("audit-api:filings")).json()] == [told["uid"]]


def test_a_day_later_the_officer_sees_what_the_record_says_by_now(client, begin, compliance, incident, commander):
    filing = begin("initial")
    editing.change(
        filing.uid, {"2.2": "2026-01-01T00:00:00Z"}, seen=filing.version + 1, reason="As the desk noted.",
        actor=compliance, now=clock.now() + dt.timedelta(days=1),
    )  # fmt: skip
    client.force_login(compliance)
    page = client.get(reverse("regulation:filing", args=[filing.uid])).content.decode()
    assert "The record says otherwise" in page
