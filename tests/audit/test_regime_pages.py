"""Pages and API of reporting, as a compliance officer, a colleague and a stranger meet them."""

# ruff: noqa: E501 - a case a line

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from audit.ledger import SYSTEM
from audit.models import Clock, Entry, LegalEntity, RegimeVersion
from audit.regimes import entities, events, sheets
from audit.regimes.entities import Said
from catalog.models import User
from incidents import services
from incidents.models import Incident
from incidents.regulation import knows, presumes, touches, who_files
from incidents.states import Severity
from plumbing import clock

pytestmark = pytest.mark.django_db
SHEET = "dora_classification"


@pytest.fixture
def incident(store: Any, commander: User) -> Incident:
    return services.declare(
        title="Store is down", severity=Severity.SEV1, services=[store], declarer=commander, description=""
    )


@pytest.fixture
def bank(store: Any) -> LegalEntity:
    said = Said(
        name="Nordbank AG", types=["credit_institution"], home_state="DE", zone="Europe/Berlin", services=[store.slug]
    )
    return entities.make(said, actor=SYSTEM, now=clock.now())


@pytest.fixture
def officer(client: Client, compliance: User) -> Client:
    client.force_login(compliance)
    return client


def at(name: str, *args: object) -> str:
    return reverse(f"regulation:{name}", args=args)


def body(answer: Any) -> str:
    return str(answer.content.decode())


def seen(incident: Incident, bank: LegalEntity) -> int:
    return sheets.current(incident.stream, bank.uid, SHEET).seen


def test_an_incident_says_whose_it_is_and_what_the_record_knows(incident: Incident, compliance: User) -> None:
    touched = touches(incident.stream)
    assert (touched.services, touched.teams) == (frozenset({"store"}), frozenset({"payments"}))
    assert {one.event for one in presumes(incident.stream)} == {"aware", "detected", "occurred"}
    assert {one.operand for one in knows(incident.stream)} == {"duration_hours"}
    assert all(one.supports for one in knows(incident.stream))
    assert who_files(incident.teams.all()) == [compliance]


def test_from_the_page_of_an_incident_to_a_running_clock(
    officer: Client, incident: Incident, bank: LegalEntity
) -> None:
    about = at("about", incident.stream)
    assert "Nordbank AG" in body(officer.get(about))
    sheet = at("classify", incident.stream, bank.uid, SHEET)
    page = body(officer.get(sheet))
    assert "Offered by the record: From its beginning until now" in page
    said = {"seen": -1, "ict_supports_critical_function": "yes", "media_coverage": "yes", "duration_hours": "26.5", "duration_hours__estimate": "on", "duration_hours__entries": "0"}  # fmt: skip
    assert officer.post(sheet, said).status_code == 302
    page = body(officer.get(sheet))
    assert "By the facts below the rule is met." in page
    assert "Duration of the incident: 26.5 hours, threshold more than 24 hours" in page
    decide = at("decide", incident.stream, bank.uid, SHEET)
    answer = officer.post(decide, {"seen": seen(incident, bank), "verdict": "yes", "reason": "Two thresholds."})
    assert (answer.status_code, answer.headers["Location"]) == (302, about)
    found = Clock.objects.get(stage="initial")
    assert found.legal_at is not None
    assert found.legal_at - found.started_at == dt.timedelta(hours=4)
    page = body(officer.get(about))
    assert "DORA: Initial notification" in page
    assert f"#entry-{found.start_seq}" in page
    assert "DORA: Initial notification" in body(officer.get(at("deadlines")))


def test_who_saw_an_older_worksheet_gets_409_and_nothing_is_written(
    officer: Client, incident: Incident, bank: LegalEntity
) -> None:
    sheet = at("classify", incident.stream, bank.uid, SHEET)
    officer.post(sheet, {"seen": -1, "media_coverage": "yes"})
    before = Entry.objects.count()
    answer = officer.post(sheet, {"seen": -1, "media_coverage": "no"})
    assert answer.status_code == 409
    assert "Open it again" in body(answer)
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"duration_hours": "long"}, "number"),
        ({"clients_affected": "-1"}, "greater than or equal to 0"),
        ({"media_coverage": "perhaps"}, "valid choice"),
        ({"media_coverage__entries": "three"}, "numbers of entries"),
        ({"media_coverage": "yes", "media_coverage__entries": "999"}, "must be one of 0 to"),
    ],
)
def test_a_wrong_fact_is_named_at_its_field(
    officer: Client, incident: Incident, bank: LegalEntity, said: dict[str, str], words: str
) -> None:
    answer = officer.post(at("classify", incident.stream, bank.uid, SHEET), {"seen": -1, **said})
    assert answer.status_code == 422
    assert words in body(answer)


def test_a_moment_is_stated_in_the_reader_s_time(officer: Client, incident: Incident, compliance: User) -> None:
    compliance.time_zone = "Europe/Berlin"
    compliance.save()
    answer = officer.post(at("state", incident.stream), {"event": "aware", "at": "2026-03-02T10:00"})
    assert answer.status_code == 302
    row = events.rows_of(incident.stream, ["regulation.stated"])[0]
    assert row.fields["at"] == "2026-03-02T09:00:00.000Z"
    assert officer.post(at("state", incident.stream), {"event": "aware", "at": "2999-01-01T10:00"}).status_code == 422


def test_a_report_sent_elsewhere_is_stated_with_its_regime_and_answers_its_clock(
    officer: Client, incident: Incident, bank: LegalEntity
) -> None:
    officer.post(
        at("decide", incident.stream, bank.uid, SHEET),
        {"seen": seen(incident, bank), "verdict": "yes", "reason": "Two thresholds."},
    )
    moment = dt.datetime.now(dt.UTC).astimezone(ZoneInfo("Europe/Berlin")).strftime("%Y-%m-%dT%H:%M:%S")
    said = {"event": "eu_dora_major_incident|submitted:initial", "at": moment, "entity": bank.uid, "note": "By phone."}
    assert officer.post(at("state", incident.stream), said).status_code == 302
    assert Clock.objects.get(stage="initial").state == "met"
    assert Clock.objects.get(stage="intermediate").state == "running"


def test_a_colleague_reads_and_can_t_decide_and_a_stranger_sees_nothing(
    client: Client, incident: Incident, bank: LegalEntity, viewer: User, stranger: User
) -> None:
    client.force_login(viewer)
    sheet = at("classify", incident.stream, bank.uid, SHEET)
    assert "You may read this worksheet" in body(client.get(sheet))
    assert client.post(sheet, {"seen": -1}).status_code == 403
    assert client.get(at("decide", incident.stream, bank.uid, SHEET)).status_code == 403
    client.force_login(stranger)
    for path in (sheet, at("about", incident.stream), at("decide", incident.stream, bank.uid, SHEET)):
        assert client.get(path).status_code == 404
    assert "Store is down" not in body(client.get(at("deadlines")))


def test_nobody_is_told_about_a_runbook(officer: Client) -> None:
    assert officer.get(at("about", "catalog")).status_code == 404
    assert officer.get(at("about", "nothing")).status_code == 404


def test_an_entity_is_added_and_changed_and_the_rule_is_overruled(officer: Client, store: Any) -> None:
    form = {"seen": 0, "name": "Südbank AG", "lei": "529900T8BM49AURSDO55", "types": ["credit_institution"], "home_state": "DE", "zone": "Europe/Berlin", "country": "DE", "currency": "EUR", "services": [store.slug], "is_active": "on"}  # fmt: skip
    assert officer.post(at("new-entity"), {**form, "lei": "529900T8BM49AURSDO56"}).status_code == 422
    assert officer.post(at("new-entity"), form).status_code == 302
    made = LegalEntity.objects.get()
    page = body(officer.get(at("entity", made.uid)))
    assert "DORA major ICT-related incident report" in page
    assert officer.post(at("change-entity", made.uid), {**form, "seen": 7}).status_code == 409
    assert officer.get(at("change-entity", made.uid)).status_code == 200
    applies = at("applies", made.uid, "us_circia")
    assert officer.get(applies).status_code == 200
    assert officer.post(applies, {"seen": 1, "answer": "yes", "reason": "Our counsel says so."}).status_code == 302
    assert "Our counsel says so." in body(officer.get(at("entity", made.uid)))
    assert "Südbank AG" in body(officer.get(at("entities")))


def test_every_regime_reads_as_a_page_with_its_sources_and_how_sure_they_are(officer: Client) -> None:
    assert body(officer.get(at("regimes"))).count("row-link") == 18
    page = body(officer.get(at("regime", "hk_hkma")))
    assert "From memory" in page
    assert "Not final" in body(officer.get(at("regime", "us_circia")))
    assert "Not yet in force" in body(officer.get(at("regime", "uk_fca_pra_operational_incident")))
    dora = body(officer.get(at("regime", "eu_dora_major_incident")))
    assert "4 hours, from: classified as major" in dora
    assert "2025/301" in dora
    assert officer.get(at("regime", "nowhere")).status_code == 404


def test_an_own_regime_from_proposal_to_force(
    officer: Client, compliance: User, client: Client, make_user: Any, payments_team: Any
) -> None:
    wrong = officer.post(at("new-regime"), {"text": "regime: own_x\n", "note": "New."})
    assert wrong.status_code == 422
    text = officer.get(at("new-regime")).context["form"]["text"].value()
    assert officer.post(at("new-regime"), {"text": text, "note": "New."}).status_code == 302
    version = RegimeVersion.objects.get()
    rule = at("rule-regime", version.slug, 1)
    assert officer.post(rule, {"verdict": "accept"}).status_code == 403
    second = make_user("second", team=payments_team, roles=["compliance"])
    client.force_login(second)
    assert client.get(rule).status_code == 200
    assert client.post(rule, {"verdict": "accept"}).status_code == 302
    assert "In force" in body(client.get(at("regime", version.slug)))
    assert client.get(at("propose-regime", version.slug)).status_code == 200


def test_the_api_does_what_the_pages_do(officer: Client, incident: Incident, bank: LegalEntity) -> None:
    def url(name: str, *args: object) -> str:
        return reverse(f"audit-api:{name}", args=args)

    def post(path: str, said: dict[str, Any]) -> Any:
        return officer.post(path, said, content_type="application/json")

    sheet = url("worksheet", incident.stream, bank.uid, SHEET)
    assert officer.get(sheet).json()["rule_says"] == "open"
    facts = {
        "ict_supports_critical_function": {"value": True},
        "media_coverage": {"value": True},
        "member_states": {"value": ["DE", "FR"]},
    }
    answer = post(sheet, {"seen": -1, "facts": facts})
    assert (answer.status_code, answer.json()["rule_says"]) == (200, "yes")
    assert post(sheet, {"seen": -1, "facts": facts}).status_code == 409
    for value in ("yes", 1, [True], {"a": 1}, 1e400):
        wrong = post(sheet, {"seen": answer.json()["seen"], "facts": {"media_coverage": {"value": value}}})
        assert wrong.status_code in (400, 422), value
    made = post(
        url("decisions", incident.stream, bank.uid, SHEET),
        {"seen": answer.json()["seen"], "verdict": "yes", "reason": "Yes."},
    )
    assert made.status_code == 201
    page = officer.get(url("deadlines")).json()
    assert page["results"][0]["stage"] == "initial"
    assert page["results"][0]["start_seq"] == made.json()["seq"]
    information = next(one for one in page["results"] if one["stage"] == "client_information")
    answer = post(url("not-needed", incident.stream, information["uid"]), {"reason": "No client was touched."})
    assert answer.json() == {"state": "not_needed"}
    assert post(url("moments", incident.stream), {"event": "lunch", "at": "2026-01-01T10:00:00Z"}).status_code == 422
    assert len(officer.get(url("regimes")).json()) == 18
    assert officer.get(url("entity", bank.uid)).json()["regimes"][0]["answer"] == "applies"
