"""Pages of redaction, erasure and holds, as two compliance officers use them."""

import re

import pytest
from django.urls import reverse

from audit import selectors
from audit.models import ErasureRequest, Hold, RedactionSet
from catalog.states import Role
from incidents import services
from incidents.states import Severity

pytestmark = pytest.mark.django_db
MARK = "Quittenbaum"


@pytest.fixture
def second(make_user, payments_team):
    return make_user("second", name="Sabine Zwei", team=payments_team, roles=[Role.COMPLIANCE])


@pytest.fixture
def incident(store, commander):
    found = services.declare(title=f"{MARK} waits", severity=Severity.SEV2, services=[store], declarer=commander)
    services.add_note(found, f"<b>{MARK}</b> rang", actor=commander)
    services.post_update(found, "We are on it.", next_due=None, actor=commander)
    return found


@pytest.fixture
def drafted(client, compliance, incident):
    client.force_login(compliance)
    said = {"stream": incident.stream, "audience": "customer", "purpose": "For the bank next door"}
    assert client.post(reverse("audit:new-redaction"), said).status_code == 302
    return RedactionSet.objects.get()


def page(client, name, *args, **query):
    return client.get(reverse(name, args=args), query).content.decode()


def test_the_stream_leads_to_a_redaction_for_who_may(client, compliance, viewer, incident):
    for user, may in ((compliance, True), (viewer, False)):
        client.force_login(user)
        assert ("Redact…" in page(client, "audit:stream", incident.stream)) is may


def test_the_reader_view_holds_nothing_that_is_withheld_and_the_choosing_view_does(client, drafted):
    choosing = page(client, "audit:redaction", drafted.uid)
    assert f"&lt;b&gt;{MARK}" in choosing
    assert "<b>Quitt" not in choosing
    reader = page(client, "audit:redaction", drafted.uid, **{"as": "reader"})
    head, _, entries = reader.partition('id="h-entries"')
    assert "We are on it." in entries
    assert MARK not in entries
    assert "Title in the pack</dt><dd>inc_" in head


def test_choices_are_made_by_hand_with_a_reason(client, drafted):
    update = next(row.seq for row in selectors.entries(drafted.stream.uid) if row.kind == "update.posted")
    door = reverse("audit:choose-redaction", args=[drafted.uid])
    said = {"seq": update, "name": "text", "then": "withhold"}
    assert client.post(door, said).status_code == 422
    answer = client.post(door, {**said, "reason": "Not yet agreed"})
    assert answer.headers["Location"].endswith(f"#entry-{update}")
    shown = page(client, "audit:redaction", drafted.uid)
    assert "Withheld: Not yet agreed (by hand)" in shown
    assert client.post(door, {**said, "then": "profile"}).status_code == 302
    assert "Not yet agreed" not in page(client, "audit:redaction", drafted.uid)
    for wrong in ({"seq": "x"}, {"then": "eat"}, {"seq": 99, "reason": "x"}):
        assert client.post(door, {**said, **wrong}).status_code == 422


def test_a_second_officer_approves_what_they_saw(client, drafted, second, compliance):
    client.post(reverse("audit:ask-redaction", args=[drafted.uid]))
    assert "somebody else decides" in page(client, "audit:redaction", drafted.uid)
    door = reverse("audit:decide-redaction", args=[drafted.uid])
    drafted.refresh_from_db()
    said = {"verdict": "approve", "reason": "Looked at each", "seen": drafted.digest}
    assert client.post(door, said).status_code == 403
    client.force_login(second)
    assert "Needs a second person" in page(client, "audit:redactions")
    shown = page(client, "audit:redaction", drafted.uid)
    assert re.search(r'name="seen" value="([0-9a-f]{64})"', shown)[1] == drafted.digest
    assert client.post(door, {**said, "seen": "0" * 64}).status_code == 409
    assert client.post(door, {**said, "reason": ""}).status_code == 422
    assert client.post(door, said).status_code == 302
    assert "Sabine Zwei" in page(client, "audit:redaction", drafted.uid)
    drafted.refresh_from_db()
    assert (drafted.state, drafted.decider) == ("approved", second.actor_id)


def test_growth_is_said_on_the_page(client, drafted, incident, commander):
    client.post(reverse("audit:ask-redaction", args=[drafted.uid]))
    services.add_note(incident, "One more", actor=commander)
    assert "1 more entry than were looked at" in page(client, "audit:redaction", drafted.uid)


def test_an_erasure_is_asked_for_seen_agreed_to_and_done(client, compliance, second, incident):
    client.force_login(compliance)
    door = reverse("audit:new-erasure")
    said = {"words": MARK, "person": "", "stream": incident.stream, "places": "", "reason": "She asked us"}
    assert client.post(door, {**said, "words": ""}).status_code == 422
    refused = client.post(door, {**said, "reason": f"{MARK} asked us"})
    assert (refused.status_code, "stays in the ledger" in refused.content.decode()) == (422, True)
    assert client.post(door, said).status_code == 302
    row = ErasureRequest.objects.get()
    shown = page(client, "audit:erasure", row.uid)
    assert "entry 0, title" in shown
    assert "Title of the incident" in shown
    assert "Backups" in shown
    decide = reverse("audit:decide-erasure", args=[row.uid])
    yes = {"verdict": "approve", "reason": "She has the right", "seen": row.digest}
    assert client.post(decide, yes).status_code == 403
    client.force_login(second)
    assert client.post(decide, yes).status_code == 302
    shown = page(client, "audit:erasure", row.uid)
    assert "Forgotten with the request" in shown
    assert MARK not in shown
    assert MARK not in page(client, "audit:stream", incident.stream)
    assert MARK not in page(client, "incidents:room", incident.uid)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"places": "twelve text"}, "is no entry and field"),
        ({"places": "1 text", "words": "x y z"}, "not both in one request"),
        ({"places": "99 text"}, "There is nothing to erase at entry 99"),
        ({"person": "nobody at all"}, "No account is called like that"),
        ({"words": "ab"}, "3 to 200 characters"),
    ],
)
def test_what_is_asked_badly_comes_back_with_what_would_be_right(client, compliance, incident, said, message):
    client.force_login(compliance)
    body = {"words": "", "person": "", "stream": incident.stream, "places": "", "reason": "Because", **said}
    answer = client.post(reverse("audit:new-erasure"), body)
    assert answer.status_code == 422
    assert message in answer.content.decode()


def test_a_hold_is_set_shown_and_lifted_by_two(client, compliance, second, incident):
    client.force_login(compliance)
    assert "No stream is on hold" in page(client, "audit:holds")
    said = {"stream": incident.stream, "matter": "Inquiry 7", "reason": "The court"}
    assert client.post(reverse("audit:set-hold"), {**said, "matter": ""}).status_code == 422
    assert client.post(reverse("audit:set-hold"), said).status_code == 302
    assert client.post(reverse("audit:set-hold"), said).status_code == 422
    hold = Hold.objects.get()
    words = {"words": MARK, "person": "", "stream": incident.stream, "places": "", "reason": "She asked"}
    refused = client.post(reverse("audit:new-erasure"), words)
    assert "is on hold for “Inquiry 7”" in refused.content.decode()
    assert client.post(reverse("audit:lift-hold", args=[hold.uid]), {"reason": "It is over"}).status_code == 302
    yes = {"verdict": "approve", "reason": "Yes"}
    assert client.post(reverse("audit:decide-lift", args=[hold.uid]), yes).status_code == 403
    client.force_login(second)
    assert "Decide" in page(client, "audit:holds")
    assert client.post(reverse("audit:decide-lift", args=[hold.uid]), yes).status_code == 302
    assert "Lifted" in page(client, "audit:holds")


def test_another_class_is_chosen_with_a_reason(client, compliance, incident):
    client.force_login(compliance)
    door = reverse("audit:choose-class")
    said = {"stream": incident.stream, "retention": "for_good", "reason": "It made law"}
    assert client.post(door, {**said, "reason": ""}).status_code == 422
    assert client.post(door, said).status_code == 302
    assert "It made law" in page(client, "audit:holds")


def test_who_may_redact_nothing_is_told_so(client, viewer, incident):
    client.force_login(viewer)
    assert "No redaction that you can see" in page(client, "audit:redactions")
    assert "No erasure that you can see" in page(client, "audit:erasures")
    assert "No stream that you may redact" in page(client, "audit:holds")
    for name in ("new-redaction", "new-erasure", "set-hold", "choose-class"):
        assert client.get(reverse(f"audit:{name}")).status_code == 403
