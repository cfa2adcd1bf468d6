"""Holds take two people to lift; what is past its time is listed, and erased when a second person agrees."""

import datetime as dt

import pytest

from audit import ledger, selectors
from audit.models import Disclosure, Hold, Stream
from audit.redaction import erasing, holds, keeping
from audit.redaction.errors import BadProfile, BadRequest, IllegalMove, ReasonMissing, SamePerson
from audit.verify import verify_stream
from plumbing import clock

UTC = dt.UTC
YEAR = dt.timedelta(days=366)


def test_the_shipped_classes_read_and_every_stream_has_one():
    known = keeping.rules()
    for uid, slug in (("inc_1", "incident"), ("rbk_1", "runbook"), ("access", "access"), ("portal", "house")):
        assert keeping.class_of(Stream(uid=uid)).slug == slug
    assert known.classes["incident"].words == "7 years after the last entry"
    assert known.classes["access"].words == "2 years after each entry"
    assert known.classes["for_good"].words == "for good"


@pytest.mark.parametrize(
    ("moment", "until"), [("2024-02-29", "2031-03-01"), ("2026-11-21", "2033-11-21"), ("2021-02-28", "2028-02-28")]
)
def test_a_period_of_years_ends_on_the_same_day_of_the_calendar(moment, until):
    seven = keeping.rules().classes["incident"]
    begin, end = (dt.datetime.fromisoformat(f"{day}T12:00:00+00:00") for day in (moment, until))
    assert seven.until(begin) == end
    assert seven.before(end) >= begin
    assert seven.before(end - dt.timedelta(days=2)) < begin


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"]", "isn't YAML"),
        (b"classes: {}", "It needs"),
        (b"classes: {a: {title: A, why: B, from: nowhere}}\nstreams: [{prefix: '', class: a}]", "from must be"),
        (b"classes: {a: {title: A, why: B, from: entry, years: 0}}\nstreams: [{prefix: '', class: a}]", "above 0"),
        (
            b"classes: {a: {title: A, why: B, from: entry, years: 1, days: 1}}\nstreams: [{prefix: '', class: a}]",
            "not both",
        ),
        (b"classes: {a: {title: A, why: B, from: entry}}\nstreams: [{prefix: x, class: a}]", "stands for all others"),
        (b"classes: {a: {title: A, why: B, from: entry}}\nstreams: [{prefix: '', class: b}]", "one of the classes"),
    ],
)
def test_a_file_of_classes_that_is_wrong_says_where(text, said):
    with pytest.raises(BadProfile, match=said):
        keeping.read(text, "retention.yaml")


@pytest.mark.django_db
def test_an_operators_file_takes_the_place_of_ours(settings, tmp_path, make_stream):
    file = tmp_path / "retention.yaml"
    file.write_text(
        "classes: {short: {title: Short, why: x, from: stream, days: 3}}\nstreams: [{prefix: '', class: short}]\n"
    )
    settings.RETENTION_FILE = str(file)
    stream = make_stream("inc_1", 1)
    (row,) = keeping.kept([stream], clock.now())
    assert row.retention.slug == "short"
    assert row.until == stream.time + dt.timedelta(days=3)


@pytest.mark.django_db
def test_what_is_past_its_time_is_erased_by_two_people_and_streams_on_hold_stay(make_stream, person, second):
    old, held, young = make_stream("inc_1", 3), make_stream("inc_2", 2), make_stream("rbk_1", 2)
    later = clock.now() + 8 * YEAR
    holds.set_hold(held, matter="Inquiry 1", reason="The court", actor=person)
    rows = {row.stream.uid: row for row in keeping.kept([old, held, young], later)}
    assert (rows["inc_1"].fields, rows["inc_2"].fields, rows["rbk_1"].fields) == (6, 4, 0)
    assert [hold.matter for hold in rows["inc_2"].holds] == ["Inquiry 1"]
    with pytest.raises(BadRequest, match="Nothing"):
        keeping.ask_for_what_is_past([old, held, young], clock.now(), reason="Spring clean", actor=person)
    row = keeping.ask_for_what_is_past([old, held, young], later, reason="Spring clean", actor=person)
    assert list(row.covers) == ["inc_1"]
    assert "Inquiry 1" in row.outcome["held"]["inc_2"]
    with pytest.raises(SamePerson):
        erasing.decide(row, approve=True, seen=row.digest, reason="Yes", actor=person)
    erasing.decide(row, approve=True, seen=row.digest, reason="Yes", actor=second)
    assert selectors.reached("inc_1") == 3, "three entries and the one that says so"
    assert all(not entry.fields for entry in selectors.entries("inc_1")[:3])
    assert selectors.entry("inc_2", 0).fields["text"] == "Note 0 ✓"
    assert verify_stream("inc_1").ok
    (row,) = keeping.kept([Stream.objects.get(uid="inc_1")], later)
    assert (row.fields, row.until.year) == (0, old.time.year + 7), "that something was erased keeps nothing longer"


@pytest.mark.django_db
def test_where_a_stream_never_ends_each_entry_has_its_own_time(make_stream, person, second):
    stream = make_stream("access", 2)
    later = clock.now() + 3 * YEAR
    assert keeping.kept([stream], later)[0].fields == 4
    row = keeping.ask_for_what_is_past([stream], later, reason="By the rule", actor=person)
    erasing.decide(row, approve=True, seen=row.digest, reason="Yes", actor=second)
    assert not Disclosure.objects.filter(entry__stream=stream, entry__seq__lt=2).exists()


@pytest.mark.django_db
def test_a_stream_may_be_given_another_class_with_a_reason(make_stream, person):
    stream = make_stream("inc_1", 1)
    keeping.choose(stream, "for_good", reason="It made law", actor=person)
    (row,) = keeping.kept([stream], clock.now() + 99 * YEAR)
    assert (row.retention.slug, row.until, row.fields) == ("for_good", None, 0)
    told = selectors.entries("portal")[-1]
    assert (told.kind, told.fields["was"], told.fields["class"]) == ("retention.chosen", "incident", "for_good")
    with pytest.raises(BadRequest, match="no retention class"):
        keeping.choose(stream, "forever", reason="It made law", actor=person)
    with pytest.raises(ReasonMissing):
        keeping.choose(stream, "house", reason="", actor=person)


@pytest.mark.django_db
def test_one_sets_a_hold_and_two_lift_it(make_stream, person, second):
    stream = make_stream("inc_1", 1)
    hold = holds.set_hold(stream, matter="Inquiry 1", reason="The court", actor=person)
    with pytest.raises(BadRequest, match="already"):
        holds.set_hold(stream, matter="Inquiry  1", reason="Again", actor=second)
    with pytest.raises(IllegalMove):
        holds.decide_lift(hold, lift=True, reason="Nobody asked", actor=second)
    holds.ask_to_lift(hold, reason="It is over", actor=person)
    holds.decide_lift(hold, lift=False, reason="It isn't", actor=second)
    hold.refresh_from_db()
    assert (hold.state, hold.asker) == ("active", "")
    holds.ask_to_lift(hold, reason="Now it is", actor=second)
    with pytest.raises(SamePerson):
        holds.decide_lift(hold, lift=True, reason="Yes", actor=second)
    holds.decide_lift(hold, lift=True, reason="Yes", actor=person)
    assert holds.standing("inc_1") == []
    assert Hold.objects.get().lifter == person.actor_id
    told = [one.kind for one in selectors.entries("portal")]
    assert told == ["hold.set", "hold.lift_asked", "hold.kept", "hold.lift_asked", "hold.lifted"]
    assert ledger.open_stream("inc_1").size == 1, "its readers don't learn of it"
    holds.set_hold(stream, matter="Inquiry 1", reason="It comes again", actor=person)
