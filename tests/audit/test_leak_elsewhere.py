"""Acceptance 7, further places: an account and its sessions, files of packs, rules and entities, and what is said of
holds, of failures and of what can't be packed. Files of reports are in test_leak_filings.py."""

import logging
import os
import time

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings

from audit import ledger
from audit.files import store as files
from audit.files.attaching import attach
from audit.models import LegalEntity, PackJob, RegimeVersion, Stream
from audit.packs import jobs, keeping, running, strays
from audit.packs.issue import build_pack
from audit.packs.orders import job_for
from audit.redaction import erasing, holds
from audit.regimes import entities, versions
from audit.regimes.entities import Said
from audit.selectors import entries
from incidents.models import IntakeRule, Signal, SignalSource
from incidents.services import runs
from plumbing import clock
from plumbing.database import atomic
from tests.audit.conftest import Second
from tests.audit.leaking import MAIL, MARKS, WHO, files_holding, tables_holding
from tests.audit.test_regime_services import DORA, OWN

pytestmark = pytest.mark.django_db


@pytest.fixture
def stream(make_stream, person):
    found = make_stream("inc_1", 1)
    with atomic():
        ledger.record(found, "note.added", person, {"text": f"{WHO} called"})
    return found


def erased(streams, words, person, **more):
    row = erasing.ask_for_words(streams, words, reason="A right to it", actor=person, **more)
    return erasing.decide(row, approve=True, seen=row.digest, reason="Yes", actor=Second())


def test_a_forgotten_account_leaves_no_session_no_address_and_no_pack_that_names_it(make_user, client, person):
    """Her name is in no field: packs get it from the account, and sessions say how she signed in."""
    user = make_user(WHO.lower(), name=WHO)
    user.email = MAIL
    user.save()
    EmailAddress.objects.create(user=user, email=MAIL)
    other = make_user("other", name="Somebody else")
    for one in (user, other):
        client.logout()
        client.force_login(one)
        session = client.session
        session["account_authentication_methods"] = [{"method": "password", "username": one.username}]
        session.save()
        client.cookies.clear()
    stream, theirs = ledger.open_stream("inc_1"), ledger.open_stream("inc_2")
    with atomic():
        ledger.record(stream, "note.added", user, {"text": "Nothing personal"})
        ledger.record(theirs, "note.added", other, {"text": "Nothing personal"})
    build_pack("inc_1", actor=person)
    kept = build_pack("inc_2", actor=person)
    marks = (WHO, MAIL)
    assert {"django_session.session_data", "account_emailaddress.email"} <= tables_holding(marks)
    assert files_holding(marks)
    elsewhere = ledger.open_stream("inc_3")
    done = erased([elsewhere], [WHO, MAIL], person, subject=user.actor_id)
    assert done.state == "done"
    assert tables_holding(marks) == set()
    assert files_holding(marks) == set()
    assert kept.path.exists(), "it names somebody else"
    assert django_settings.SESSION_ENGINE.endswith(".db")
    assert tables_holding(("other",)) >= {"django_session.session_data"}, "others stay signed in"


def test_a_pack_that_names_a_forgotten_person_stays_while_its_stream_is_on_hold(make_user, person):
    user = make_user("quitte", name=WHO)
    stream = ledger.open_stream("inc_1")
    with atomic():
        ledger.record(stream, "note.added", user, {"text": "Nothing personal"})
    made = build_pack("inc_1", actor=person)
    stream.refresh_from_db()
    holds.set_hold(stream, matter="Inquiry 7", reason="The court said so", actor=person)
    erased([ledger.open_stream("inc_3")], [WHO], person, subject=user.actor_id)
    assert made.path.exists()


def test_an_erasure_removes_what_killed_makers_of_packs_left(stream, make_stream, person):
    """A whole pack that nobody recorded, old enough to be left alone otherwise, and half a one."""
    made = build_pack("inc_1", actor=person)
    content = made.content
    make_stream("inc_2", 1)
    others = build_pack("inc_2", actor=person).content
    lost = []
    for whole in (content + b"\0", others + b"\0"):  # other bytes, so that no row is of them
        with keeping.draft() as file:
            file.write(whole)
            lost.append(keeping.path_of(keeping.keep(file)))
        os.utime(lost[-1], (0, time.time() - strays.YOUNG_S - 60))
    (django_settings.PACKS_DIR / "half.draft").write_bytes(content[:5_000])
    assert files_holding(MARKS)
    erased([stream], [WHO], person)
    assert files_holding(MARKS) == set()
    assert [path.exists() for path in lost] == [False, True], "the other one has nothing of the stream"
    assert not list(django_settings.PACKS_DIR.glob("*.draft"))


def test_why_rules_and_entities_are_as_they_are_is_found(person):
    now = clock.now()
    version = versions.propose(OWN, note=f"{WHO} of the board asked.", actor=person, now=now)
    versions.decide(version, accept=False, reason=f"{WHO} left.", actor=Second(), now=now)
    made = entities.make(Said(name="Nordbank AG", home_state="DE"), actor=person, now=now)
    entities.decide_applies(
        made.uid, DORA, applies=True, reason=f"{WHO} said so.", seen=made.version, actor=person, now=now
    )
    held = {"regime_version.note", "regime_version.reason", "legal_entity.decided"}
    assert held <= tables_holding(MARKS)
    erased([Stream.objects.get(uid="regulation")], [WHO], person)
    assert tables_holding(MARKS) == set()
    version = RegimeVersion.objects.get()
    assert (version.note, version.reason) == ("[erased]", "[erased]")
    assert LegalEntity.objects.get().decided == {DORA: {"applies": True, "reason": "[erased]"}}


def test_the_text_of_a_rule_is_bound_by_its_digest_and_listed(person):
    text = OWN.replace("Everybody", WHO)
    versions.propose(text, note="The board asked.", actor=person, now=clock.now())
    done = erased([Stream.objects.get(uid="regulation")], [WHO], person)
    assert {one["what"] for one in done.outcome["kept"]} == {"Text of a rule"}
    assert WHO in RegimeVersion.objects.get().text


def test_the_matter_of_a_hold_goes_from_what_was_said_about_it(stream, make_stream, person):
    held = make_stream("inc_2", 1)
    with atomic():
        ledger.record(held, "note.added", person, {"text": f"{MAIL} too"})
    holds.set_hold(held, matter=f"Inquiry {WHO}", reason="The court said so", actor=person)
    done = erased([stream, held], [MAIL, "called"], person)
    assert WHO in str(done.outcome), "it says which hold kept it"
    hold = holds.standing("inc_2")[0]
    holds.ask_to_lift(hold, reason="It is over", actor=person)
    holds.decide_lift(hold, lift=True, reason="Yes", actor=Second())
    erased(Stream.objects.filter(uid__in=["inc_1", "inc_2", "portal"]), [WHO, MAIL], person)
    assert tables_holding((WHO, MAIL)) == set()


def test_a_file_that_can_not_be_packed_is_named_by_its_digest_alone(stream, person):
    attach(stream, person, name=f"{WHO}.txt", media_type="text/plain", chunks=[b"A letter"])
    digest = entries("inc_1")[-1].fields["file"]["sha256"]
    files.remove(digest)
    running.attend(jobs.ask(job_for("incident", "inc_1"), actor=person).uid)
    assert digest in PackJob.objects.get().error
    held = tables_holding(MARKS)
    assert held == {"ledger_disclosure.payload"}
    erased([stream], [WHO], person)
    assert tables_holding(MARKS) == set(), "what the portal said of it as well"


def test_a_file_is_gone_even_when_the_removing_was_killed_halfway(stream, person, monkeypatch):
    at = attach(stream, person, name="letter.txt", media_type="text/plain", chunks=[f"Dear {WHO}".encode()])
    row = erasing.ask_for_fields(stream, [(at.seq, "file")], reason="Not ours to keep", actor=person)

    def killed(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(files, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            erasing.decide(row, approve=True, seen=row.digest, reason="Yes", actor=Second())
    assert files_holding(MARKS)
    assert erasing.carry_out(row.uid).state == "done"
    assert files_holding(MARKS) == set()


def test_a_runbook_that_can_not_be_started_is_logged_without_the_title(
    store, commander, make_user, payments_team, caplog, monkeypatch
):
    from incidents import services

    incident = services.declare(title=f"{WHO} can't pay", severity="SEV2", services=[store], declarer=commander)
    source = SignalSource.objects.create(
        name="AM", kind="alertmanager", user=make_user("tool", machine=True), team=payments_team
    )
    now = clock.now()
    signal = Signal(source=source, fingerprint="f", began_at=now, state="firing", name="Slow", incident=incident)

    def broken(*_, **__):
        raise LookupError("something")

    from runbooks.services import make_runbook

    runbook = make_runbook("switch-over", "Switch over", payments_team, actor=commander)
    monkeypatch.setattr(runs, "resolve", broken)
    with caplog.at_level(logging.DEBUG):
        runs.start_by_rule(incident, IntakeRule(name="a rule", runbook=runbook, inputs={}), signal)
    assert incident.stream in caplog.text
    assert WHO not in caplog.text
