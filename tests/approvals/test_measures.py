"""Measures come from the ledger alone, show what the reader may see, and answer a year in two seconds."""

import datetime as dt
import re
import time
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from approvals.errors import ApprovalError
from approvals.pictures import FEWEST, pictures_of
from approvals.policies.fitness import REQUESTER
from approvals.selectors import measuring
from approvals.selectors.measuring import OWNER_SEAT, Fact, facts_for, measure, measures_for
from approvals.services import Act
from audit import ledger, permissions
from audit.entries import Header, build
from audit.models import Disclosure, Entry
from catalog.models import User
from catalog.stepup import Factor
from plumbing import clock
from tests.approvals.conftest import BINDS, STREAM, MakeRequest
from tests.approvals.test_pages import as_user, body

pytestmark = pytest.mark.django_db
URL = "/approvals/measures/"
T = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
LONG_AGO = dt.timedelta(days=90)


def at(seconds: float) -> dt.datetime:
    return T + dt.timedelta(seconds=seconds)


def asked(request: str, *, class_: str = "restart", who: str = "usr_lena", when: float = 0) -> Fact:
    seat = {"seat": "accountable owner of store", "asked": [{"who": who}]}
    return Fact("approval.asked", at(when), {"request": request, "class": class_, "seats": [seat]})


def decided(request: str, after: float, kind: str = "approved", ground: str = "decided") -> Fact:
    return Fact(f"approval.{kind}", at(after), {"request": request, "ground": ground})


def test_the_middle_and_nine_in_ten_are_counted_by_class_and_owner() -> None:
    facts = [
        asked(f"r{n}", class_="restart" if n < 10 else "", who="usr_lena" if n % 2 else "usr_piotr") for n in range(11)
    ]
    facts += [decided(f"r{n}", 60 * (n + 1), "rejected" if n == 3 else "approved") for n in range(11)]
    found = measure(facts)
    assert found.overall is not None
    assert (found.asked, found.overall.count, found.overall.median_s, found.overall.p90_s) == (11, 11, 360, 600)
    by_class = {one.key: (one.count, one.median_s, one.p90_s) for one in found.by_class}
    assert by_class == {"restart": (10, 330, 540), "no class": (1, 660, 660)}
    assert {one.key: one.count for one in found.by_owner} == {"usr_lena": 5, "usr_piotr": 6}


def test_a_yes_in_advance_and_a_broken_glass_are_no_decisions() -> None:
    facts = [asked("a"), decided("a", 1, ground="standing"), asked("b"), decided("b", 1, ground="break_glass")]
    facts += [asked("c"), decided("c", 30)]
    found = measure(facts)
    assert found.overall is not None
    assert (found.overall.count, found.overall.median_s) == (1, 30)


def test_a_decision_whose_question_is_older_than_the_period_has_no_time() -> None:
    found = measure([decided("old", 30), decided("older", 40, "rejected")])
    assert found.overall is None
    assert found.events["rejected"] == 1


def test_only_refused_approvals_of_ones_own_work_count_as_such() -> None:
    def refused(verdict: str, because: str) -> Fact:
        return Fact("approval.refused", T, {"request": "a", "verdict": verdict, "because": because})

    facts = [
        refused("approve", REQUESTER),
        refused("reject", REQUESTER),
        refused("approve", "no right"),
        refused("cover", REQUESTER),
    ]
    assert measure(facts).events["own_refused"] == 1


def test_an_erased_or_older_entry_is_counted_as_far_as_it_can_be() -> None:
    bare = Fact("approval.asked", T, {"request": "a"})
    odd = Fact("approval.asked", T, {"request": "b", "seats": [{"seat": "2 of the approver in payments", "asked": []}]})
    found = measure([bare, odd, decided("a", 60), decided("b", 60), Fact("approval.used", T, {})])
    assert [(one.key, one.count) for one in found.by_owner] == [("", 2)]
    assert found.uses == {"decided": 1}
    assert "Nobody could be asked" in {row[0] for row in pictures_of(found, {})[1].rows}


def test_with_too_few_the_picture_says_how_many_it_needs() -> None:
    facts = [asked("a"), decided("a", 60)]
    lacks = [picture.lacks for picture in pictures_of(measure(facts), {})]
    assert lacks == [
        "Needs 5 decisions; there is 1.",
        "Needs 5 decisions; there is 1.",
        "Needs 5 requests; there is 1.",
        "Needs 5 steps begun on an approval; there are 0.",
    ]
    facts += [each for n in range(FEWEST) for each in (asked(f"r{n}"), decided(f"r{n}", 60))]
    facts += [
        Fact("approval.used", T, {"ground": ground})
        for ground in ("decided", "standing", "decided", "decided", "break_glass")
    ]
    time_, owner, events, uses = pictures_of(measure(facts), {"usr_lena": "Lena Vogt"})
    assert time_.answer == "Half of 6 decisions took 1 min or less, nine in ten 1 min or less."
    assert owner.answer == "All were asked of Lena Vogt first; half of them took 1 min or less."
    assert events.answer.startswith(
        "Of 6 requests 0 were rejected and 0 times one was escalated; the glass was broken never"
    )
    assert uses.answer.startswith("4 of 5 risky steps that began (80 %)")


def test_a_long_name_is_cut_in_the_picture_and_whole_in_the_table() -> None:
    name = "restart-of-a-very-critical-system"
    facts = [each for n in range(FEWEST) for each in (asked(f"r{n}", class_=name), decided(f"r{n}", 60))]
    picture = pictures_of(measure(facts), {})[0]
    assert [bar.label for bar in picture.bars] == ["restart-of-a-very-c…"]
    assert [row[0] for row in picture.rows] == [name]
    assert picture.bars[0].words == "1 min, 90 % 1 min (5)"


# ---- from the real ledger -------------------------------------------------------------------------------------------


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's stream is read by members of the payments team, as an incident's would be."""
    monkeypatch.setattr(permissions, "_gates", dict(permissions._gates))
    permissions.register_gate(STREAM, of_payments)


def of_payments(user: User, may: permissions.May) -> Q:
    is_member = user.memberships.filter(team__slug="payments").exists()
    return permissions.EVERYTHING if is_member else permissions.NOTHING


def test_what_really_happens_is_counted(
    gate: None, make_request: MakeRequest, decide, owner: User, responder: User, viewer: User
) -> None:
    for n in range(6):
        request = make_request(act=Act(BINDS, ("store",), class_="restart-critical"))
        factor = Factor("totp", clock.now())
        decide(request, owner, "reject" if n == 0 else "approve", reason="It is right.", factor=factor)
    mine = make_request(requester=owner)
    with pytest.raises(ApprovalError):
        decide(mine, owner)
    found = measures_for(viewer, clock.now() - LONG_AGO)
    assert found.overall is not None
    assert (found.asked, found.overall.count, found.events["rejected"], found.events["own_refused"]) == (7, 6, 1, 1)
    assert [one.key for one in found.by_owner] == [owner.actor_id]
    text = body(as_user(viewer), URL)
    assert "Lena Vogt" in text
    assert "Half of 6 decisions" in text
    assert 'role="img"' in text
    assert "restart-critical" in text


def test_a_reader_sees_only_what_their_streams_say(
    gate: None, make_request: MakeRequest, stranger: User, viewer: User, superuser: User, make_user
) -> None:
    make_request()
    since = clock.now() - LONG_AGO
    assert [measures_for(user, since).asked for user in (viewer, superuser)] == [1, 1]
    assert measures_for(stranger, since).asked == 0
    assert measures_for(make_user("newcomer"), since).asked == 0
    assert "0 requests asked" in body(as_user(stranger), URL)
    assert as_user(None).get(URL).status_code == 302


def test_the_period_is_chosen_from_those_offered(gate: None, make_request: MakeRequest, viewer: User) -> None:
    make_request()
    client = as_user(viewer)
    for asked_for, days in (("30", 30), ("365", 365), ("7", 90), ("", 90), ("x" * 500, 90)):
        assert re.search(rf'aria-current="page">{days} days', body(client, f"{URL}?days={asked_for}"))
    assert measures_for(viewer, clock.now() + dt.timedelta(minutes=1)).asked == 0


def test_each_picture_has_its_table_and_no_colour_of_its_own(viewer: User) -> None:
    text = body(as_user(viewer), URL)
    assert text.count("The table behind it") == 4
    assert '<svg class="chart"' not in text, "too few for any picture"
    assert text.count("Needs 5") == 4


YEAR = 10_000
KINDS = ("approval.asked", "approval.escalated", "approval.approved", "approval.used", "approval.voided", "step.done")


def write_a_year(owner: User) -> None:
    """10,000 entries as asking and deciding write them, evenly over a year, beside some of other kinds."""
    stream, began = ledger.open_stream(STREAM), clock.now() - dt.timedelta(days=364)
    asked_of = {"who": owner.actor_id, "because": OWNER_SEAT + "store", "path": ["Lena is accountable for store"]}
    seat = {"seat": OWNER_SEAT + "store", "needs": 1, "lacks": 0, "asked": [asked_of]}
    more = {"question": "Promote the standby of store?", "effect": "Writes stop.", "undo": "", "digest": "d" * 64}
    entries, told = [], []
    for number in range(YEAR * 6 // 5):
        uid, kind = f"{number // 6:032x}", KINDS[number % 6]
        fields = {"request": uid, "class": f"class-{number // 6 % 7}", "seats": [seat], "ground": "decided", **more}
        when = (began + dt.timedelta(minutes=43 * number)).replace(microsecond=0)
        header = Header(STREAM, number, uuid4(), when, kind, owner.actor_id)
        built = build(header, bytes(32), fields | {"binds": BINDS})
        facts = {"seq": number, "time": when, "kind": kind, "actor": owner.actor_id}
        entries.append(Entry(uid=header.uid, stream=stream, body=built.body, leaf=built.leaf, **facts))
        told.append(built.disclosures)
    made = Entry.objects.bulk_create(entries, batch_size=500)
    rows = ((entry, each) for entry, all_ in zip(made, told, strict=True) for each in all_.items())
    Disclosure.objects.bulk_create(
        (Disclosure(entry=entry, name=name, payload=payload) for entry, (name, payload) in rows), batch_size=2_000
    )


def test_a_year_of_ten_thousand_entries_is_answered_within_two_seconds(gate: None, owner: User, viewer: User) -> None:
    write_a_year(owner)
    client = as_user(viewer)
    cpu, clock_ = time.process_time(), time.perf_counter()
    with CaptureQueriesContext(connection) as seen:
        text = body(client, f"{URL}?days=365")
    took, waited = time.process_time() - cpu, time.perf_counter() - clock_
    print(f"\n{YEAR} entries: {took:.2f} s of the processor, {waited:.2f} s, {len(seen)} queries, {connection.vendor}")
    assert f"{YEAR // 5} requests asked" in text
    assert took < 2
    assert len(seen) < 20


def test_what_is_more_than_a_page_bears_is_left_out_and_said(
    gate: None, make_request: MakeRequest, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_request()
    monkeypatch.setattr(measuring, "MOST", 2)
    assert len(facts_for(viewer, clock.now() - LONG_AGO)) == 2
    assert "the newest" in body(as_user(viewer), URL)
