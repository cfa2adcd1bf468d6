"""Worksheets, clocks, entities and own regimes in the database, with their entries."""

# ruff: noqa: E501 - tables of cases read best a case a line

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from audit import ledger
from audit.ledger import SYSTEM
from audit.models import Clock, Entry, LegalEntity, VersionState
from audit.regimes import entities, keeping, rules, sheets, stating, ticking, versions
from audit.regimes.applying import all_of
from audit.regimes.entities import Said as SaidOfEntity
from audit.regimes.errors import IllegalTransition, OwnVersion, RegimeRefused, StaleEntity, StaleWorksheet, VersionWaits
from audit.regimes.lei import is_lei
from audit.regimes.sheets import Said, Verdict
from audit.regimes.stating import Statement
from plumbing import clock
from plumbing.database import atomic
from plumbing.errors import BadField
from tests.audit.own_regime import OWN

pytestmark = pytest.mark.django_db
STREAM, DORA = "inc_drill", "eu_dora_major_incident"
NOW = dt.datetime(2026, 3, 2, 12, tzinfo=ZoneInfo("Europe/Berlin"))
HOUR = dt.timedelta(hours=1)
LEI = "529900T8BM49AURSDO55"


class Somebody:
    def __init__(self, actor_id: str) -> None:
        self.actor_id = actor_id


ANNA, BEN = Somebody("usr_anna"), Somebody("usr_ben")


@pytest.fixture
def stream(db: None) -> str:
    with atomic():
        ledger.open_stream(STREAM)
        ledger.record(STREAM, "incident.opened", SYSTEM, {"title": "Drill"})
    return STREAM


def entity(**more: object) -> LegalEntity:
    said = {
        "name": "Bank AG",
        "types": ["credit_institution"],
        "home_state": "DE",
        "zone": "Europe/Berlin",
        "country": "DE",
    }
    return entities.make(SaidOfEntity(**{**said, **more}), actor=ANNA, now=NOW)  # type: ignore[arg-type]


def sheet(bank: LegalEntity, name: str = "dora_classification") -> sheets.Sheet:
    return sheets.current(STREAM, bank.uid, name)


def decide(
    bank: LegalEntity, *, yes: bool, at: dt.datetime = NOW, now: dt.datetime | None = None, **more: object
) -> None:
    found = sheet(bank)
    verdict = Verdict(yes, "Because of the figures.", at, **more)  # type: ignore[arg-type]
    sheets.decide(STREAM, bank, found.worksheet, verdict, seen=found.seen, actor=ANNA, now=now or at)


def clocks() -> dict[str, Clock]:
    return {found.stage: found for found in Clock.objects.select_related("entity")}


def kinds(uid: str = STREAM) -> list[str]:
    return list(Entry.objects.filter(stream__uid=uid).order_by("seq").values_list("kind", flat=True))


def sent(stage: str, at: dt.datetime, bank: LegalEntity) -> None:
    said = Statement(f"submitted:{stage}", at, regime=DORA, entity=bank.uid)
    stating.state(STREAM, said, actor=ANNA, now=at)


def test_facts_are_entries_and_the_rule_is_evaluated_anew(stream: str) -> None:
    bank = entity()
    found = sheet(bank)
    facts = {"ict_supports_critical_function": Said(True), "duration_hours": Said(30.5, True, "From the log", (0,))}
    again = sheets.state_facts(STREAM, bank, found.worksheet, facts, seen=found.seen, actor=ANNA)
    assert again.facts["duration_hours"].value == 30.5
    assert again.facts["duration_hours"].supports == (0,)
    assert (again.rule_says, again.seen) == ("open", 1)
    more = sheets.state_facts(STREAM, bank, found.worksheet, {"media_coverage": Said(True)}, seen=1, actor=ANNA)
    assert more.rule_says == "yes"
    unchanged = sheets.state_facts(STREAM, bank, found.worksheet, {"media_coverage": Said(True)}, seen=2, actor=ANNA)
    assert (unchanged.seen, kinds().count("classification.stated")) == (2, 2)


def test_a_fact_can_become_unknown_again(stream: str) -> None:
    bank = entity()
    sheets.state_facts(STREAM, bank, sheet(bank).worksheet, {"media_coverage": Said(True)}, seen=-1, actor=ANNA)
    found = sheets.state_facts(STREAM, bank, sheet(bank).worksheet, {"media_coverage": Said(None)}, seen=1, actor=ANNA)
    assert found.facts["media_coverage"].value is None
    assert found.evaluation.is_open


def test_who_saw_an_older_worksheet_is_told_and_writes_nothing(stream: str) -> None:
    bank = entity()
    found = sheet(bank)
    sheets.state_facts(STREAM, bank, found.worksheet, {"media_coverage": Said(True)}, seen=-1, actor=ANNA)
    with pytest.raises(StaleWorksheet, match="entry 1"):
        sheets.state_facts(STREAM, bank, found.worksheet, {"media_coverage": Said(False)}, seen=-1, actor=BEN)
    with pytest.raises(StaleWorksheet):
        sheets.decide(STREAM, bank, found.worksheet, Verdict(True, "Yes."), seen=-1, actor=BEN, now=NOW)
    assert len(kinds()) == 2


def test_an_entry_that_isn_t_there_supports_nothing(stream: str) -> None:
    bank = entity()
    with pytest.raises(BadField, match="0 to 0"):
        sheets.state_facts(STREAM, bank, sheet(bank).worksheet, {"media_coverage": Said(True, supports=(7,))}, seen=-1, actor=ANNA)  # fmt: skip


def test_a_person_may_decide_otherwise_than_the_rule_and_that_is_stated(stream: str) -> None:
    bank = entity()
    decide(bank, yes=True)
    last = sheet(bank).decision
    assert last is not None
    assert (last.fields["verdict"], last.fields["rule_says"], last.fields["differs"]) == ("yes", "open", True)
    assert last.fields["rules"] == rules.worksheet_of("dora_classification").digest


def test_a_decision_needs_a_reason_and_a_time_that_has_passed(stream: str) -> None:
    bank = entity()
    for verdict, field in ((Verdict(True, " "), "reason"), (Verdict(True, "Yes.", NOW + HOUR), "at"), (Verdict(False, "No.", never=True), "never")):  # fmt: skip
        with pytest.raises(BadField) as error:
            sheets.decide(STREAM, bank, sheet(bank).worksheet, verdict, seen=-1, actor=ANNA, now=NOW)
        assert error.value.field == field
    assert Clock.objects.count() == 0


def test_a_yes_starts_the_clocks_and_each_report_the_next(stream: str) -> None:
    bank = entity()
    stating.state(STREAM, Statement("aware", NOW - 2 * HOUR), actor=ANNA, now=NOW)
    decide(bank, yes=True)
    assert clocks()["initial"].legal_at == NOW + 4 * HOUR
    assert {"intermediate", "final"}.isdisjoint(clocks())
    sent("initial", NOW + HOUR, bank)
    assert (clocks()["initial"].state, clocks()["intermediate"].legal_at) == ("met", NOW + 73 * HOUR)
    sent("intermediate", NOW + 2 * HOUR, bank)
    final = clocks()["final"]
    sent("intermediate_update", NOW + 50 * HOUR, bank)
    assert final.safe_at is not None
    assert clocks()["final"].safe_at == final.safe_at + dt.timedelta(days=2)  # the month begins anew
    assert "clock.moved" in kinds()
    seq = clocks()["initial"].start_seq
    assert Entry.objects.get(stream__uid=STREAM, seq=seq).kind == "classification.decided"


def test_confirming_a_yes_never_gives_more_time_but_a_yes_after_a_no_does(stream: str) -> None:
    bank = entity()
    stating.state(STREAM, Statement("aware", NOW), actor=ANNA, now=NOW)
    decide(bank, yes=True)
    decide(bank, yes=True, at=NOW + 3 * HOUR)
    assert clocks()["initial"].legal_at == NOW + 4 * HOUR
    decide(bank, yes=False, at=NOW + 3.5 * HOUR, never=True)
    assert clocks()["initial"].state == "void"
    assert clocks()["reclassification"].state == "running"
    decide(bank, yes=True, at=NOW + 30 * HOUR)
    assert clocks()["initial"].legal_at == NOW + 34 * HOUR  # more than 24 h after awareness: only the 4 h count
    assert clocks()["initial"].state == "running"


def test_late_is_said_once_and_a_late_report_is_met_late(stream: str) -> None:
    bank = entity()
    decide(bank, yes=True)
    assert set(ticking.due_clocks(NOW)) == set()
    initial = clocks()["initial"]
    assert initial.uid in set(ticking.due_clocks(NOW + 2 * HOUR))
    ticking.tick(initial.uid)  # by the database's clock it is months later
    assert clocks()["initial"].state == "late"
    before = len(kinds())
    ticking.tick(initial.uid)
    assert len(kinds()) == before
    sent("initial", NOW + 5 * HOUR, bank)
    assert clocks()["initial"].state == "met_late"


def test_a_report_that_isn_t_needed_stays_so_until_its_clock_starts_anew(stream: str) -> None:
    bank = entity()
    stating.state(STREAM, Statement("aware", NOW), actor=ANNA, now=NOW)
    decide(bank, yes=True)
    found = clocks()["client_information"]
    keeping.not_needed(found.uid, stream=STREAM, reason="No client was touched.", actor=ANNA)
    keeping.refresh(STREAM, now=NOW)
    assert (clocks()["client_information"].state, clocks()["client_information"].reason) == ("not_needed", "No client was touched.")  # fmt: skip
    with pytest.raises(IllegalTransition):
        keeping.not_needed(found.uid, stream=STREAM, reason="Again.", actor=ANNA)
    stating.state(STREAM, Statement("aware", NOW + HOUR), actor=ANNA, now=NOW + HOUR)
    assert clocks()["client_information"].state == "running"


def test_bringing_clocks_up_twice_writes_once(stream: str) -> None:
    decide(entity(), yes=True)
    before = kinds()
    assert keeping.refresh(STREAM, now=NOW) == []
    assert kinds() == before


def test_a_rejected_filing_doesn_t_count(stream: str) -> None:
    bank = entity()
    decide(bank, yes=True)
    said = {"filing": "f1", "regime": DORA, "stage": "initial", "entity": bank.uid}
    with atomic():
        ledger.record(STREAM, "filing.submitted", ANNA, {**said, "submitted_at": "2026-03-02T11:30:00.000Z"})
    keeping.refresh(STREAM, now=NOW)
    assert clocks()["initial"].state == "met"
    with atomic():
        ledger.record(STREAM, "filing.rejected", ANNA, said)
    keeping.refresh(STREAM, now=NOW)
    assert clocks()["initial"].state == "running"
    assert clocks()["intermediate"].state == "void"


def test_statements_are_checked(stream: str) -> None:
    for said in (
        Statement("nonsense", NOW),
        Statement("classified_major", NOW),
        Statement("submitted:initial", NOW),
        Statement("aware", NOW + HOUR),
        Statement("aware", NOW, entity="nobody"),
        Statement("aware", NOW, supports=(9,)),
    ):
        with pytest.raises(BadField):
            stating.state(STREAM, said, actor=ANNA, now=NOW)
    assert len(kinds()) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"lei": LEI[:-1] + "6"}, "lei"), ({"types": ["bakery"]}, "types"), ({"home_state": "Germany"}, "other_states"), ({"zone": "Mars/Base"}, "zone"), ({"country": "XX"}, "country"), ({"subdivision": "QQ"}, "country"), ({"days_off": ["Christmas"]}, "days_off"), ({"currency": "Euro"}, "currency"), ({"name": " "}, "name"), ({"services": ["nowhere"]}, "services"), ({"zone": "../etc/passwd"}, "zone")],
)  # fmt: skip
def test_what_is_said_of_an_entity_is_checked(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(BadField) as error:
        entity(**wrong)
    assert error.value.field == field
    assert LegalEntity.objects.count() == 0


def test_the_check_digits_of_a_lei() -> None:
    assert is_lei(LEI)
    assert not any(is_lei(text) for text in ("", LEI[:-1], LEI.lower(), LEI.replace("T", "S"), "5299 00T8BM49AURSDO5"))


def test_two_people_don_t_overwrite_an_entity() -> None:
    bank = entity(lei=LEI)
    said = SaidOfEntity(name="Bank SE", lei=LEI, types=["credit_institution"], home_state="DE", zone="Europe/Berlin")
    entities.change(bank.uid, said, seen=1, actor=ANNA, now=NOW)
    with pytest.raises(StaleEntity):
        entities.change(bank.uid, said, seen=1, actor=BEN, now=NOW)
    assert kinds("regulation") == ["entity.added", "entity.changed"]


def test_which_regimes_apply_is_said_with_reasons_and_a_person_decides_where_it_is_unsure() -> None:
    today = dt.date(2026, 11, 21)
    bank = entity()
    answers = {one.regime.id: one for one in all_of(bank, rules.regimes(), today)}
    assert answers[DORA].answer == "applies"
    assert answers["eu_gdpr"].answer == "applies"
    assert answers["eu_nis2"].answer == "no"  # a financial entity follows DORA
    assert answers["us_circia"].because == ("The rule is not final. It can be switched on by a person.",)
    assert answers["uk_fca_pra_operational_incident"].because == ("It applies from 2027-03-18.",)
    vague = entity(name="Holding", types=[], home_state="")
    assert {one.regime.id: one.answer for one in all_of(vague, rules.regimes(), today)}[DORA] == "unsure"
    entities.decide_applies(vague.uid, DORA, applies=False, reason="A holding.", seen=1, actor=ANNA, now=NOW)
    vague.refresh_from_db()
    decided = {one.regime.id: one for one in all_of(vague, rules.regimes(), today)}[DORA]
    assert (decided.answer, decided.by_rule, decided.reason) == ("no", "unsure", "A holding.")


def test_an_own_regime_is_put_in_force_by_a_second_person_and_runs_like_any_other(stream: str) -> None:
    version = versions.propose(OWN, note="The board asked.", actor=ANNA, now=NOW)
    assert "own_board" not in rules.regimes()
    with pytest.raises(VersionWaits):
        versions.propose(OWN, note="Again.", actor=BEN, now=NOW)
    with pytest.raises(OwnVersion):
        versions.decide(version, accept=True, reason="", actor=ANNA, now=NOW)
    assert kinds("regulation")[-1] == "regime.decision_refused"
    versions.decide(version, accept=True, reason="", actor=BEN, now=NOW)
    assert "own_board" in rules.regimes()
    bank = entity()
    found = sheet(bank, "trigger_own_board")
    sheets.decide(STREAM, bank, found.worksheet, Verdict(True, "They do."), seen=-1, actor=ANNA, now=NOW)
    assert clocks()["note"].legal_at == NOW + 2 * HOUR
    faster = versions.propose(OWN.replace("PT2H", "PT1H"), note="Faster.", actor=BEN, now=NOW, slug="own_board")
    versions.decide(faster, accept=True, reason="", actor=ANNA, now=NOW)
    version.refresh_from_db()
    assert version.state == VersionState.RETIRED
    keeping.refresh(STREAM, now=NOW)
    assert clocks()["note"].legal_at == NOW + HOUR  # a change of a deadline is an edit of data


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [("PT2H", "soon", "line 17"), ("own_board", "eu_dora_major_incident", "own_"), ("name: Telling", "nmae: Telling", "nmae"), ("any_of: [DE]", "any_of: '@moon'", "@moon"), ("determined_reportable, limit", "lunch, limit", "lunch"), ("status: in_force", "status: maybe", "line 5"), ("who: Everybody", "who: *all", "alias")],
)  # fmt: skip
def test_a_mistake_in_an_own_regime_is_named_with_its_line(was: str, now: str, expected: str) -> None:
    assert was in OWN
    with pytest.raises(RegimeRefused, match=r"line \d+") as error:
        versions.propose(OWN.replace(was, now), note="Wrong.", actor=ANNA, now=clock.now())
    assert expected in str(error.value)
