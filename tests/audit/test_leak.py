"""Acceptance 7: what was withheld or erased is in no file of a pack, no table, no log, no cache.

Marker values go through an incident that had everything: title, notes, a decision, a signal, a run with inputs and
output, an approval with a reason, a message, a person's account. Then everything is searched for them, byte by
byte. Further places are in test_leak_elsewhere.py.
"""

import dataclasses
import logging

import pytest
from django.core.cache import caches
from django.db import connection

from approvals import services as approvals
from approvals.models import ApprovalRequest
from audit import ledger, naming, selectors
from audit.models import Stream
from audit.packs import issue
from audit.packs.bundle import verify
from audit.packs.orders import order_of
from audit.redaction import copies, erasing, sets
from audit.verify import verify_stream
from catalog.models import Notice
from incidents import services
from incidents.models import Signal, SignalSource
from plumbing import clock
from plumbing.database import atomic
from runbooks.models import Attempt
from runbooks.services import make_runbook, publish, save_version
from tests.audit.leaking import (
    HOST,
    IBAN,
    MAIL,
    MARKS,
    WHO,
    everything_in,
    files_holding,
    tables_holding,
    text_of_pdfs,
    unzipped,
)
from tests.audit.packing import resealed

SOURCE = """\
name: switch-over
title: Switch over
inputs:
  node: {type: string, description: node}
steps:
  - id: switch
    title: Switch
    action: http
    with: {url: "http://127.0.0.1:1/{{ inputs.node }}"}
    touches: [store]
    approval:
      reason: "Switch to {{ inputs.node }}?"
      within: 10m
"""


@pytest.fixture
def incident(store, commander, owner, author, make_user, payments_team):
    """INC-1 with the marks wherever people, tools and steps may leave them."""
    with_mark = services.declare(title=f"{WHO} can't pay", severity="SEV2", services=[store], declarer=commander)
    services.add_note(with_mark, f"She wrote from {MAIL}.", actor=commander)
    services.add_decision(with_mark, f"Refund {IBAN} by hand.", actor=commander)
    noted = services.add_note(with_mark, f"Host {HOST}", actor=commander)
    services.correct(with_mark, noted.seq, f"Host {HOST} it was", actor=commander)
    made = make_runbook("switch-over", "Switch over", payments_team, actor=author)
    publish(save_version(made, SOURCE, author=author), publisher=author)
    run = services.start_runbook(with_mark, made, actor=commander, inputs={"node": HOST})
    asked = ApprovalRequest.objects.get(stream=with_mark.stream)
    said = approvals.Said("approve", f"For {WHO}", asked.digest)
    approvals.decide(asked.uid, user=owner, said=said, now=clock.now())
    tool = make_user("tool", machine=True)
    source = SignalSource.objects.create(name="AM", kind="alertmanager", user=tool, team=payments_team)
    now = clock.now()
    Signal.objects.create(
        source=source, fingerprint="f", began_at=now, state="firing", name="Slow", summary=f"{WHO} waits",
        labels={"host": HOST}, annotations={"who": [MAIL]}, link=f"http://{HOST}/", incident=with_mark,
        first_heard_at=now, last_heard_at=now,
    )  # fmt: skip
    Notice.objects.create(
        stream=with_mark.stream, about="x", user=owner, kind="asked", title=f"For {WHO}", text=f"{IBAN}", path="/",
        dedupe="d", next_at=now, created_at=now,
    )  # fmt: skip
    Attempt.objects.filter(step_run__run=run).update(output={"said": [f"{WHO} ok"]}, error=f"no {HOST}")
    return with_mark


def pack_of(incident, actor, **more):
    order = order_of(incident.stream)
    made = issue.issue(dataclasses.replace(order, **more), actor=actor)
    return made.content


@pytest.mark.django_db
def test_the_marks_are_where_the_test_looks(incident):
    """Else the rest of this file would prove nothing."""
    held = tables_holding(MARKS)
    for place in (
        "ledger_disclosure.payload",
        "incidents_incident.title",
        "incidents_signal.labels",
        "approvals_approvalrequest.binds",
        "approvals_decision.reason",
        "catalog_notice.text",
        "runbooks_run.inputs",
    ):
        assert place in held, place


@pytest.mark.django_db
@pytest.mark.parametrize("audience", ["customer", "public"])
def test_a_pack_for_outside_holds_nothing_that_is_withheld(incident, commander, audience, caplog, second):
    row = sets.draft(Stream.objects.get(uid=incident.stream), audience, purpose="For outside", actor=commander)
    row = sets.ask(row, actor=commander)
    row = sets.decide(row, approve=True, seen=row.digest, reason="Looked at each", actor=second)
    people = {
        person.name for person in naming.people({one.actor for one in selectors.entries(incident.stream)}).values()
    }
    with caplog.at_level(logging.DEBUG):
        content = pack_of(incident, commander, audience=audience, redaction=row.uid)
    marks = [*MARKS, *(name for name in people if name != "Muster")]
    for path, data in everything_in(content):
        for mark in marks:
            assert mark.casefold().encode() not in data.lower(), f"{mark} in {path}"
    assert not any(mark in text_of_pdfs(content) for mark in marks)
    said = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert not any(mark in line for mark in MARKS for line in said)


@pytest.mark.django_db
def test_after_an_erasure_nothing_is_left_in_any_table_pack_log_or_cache(incident, commander, caplog, second):
    stream = Stream.objects.get(uid=incident.stream)
    with caplog.at_level(logging.DEBUG):
        row = erasing.ask_for_words([stream], MARKS, reason="A right to it", actor=commander)
        assert tables_holding(MARKS), "asked for, not yet erased"
        pack_of(incident, commander)
        assert files_holding(MARKS), "a pack that was made before"
        done = erasing.decide(row, approve=True, seen=row.digest, reason="Yes", actor=second)
        assert done.state == "done"
        assert tables_holding(MARKS) == set()
        assert files_holding(MARKS) == set()
        content = pack_of(incident, commander)
    for path, data in everything_in(content):
        for mark in MARKS:
            assert mark.casefold().encode() not in data.lower(), f"{mark} in {path}"
    assert not any(mark in text_of_pdfs(content) for mark in MARKS)
    said = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert not any(mark in line for mark in MARKS for line in said)
    assert not any(mark in str(getattr(cache, "_cache", "")) for cache in caches.all() for mark in MARKS)
    assert verify_stream(incident.stream).ok
    assert not copies.find(copies.Search(frozenset({incident.stream}), MARKS))


@pytest.mark.django_db
def test_the_verifier_tells_withheld_from_erased_from_missing(make_stream, person, second):
    make_stream("inc_1", 4)
    row = erasing.ask_for_fields(Stream.objects.get(uid="inc_1"), [(1, "text")], reason="A right to it", actor=person)
    erasing.decide(row, approve=True, seen=row.digest, reason="Yes", actor=second)
    content = issue.build_pack("inc_1", actor=person, withheld={(2, "text"): "Not for you"}).content
    files = unzipped(content)
    told = files["data/ledger/redactions.jsonl"].decode()
    assert '"reason":"erased by entry 4","seq":1,"state":"erased"' in told
    assert '"reason":"Not for you","seq":2,"state":"withheld"' in told
    assert verify.verify(files)
    hidden = {**files, "data/ledger/redactions.jsonl": "".join(told.splitlines(keepends=True)[:1]).encode()}
    with pytest.raises(verify.Failed, match="entry 2"):
        verify.verify(resealed(hidden))


@pytest.mark.sqlite  # PostgreSQL keeps old row versions until VACUUM: docs/how-to/erase-on-request.md
def test_no_byte_of_it_is_left_in_the_file_or_its_log(real_database, person, second):
    stream = ledger.open_stream("inc_1")
    with atomic():
        for number in range(40):
            ledger.record(stream, "note.added", person, {"text": f"{WHO} {number} at {HOST}"})
    stream.refresh_from_db()
    row = erasing.ask_for_words([stream], [WHO, HOST], reason="A right to it", actor=person)
    path = connection.settings_dict["NAME"]
    assert any(WHO.encode() in file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    erasing.decide(row, approve=True, seen=row.digest, reason="Yes", actor=second)
    for file in path.parent.glob(f"{path.name}*"):
        for mark in (WHO, HOST):
            assert mark.encode() not in file.read_bytes(), f"{mark} in {file.name}"
