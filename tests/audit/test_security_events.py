"""Entries as security events: what a collector is told, in which form, and what it is never told."""

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest

from audit.access.events import CLASS_NAMES, MEANINGS, cef, concerns, meaning, ocsf, syslog
from audit.selectors import EntryRow

UID = UUID("01900000000070008000000000000000")
TIME = datetime(2026, 3, 2, 9, 0, 0, 123000, tzinfo=UTC)


def row(kind: str, **fields: object) -> EntryRow:
    return EntryRow(7, UID, TIME, kind, "sys_muster", fields, "ab" * 32)  # type: ignore[arg-type]


def test_a_refused_sign_in_is_a_failed_authentication():
    event = ocsf("access", row("session.refused", user="usr_1", address="10.0.0.9"), product="muster.bank/evidence")
    assert (event["class_uid"], event["activity_id"], event["type_uid"]) == (3002, 1, 300201)
    assert (event["category_uid"], event["status_id"], event["severity_id"]) == (3, 2, 3)
    assert event["time"] == 1772442000123
    assert event["user"] == {"uid": "usr_1"}
    assert event["src_endpoint"] == {"ip": "10.0.0.9"}
    assert event["metadata"]["uid"] == UID.hex
    assert event["metadata"]["sequence"] == 7


@pytest.mark.parametrize("kind", [*MEANINGS, "never.heard_of"])
def test_every_event_has_what_ocsf_requires(kind):
    event = ocsf("portal", row(kind.replace("*", "something")), product="here")
    required = ["metadata", "time", "category_uid", "class_uid", "activity_id", "type_uid", "severity_id", "user"]
    assert all(event[name] is not None for name in required)
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["class_uid"] in CLASS_NAMES
    assert event["category_uid"] == event["class_uid"] // 1000


def test_what_people_typed_and_names_stay_here():
    typed = {"name": "Zoë Müller", "text": "she said", "reason": "because", "title": "x", "user": "usr_1"}
    event = ocsf("access", row("user.made", **typed), product="here")
    assert event["unmapped"] == {"user": "usr_1", "leaf": "ab" * 32}
    line = cef("access", row("user.made", **typed), product="here")
    assert not re.search("Zoë|she said|because", f"{event}{line}")


def test_a_line_of_cef_cant_be_broken_out_of():
    line = cef("access", row("odd|kind\\x", address="1.2.3.4\nsrc=6.6.6.6 act=ok", user="a=b"), product="x|y=z")
    head, extension = re.split(r"(?<!\\)\|(?=rt=)", line)
    assert len(re.split(r"(?<!\\)\|", head)) == 7
    assert "\n" not in line
    assert r"src=1.2.3.4\nsrc\=6.6.6.6 act\=ok" in extension
    assert r"duid=a\=b" in extension


def test_a_syslog_message_says_its_own_length():
    framed = syslog("CEF:0|…", row("session.refused"), host="muster.bank")
    length, _, message = framed.partition(b" ")
    assert int(length) == len(message)
    assert message.startswith(b"<108>1 2026-03-02T09:00:00.123Z muster.bank muster - session.refused - CEF:0|")


@pytest.mark.parametrize(
    ("stream", "kind", "is_told"),
    [
        ("access", "anything.at_all", True),
        ("portal", "pack.issued", True),
        ("policies", "policy.proposed", True),
        ("inc_1", "note.added", False),
        ("inc_1", "field.erased", True),
        ("rbk_1", "approval.glass_broken", True),
        ("catalog", "service.changed", False),
    ],
)
def test_of_incidents_only_what_goes_around_a_rule_is_told(stream, kind, is_told):
    assert concerns(stream, kind) is is_told


def test_the_first_pattern_that_fits_says_what_a_kind_is():
    assert meaning("factor.reset").severity_id == 4
    assert meaning("factor.used").class_uid == 3002
