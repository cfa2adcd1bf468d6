"""Deadlines: the vectors of the data, and what holds for every rule."""

# ruff: noqa: E501 - tables of cases read best a case a line

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.regimes import shipped
from audit.regimes.calendars import WorkingDays
from audit.regimes.deadlines import Due, Profile, due
from audit.regimes.limits import read_limit

BERLIN = ZoneInfo("Europe/Berlin")
GERMAN = WorkingDays(BERLIN, "DE", "BE")
BANK = Profile(frozenset({"credit_institution"}), GERMAN)
PAYER = Profile(frozenset({"payment_institution"}), GERMAN)
D = {"DORA": "eu_dora_major_incident", "SEC": "us_sec_8k_105", "NIS2": "eu_nis2", "GDPR": "eu_gdpr"}


def at(text: str, zone: ZoneInfo = BERLIN) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def ask(regime: str, stage: str, profile: Profile, **moments: str) -> Due:
    found = shipped.regimes()[D.get(regime, regime)]
    which = found.stage(stage)
    assert which is not None
    named = {name.replace("submitted_", "submitted:"): at(moment) for name, moment in moments.items()}
    answer = due(found, which, profile, named)
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("profile", "stage", "moments", "expected"),
    [
        pytest.param(BANK, "initial", {"aware": "2026-03-02T10:00", "classified_major": "2026-03-02T12:00"}, "2026-03-02T16:00", id="D1"),
        pytest.param(BANK, "initial", {"aware": "2026-03-02T10:00", "classified_major": "2026-03-03T09:00"}, "2026-03-03T10:00", id="D2"),
        pytest.param(BANK, "initial", {"aware": "2026-03-02T10:00", "classified_major": "2026-03-03T15:00"}, "2026-03-03T19:00", id="D3"),
        pytest.param(PAYER, "initial", {"aware": "2026-03-07T08:00", "classified_major": "2026-03-07T10:00"}, "2026-03-09T12:00", id="D4"),
        pytest.param(BANK, "initial", {"aware": "2026-03-07T08:00", "classified_major": "2026-03-07T10:00"}, "2026-03-07T14:00", id="D5"),
        pytest.param(PAYER, "intermediate", {"submitted_initial": "2026-03-05T16:00"}, "2026-03-09T12:00", id="D6"),
        pytest.param(BANK, "intermediate", {"submitted_initial": "2026-03-05T16:00"}, "2026-03-08T16:00", id="D7"),
        pytest.param(BANK, "final", {"submitted_intermediate": "2026-01-31T09:00"}, "2026-03-02T12:00", id="D8"),
    ],
)  # fmt: skip
def test_the_vectors_of_dora(profile: Profile, stage: str, moments: dict[str, str], expected: str) -> None:
    assert ask("DORA", stage, profile, **moments).legal == at(expected)


def test_the_vectors_are_those_of_the_reference_data(shared_data: Any) -> None:
    import yaml

    said = yaml.safe_load((shared_data.parent / "regulatory" / "regimes.yaml").read_text())["regimes"][0]
    for vector in said["deadline_test_vectors"]:
        profile = BANK if vector["entity"] == "credit_institution" else PAYER
        names = {
            "aware": "aware", "classified": "classified_major", "initial_submitted": "submitted_initial",
            "last_intermediate_submitted": "submitted_intermediate",
        }  # fmt: skip
        moments = {names[key]: vector[key] for key in names if key in vector}
        (stage,) = (key.removeprefix("expect_") for key in vector if key.startswith("expect_"))
        found = ask("DORA", stage, profile, **moments)
        assert found.legal == at(vector[f"expect_{stage}"]), vector["id"]


def test_the_safe_target_has_no_weekend_extension_and_the_exact_hour() -> None:
    saturday = ask("DORA", "initial", PAYER, aware="2026-03-07T08:00", classified_major="2026-03-07T10:00")
    assert saturday.safe == at("2026-03-07T14:00")
    assert saturday.legal == at("2026-03-09T12:00")
    month = ask("DORA", "final", BANK, submitted_intermediate="2026-01-31T09:00")
    assert month.safe == at("2026-02-28T09:00")


def test_a_month_ends_with_its_last_day_where_that_is_a_working_day() -> None:
    found = ask("DORA", "final", BANK, submitted_intermediate="2026-03-02T09:00")
    assert found.legal == at("2026-04-02T23:59:59.999")
    assert found.safe == at("2026-04-02T09:00")


def test_an_updated_intermediate_report_restarts_the_month() -> None:
    found = ask(
        "DORA",
        "final",
        BANK,
        submitted_intermediate="2026-03-02T09:00",
        submitted_intermediate_update="2026-03-10T09:00",
    )
    assert found.safe == at("2026-04-10T09:00")
    assert found.start_event == "submitted:intermediate_update"


def test_an_update_is_owed_for_what_happens_after_the_intermediate_report() -> None:
    regime = shipped.regimes()[D["DORA"]]
    stage = regime.stage("intermediate_update")
    assert stage is not None
    sent, before, after = at("2026-03-05T16:00"), at("2026-03-05T10:00"), at("2026-03-06T10:00")
    assert due(regime, stage, BANK, {"recovered": before}) is None
    assert due(regime, stage, BANK, {"recovered": before, "submitted:intermediate": sent}) is None
    found = due(regime, stage, BANK, {"recovered": after, "submitted:intermediate": sent})
    assert found is not None and (found.start, found.limit.words) == (after, "without undue delay")
    anew = due(regime, stage, BANK, {"recovered": before, "requested": after, "submitted:intermediate": sent})
    assert anew is not None and anew.start_event == "requested"


def test_hours_run_across_the_change_of_summer_time() -> None:
    found = ask("DORA", "intermediate", BANK, submitted_initial="2026-03-27T16:00")  # clocks go forward on the 29th
    assert found.legal == at("2026-03-30T17:00")
    autumn = ask("DORA", "intermediate", BANK, submitted_initial="2026-10-23T16:00")
    assert autumn.legal == at("2026-10-26T15:00")


def test_a_month_keeps_the_local_hour_across_summer_time() -> None:
    found = ask("NIS2", "final_report", BANK, submitted_incident_notification="2026-03-02T09:00")
    assert found.legal == at("2026-04-02T09:00")


def test_a_holiday_counts_as_a_weekend_does() -> None:
    labour_day = ask("DORA", "initial", PAYER, aware="2026-04-30T22:00", classified_major="2026-05-01T01:00")
    assert labour_day.legal == at("2026-05-04T12:00")  # Friday 1 May, then the weekend
    assert "Labor Day" in " ".join(labour_day.because) or "Friday" in " ".join(labour_day.because)


def test_a_day_off_of_the_entity_counts_too() -> None:
    own = Profile(PAYER.tags, WorkingDays(BERLIN, "DE", "BE", frozenset({dt.date(2026, 3, 9)})))
    found = ask("DORA", "initial", own, aware="2026-03-07T08:00", classified_major="2026-03-07T10:00")
    assert found.legal == at("2026-03-10T12:00")


@pytest.mark.parametrize("tag", ["central_counterparty", "trading_venue", "nis2_entity", "significant"])
def test_who_is_excepted_has_no_relief_for_the_initial_notification(tag: str) -> None:
    profile = Profile(PAYER.tags | {tag}, GERMAN)
    found = ask("DORA", "initial", profile, aware="2026-03-07T08:00", classified_major="2026-03-07T10:00")
    assert found.legal == at("2026-03-07T14:00")
    assert "no extension" in " ".join(found.because)


def test_without_a_known_awareness_the_four_hours_count_and_that_is_said() -> None:
    found = ask("DORA", "initial", BANK, classified_major="2026-03-02T12:00")
    assert found.legal == at("2026-03-02T16:00")
    assert "not known" in " ".join(found.because)


def test_business_days_are_those_of_the_regime_s_country() -> None:
    american = Profile(frozenset({"sec_registrant"}), WorkingDays(ZoneInfo("America/New_York"), "US"))
    regime = shipped.regimes()[D["SEC"]]
    stage = regime.stage("form_8k")
    assert stage is not None
    zone = american.calendar.zone
    for start, last in (
        ("2026-06-30T15:00", "2026-07-07"),
        ("2026-07-04T15:00", "2026-07-09"),
        ("2026-03-02T09:00", "2026-03-06"),
    ):
        found = due(regime, stage, american, {"determined_material": at(start, zone)})
        assert found is not None and found.legal is not None
        assert found.legal.astimezone(zone).date() == dt.date.fromisoformat(last), start  # 3 July is observed
        assert found.legal.astimezone(zone).hour == 23


def test_a_limit_in_words_gives_no_moment() -> None:
    found = ask("GDPR", "data_subject_communication", BANK, aware="2026-03-02T09:00")
    assert (found.legal, found.safe) == (None, None)
    assert found.because[-1] == "From then without undue delay."


def test_other_limits_for_other_kinds_of_entity() -> None:
    trust = Profile(frozenset({"trust_service_provider"}), GERMAN)
    assert ask("NIS2", "incident_notification", trust, aware="2026-03-02T09:00").legal == at("2026-03-03T09:00")
    assert ask("NIS2", "incident_notification", BANK, aware="2026-03-02T09:00").legal == at("2026-03-05T09:00")


def test_the_earlier_of_two_starts_counts() -> None:
    regime = "in_cert_in"
    india = Profile(frozenset(), WorkingDays(ZoneInfo("Asia/Kolkata"), "IN"))
    found = ask(regime, "report", india, detected="2026-03-02T10:00", brought_to_notice="2026-03-02T09:00")
    assert (found.start_event, found.legal) == ("brought_to_notice", at("2026-03-02T15:00"))


def test_nothing_is_due_before_its_clock_has_started() -> None:
    regime = shipped.regimes()[D["DORA"]]
    for stage in regime.stages:
        assert due(regime, stage, BANK, {}) is None


FIRST, LAST = dt.datetime(2025, 1, 1), dt.datetime(2027, 12, 31)  # noqa: DTZ001 - hypothesis wants them naive
MOMENT = st.datetimes(FIRST, LAST).map(lambda each: each.replace(tzinfo=dt.UTC))
LIMITS = st.sampled_from(
    ["PT1H", "PT4H", "PT24H", "PT36H", "PT72H", "PT1H30M", "1_business_days", "4_business_days", "30_working_days"]
)


@settings(deadline=None)
@given(MOMENT, MOMENT, LIMITS)
def test_a_later_start_never_gives_an_earlier_end(one: dt.datetime, other: dt.datetime, text: str) -> None:
    early, late = sorted((one, other))
    limit = read_limit(text)
    ends = [limit.ends(each, GERMAN) for each in (early, late)]
    days = [each.astimezone(BERLIN).date() for each in ends if each]
    assert days[0] <= days[1]
    if not limit.runs_in_whole_days:
        assert ends[0] <= ends[1]  # type: ignore[operator]


@settings(deadline=None)
@given(MOMENT, MOMENT, st.sampled_from([BANK, PAYER]))
def test_the_safe_target_is_never_after_the_legal_limit_nor_before_the_start(
    aware: dt.datetime, classified: dt.datetime, profile: Profile
) -> None:
    regime = shipped.regimes()[D["DORA"]]
    stage = regime.stage("initial")
    assert stage is not None
    found = due(regime, stage, profile, {"aware": aware, "classified_major": max(aware, classified)})
    assert found is not None and found.safe is not None and found.legal is not None
    assert found.start < found.safe + dt.timedelta(microseconds=1)
    assert found.safe <= found.legal
    assert found.safe <= found.start + dt.timedelta(hours=4)
    if profile is BANK:
        assert found.legal == found.safe
    elif found.legal != found.safe:
        assert GERMAN.is_working(found.legal.astimezone(BERLIN).date())
        assert found.legal.astimezone(BERLIN).hour == 12


@settings(deadline=None)
@given(MOMENT)
def test_a_period_in_months_ends_in_a_later_month_on_the_same_or_the_last_day(start: dt.datetime) -> None:
    ends = read_limit("P1M").ends(start, GERMAN)
    assert ends is not None
    begun, ended = start.astimezone(BERLIN).date(), ends.astimezone(BERLIN).date()
    assert (ended.year * 12 + ended.month) - (begun.year * 12 + begun.month) == 1
    assert ended.day == begun.day or (ended + dt.timedelta(days=1)).month != ended.month


@pytest.mark.parametrize(
    "text", ["PT", "PT0H", "P0D", "P1DT4H", "4 hours", "0_business_days", "soon", "", "PT99999H", "P1M2D"]
)
def test_a_limit_that_isn_t_one_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match="PT4H"):
        read_limit(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [("PT4H", "4 hours"), ("PT1H30M", "1 hour 30 minutes"), ("P1M", "1 month"), ("P14D", "14 days"), ("P1Y", "12 months"), ("4_business_days", "4 business days"), ("promptly", "promptly")],
)  # fmt: skip
def test_a_limit_in_words(text: str, words: str) -> None:
    assert read_limit(text).words == words
