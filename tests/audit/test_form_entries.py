"""The form of entries: the published vector, limits, and what a header may hold."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from audit import merkle
from audit.entries import LARGEST_ENTRY, NO_HEAD, Header, build, commitment, stamp, value_of, whole_milliseconds
from audit.errors import EntryTooLarge, NotCanonical
from tests.audit import vector

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def header(**changes: object) -> Header:
    facts = {"stream": "inc_1", "seq": 0, "uid": uuid4(), "time": NOON, "kind": "note.added", "actor": "usr_1"}
    return Header(**{**facts, **changes})


def test_entries_are_those_of_the_vector():
    built = vector.entries()
    assert [commitment(payload) for entry in built for payload in entry.disclosures.values()] == vector.COMMITMENTS
    assert [len(entry.body) for entry in built] == vector.LENGTHS
    assert [entry.leaf.hex() for entry in built] == vector.LEAVES
    assert merkle.root([entry.leaf for entry in built[:2]]).hex() == vector.ROOT_2
    assert merkle.root([entry.leaf for entry in built]).hex() == vector.ROOT_3


def test_the_first_body_of_the_vector_letter_by_letter():
    assert vector.entries()[0].body.decode() == (
        '{"actor":"usr_1","fields":{"summary":"' + vector.COMMITMENTS[0] + '"},"id":"01900000000070008000000000000000",'
        '"kind":"decision.recorded","prev":"' + "0" * 64 + '","seq":0,"stream":"inc_test",'
        '"time":"2026-03-02T09:00:00.000Z","v":1}'
    )


def test_each_field_gets_its_own_new_salt():
    first, second = (build(header(), NO_HEAD, {"a": 1, "b": 1}).disclosures for _ in range(2))
    assert len({*first.values(), *second.values()}) == 4
    assert value_of(first["a"]) == value_of(second["b"]) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"stream": "INC-1"},
        {"stream": "x"},
        {"kind": "noted"},
        {"kind": "Note.Added"},
        {"kind": "a." + "b" * 63},
        {"actor": "Zoë Müller"},
        {"actor": "usr_" + "1" * 41},
    ],
)
def test_a_header_takes_neutral_identifiers_only(bad):
    with pytest.raises(NotCanonical, match=next(iter(bad))):
        build(header(**bad), NO_HEAD, {})


@pytest.mark.parametrize(
    ("fields", "place"),
    [({"load": 0.5}, "load:"), ({"a": {"b": [1, 2.0]}}, "a.b[1]:"), ({"Bad Name": 1}, "the name 'Bad Name'")],
)
def test_a_field_that_cannot_be_written_is_named(fields, place):
    with pytest.raises(NotCanonical) as refusal:
        build(header(), NO_HEAD, fields)
    assert place in str(refusal.value)


def test_an_entry_has_a_largest_size():
    build(header(), NO_HEAD, {"text": "x" * (LARGEST_ENTRY - 500)})
    with pytest.raises(EntryTooLarge, match="at most 65536 fit"):
        build(header(), NO_HEAD, {"text": "x" * LARGEST_ENTRY})


def test_a_previous_leaf_has_32_bytes():
    with pytest.raises(ValueError, match="31 bytes"):
        build(header(), bytes(31), {})


def test_times_are_written_in_utc_with_milliseconds():
    there = datetime(2026, 3, 2, 10, 0, 0, 1999, tzinfo=timezone(timedelta(hours=1)))
    assert stamp(whole_milliseconds(there)) == "2026-03-02T09:00:00.001Z"
