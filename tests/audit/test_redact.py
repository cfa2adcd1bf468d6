"""What an audience sees: profiles as data, choices by hand, and a second person who approves exactly that."""

import pytest

from audit import ledger, naming
from audit.canonical import canon
from audit.errors import BadRedaction
from audit.models import RedactionSet
from audit.redaction import sets
from audit.redaction.detecting import finds
from audit.redaction.errors import BadProfile, BadRequest, Grew, IllegalMove, NeedsApproval, ReasonMissing, SamePerson
from audit.redaction.preview import preview
from audit.redaction.profiles import profile, profiles, read
from audit.redaction.withholding import Choice, people_shown, title_shown, withheld_for
from audit.selectors import entries
from plumbing.database import atomic

SECRET = "Anneliese Quittenbaum"
MAIL = "a.quittenbaum@bank.example"


@pytest.fixture
def stream(make_stream, person, monkeypatch):
    """An incident of five entries. The person who acts is called as SECRET says."""
    monkeypatch.setattr(naming, "_finders", [lambda ids: {one: naming.Person(SECRET, "Duty manager") for one in ids}])
    found = ledger.open_stream("inc_1")
    with atomic():
        ledger.record(found, "incident.opened", person, {"title": f"{SECRET} can't pay", "severity": "SEV2"})
        ledger.record(found, "note.added", person, {"text": f"She wrote from {MAIL}, host 10.11.12.13"})
        ledger.record(found, "update.posted", person, {"text": "Payments are slow. We work on it.", "next_due": None})
        ledger.record(found, "update.posted", person, {"text": "Ms Quittenbaum can pay again.", "next_due": None})
        ledger.record(found, "role.taken", person, {"name": person.actor_id, "role": "commander"})
    found.refresh_from_db()
    return found


def asked(stream, person, audience="customer", choices=()):
    made = sets.draft(stream, audience, purpose="For the bank next door", actor=person)
    if choices:
        made = sets.choose(made, choices, actor=person)
    return sets.ask(made, actor=person)


@pytest.mark.parametrize(
    ("detector", "value", "is_there"),
    [
        ("email", "write to a.b@bank.example now", True),
        ("email", "at 5 @ noon", False),
        ("ip", "host 10.11.12.13 is down", True),
        ("ip", "fe80::1%eth0 and 2001:db8::7", True),
        ("ip", "version 1.2.3.4.5", False),
        ("ip", "at 12:30:45", False),
        ("ip", "sha 999.1.1.1", False),
        ("phone", "call +49 (30) 123 45 67", True),
        ("phone", "build 20261121", False),
        ("iban", "DE89 3704 0044 0532 0130 00", True),
        ("iban", "SEV2 incident", False),
        ("url", "see https://wiki.bank.example/x", True),
        ("person_id", ["usr_0000000000000000000000000000000a"], True),
        ("person_id", "sys_muster", False),
        ("name", f"said {SECRET.upper()}.", True),
        ("name", "a quittenbaums", False),
        ("free_text", "This is what somebody wrote down", True),
        ("free_text", "payments-api-production-eu", False),
        ("email", {"deep": [{"er": MAIL}]}, True),
        ("email", {MAIL: 1}, True),
        ("phone", 4, False),
    ],
)
def test_a_detector_finds_what_it_is_called(detector, value, is_there):
    assert finds([detector], value, {SECRET, "Quittenbaum"}) is is_there


def test_every_shipped_profile_reads_and_the_strict_ones_need_a_second_person():
    assert {one.audience for one in profiles()} == {"regulator", "auditor", "customer", "public"}
    for one in profiles():
        assert one.is_bare or one.otherwise == "withhold"
        assert one.otherwise == "show" or (one.people != "named" and not one.shows_title and not one.files)
        assert all(rule.reason or rule.then == "show" for rule in one.rules)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"]", "isn't YAML"),
        (b"- a", "must be a mapping"),
        (b"audience: x", "'title' is missing"),
        (b"colour: red", "'colour' is not known"),
    ],
)
def test_a_profile_that_is_wrong_says_where(text, said):
    with pytest.raises(BadProfile, match=said):
        read(text, "x.yaml")


def test_a_rule_that_is_wrong_is_named_by_its_number():
    text = (
        b"audience: x\ntitle: X\nfor: Y\noutside: true\nbare: true\npeople: named\nstream_title: true\nfiles: []\n"
        b"otherwise: show\nrules:\n  - {then: show}\n  - {then: withhold, values: [nose]}\n"
    )
    with pytest.raises(BadProfile, match=r"Rule 2: there is no detector 'nose'.*what is withheld needs a reason"):
        read(text, "x.yaml")


@pytest.mark.django_db
def test_the_regulator_sees_names_and_no_addresses_the_customer_only_what_is_meant_for_them(stream):
    regulator = withheld_for({"inc_1": 5}, profile("regulator"))
    assert {(seq, name) for _, seq, name in regulator} == {(1, "text")}
    customer = withheld_for({"inc_1": 5}, profile("customer"))
    every = {(row.seq, name) for row in entries("inc_1") for name in row.fields}
    shown = every - {(seq, name) for _, seq, name in customer}
    assert shown == {(0, "severity"), (2, "text"), (2, "next_due"), (3, "next_due")}
    assert "Names" in customer["inc_1", 3, "text"], "the surname alone is enough"


@pytest.mark.django_db
def test_only_so_many_entries_are_looked_at(stream):
    assert {seq for _, seq, _ in withheld_for({"inc_1": 2}, profile("customer"))} == {0, 1}


@pytest.mark.django_db
def test_people_are_called_by_function_or_number_and_always_the_same(stream, person):
    known = {person.actor_id: naming.Person(SECRET, "Duty manager"), "sys_muster": naming.Person("Muster")}
    assert people_shown(known, profile("regulator"))[person.actor_id].name == SECRET
    assert people_shown(known, profile("customer"))[person.actor_id] == naming.Person("Person 1", "Duty manager")
    assert people_shown(known, profile("public"))[person.actor_id] == naming.Person("Person 1", "")
    assert people_shown(known, profile("public"))["sys_muster"].name == "Muster"


@pytest.mark.django_db
def test_a_choice_wins_over_the_profile_both_ways(stream, person):
    row = sets.draft(stream, "customer", purpose="For a friend", actor=person)
    hide = Choice(2, "text", "withhold", "Not yet said in public")
    open_ = Choice(1, "text", "show", "They wrote it themselves")
    row = sets.choose(row, [hide, open_], actor=person)
    found = sets.withheld_of(row)
    assert found["inc_1", 2, "text"] == "Not yet said in public"
    assert ("inc_1", 1, "text") not in found
    row = sets.choose(row, [], actor=person, drop=[(1, "text")])
    assert ("inc_1", 1, "text") in sets.withheld_of(row)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("choice", "error"),
    [
        (Choice(9, "text", "withhold", "why"), BadRedaction),
        (Choice(1, "nothing", "withhold", "why"), BadRedaction),
        (Choice(1, "text", "eat", "why"), BadRequest),
        (Choice(1, "text", "withhold", "  "), ReasonMissing),
        (Choice(1, "text", "withhold", "x" * 201), BadRequest),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_and_nothing_is_kept(choice, error, stream, person):
    row = sets.draft(stream, "customer", purpose="For a friend", actor=person)
    with pytest.raises(error):
        sets.choose(row, [choice], actor=person)
    row.refresh_from_db()
    assert row.choices == []


@pytest.mark.django_db
def test_somebody_else_approves_exactly_what_they_saw(stream, person, second):
    row = asked(stream, person)
    with pytest.raises(SamePerson):
        sets.decide(row, approve=True, seen=row.digest, reason="Fine", actor=person)
    with pytest.raises(Grew):
        sets.decide(row, approve=True, seen="0" * 64, reason="Fine", actor=second)
    with pytest.raises(ReasonMissing):
        sets.decide(row, approve=True, seen=row.digest, reason=" ", actor=second)
    row.refresh_from_db()
    assert row.state == "asked"
    row = sets.decide(row, approve=True, seen=row.digest, reason="Looked at each", actor=second)
    basis = sets.basis_for({"inc_1": 5}, "customer", row.uid)
    assert basis.redaction == row.uid
    assert basis.withheld == sets.withheld_of(row)
    with pytest.raises(IllegalMove):
        sets.decide(row, approve=False, seen=row.digest, reason="No", actor=second)


@pytest.mark.django_db
def test_for_a_customer_nothing_leaves_without_an_approval_and_for_a_regulator_the_profile_is_enough(stream, person):
    assert sets.basis_for({"inc_1": 5}).profile is None
    assert sets.basis_for({"inc_1": 5}, "regulator").withheld
    row = asked(stream, person)
    for redaction in ("", row.uid, "0" * 32):
        with pytest.raises(NeedsApproval):
            sets.basis_for({"inc_1": 5}, "customer", redaction)
    with pytest.raises(BadRequest):
        sets.basis_for({"inc_1": 5}, "neighbour")
    with pytest.raises(BadRequest):
        sets.basis_for({"inc_1": 5}, "", row.uid)


@pytest.mark.django_db
def test_an_entry_more_or_another_choice_voids_an_approval(stream, person, second):
    row = asked(stream, person)
    row = sets.decide(row, approve=True, seen=row.digest, reason="Looked at each", actor=second)
    with atomic():
        ledger.record(stream, "note.added", person, {"text": "One more thing"})
    with pytest.raises(Grew, match="1 entry came"):
        sets.basis_for({"inc_1": 6}, "customer", row.uid)
    assert sets.basis_for({"inc_1": 5}, "customer", row.uid).withheld, "of what was approved it may be made still"
    row = sets.choose(row, [Choice(2, "text", "withhold", "Later")], actor=person)
    assert (row.state, row.decider, row.digest) == ("draft", "", "")
    with pytest.raises(NeedsApproval):
        sets.basis_for({"inc_1": 5}, "customer", row.uid)


@pytest.mark.django_db
def test_a_changed_profile_voids_an_approval(stream, person, second, monkeypatch):
    row = asked(stream, person)
    row = sets.decide(row, approve=True, seen=row.digest, reason="Looked at each", actor=second)
    other = profile("public")
    monkeypatch.setattr(sets, "profile", lambda _: other)
    with pytest.raises(Grew, match="not what was approved"):
        sets.basis_for({"inc_1": 5}, "customer", row.uid)


@pytest.mark.django_db
def test_a_set_of_one_stream_opens_no_other(stream, person, second, make_stream):
    make_stream("inc_2", 2)
    row = asked(stream, person)
    row = sets.decide(row, approve=True, seen=row.digest, reason="Looked at each", actor=second)
    for sizes in ({"inc_2": 2}, {"inc_1": 5, "inc_2": 2}):
        with pytest.raises(NeedsApproval):
            sets.basis_for(sizes, "customer", row.uid)


@pytest.mark.django_db
def test_what_is_recorded_names_no_value_and_stands_in_the_portal(stream, person, second):
    row = asked(stream, person, choices=[Choice(2, "text", "withhold", "Later")])
    sets.decide(row, approve=False, seen=row.digest, reason="Too much", actor=second)
    told = entries("portal")
    assert [one.kind for one in told] == [
        "redaction.drafted",
        "redaction.chosen",
        "redaction.asked",
        "redaction.rejected",
    ]
    assert told[2].fields["digest"] == row.digest
    everything = b"".join(canon(one.fields) for one in told)
    assert b"Quittenbaum" not in everything
    assert b"slow" not in everything
    assert len(entries("inc_1")) == 5


@pytest.mark.django_db
def test_the_preview_shows_what_the_reader_sees_and_nothing_more(stream, person):
    row = asked(stream, person)
    seen = preview(row)
    assert "Quittenbaum" not in str(seen)
    assert MAIL not in str(seen)
    assert person.actor_id not in str(seen)
    assert seen.title == "inc_1"
    assert (seen.counts.entries, seen.counts.shown, seen.counts.withheld) == (5, 4, 5)
    assert sum(seen.counts.reasons.values()) == 5
    assert {one.who for one in seen.entries} == {"Person 1"}
    assert "Quittenbaum" in str(preview(row, values=True))


@pytest.mark.django_db
def test_the_preview_says_where_a_withheld_text_is_shown_all_the_same(stream, person):
    with atomic():
        ledger.record(stream, "update.posted", person, {"text": "It was the lorry.", "next_due": None})
        ledger.record(stream, "note.added", person, {"text": "the lorry"})
    row = sets.draft(stream, "customer", purpose="For a friend", actor=person)
    (copy,) = preview(row).copies
    assert (copy.seq, copy.name, copy.shown_seq) == (6, "text", 5)


@pytest.mark.django_db
def test_a_draft_that_is_withdrawn_is_over(stream, person):
    row = sets.draft(stream, "customer", purpose="For a friend", actor=person)
    sets.withdraw(row, reason="Not needed", actor=person)
    with pytest.raises(IllegalMove):
        sets.ask(row, actor=person)
    assert RedactionSet.objects.get().state == "withdrawn"


@pytest.mark.django_db
def test_a_title_that_says_what_is_withheld_is_not_shown(stream, person, monkeypatch):
    title = f"INC-1 {MAIL} can't pay"
    monkeypatch.setattr(naming, "_describers", {"inc_": lambda uids: {uid: naming.Label(title) for uid in uids}})
    assert title_shown("inc_1", None) == title
    assert title_shown("inc_1", profile("regulator")) == "inc_1", "an address, wherever it stands"
    assert title_shown("inc_1", profile("customer")) == "inc_1", "people's words"
    monkeypatch.setattr(naming, "_describers", {"inc_": lambda uids: {uid: naming.Label("INC-1 SEV2") for uid in uids}})
    assert title_shown("inc_1", profile("regulator")) == "INC-1 SEV2"
    assert title_shown("inc_1", profile("regulator"), [("inc_1", 0, "severity")]) == "inc_1", "withheld by hand"
    assert title_shown("inc_1", None, [("inc_2", 0, "severity")]) == "INC-1 SEV2", "that is another stream's"
