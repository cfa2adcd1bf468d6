"""Erasing a field: the value is gone, the history stays whole, and says what was erased, when and why."""

import pytest
from django.db import connection

from audit import selectors
from audit.erasure import erase
from audit.errors import BadRedaction
from audit.models import Disclosure
from audit.packs.bundle import verify
from audit.packs.issue import build_pack
from audit.verify import verify_stream
from tests.audit.packing import files_of

pytestmark = pytest.mark.django_db


def test_an_erased_field_is_gone_and_the_stream_is_whole(make_stream, person):
    make_stream("inc_1", 3)
    recorded = erase("inc_1", 1, "text", actor=person, reason="Art. 17 GDPR")
    row = selectors.entry("inc_1", 1)
    assert (row.fields, row.erased) == ({"number": 1}, ("text",))
    assert recorded.seq == 3
    assert selectors.entry("inc_1", 3).fields == {"seq": 1, "name": "text", "reason": "Art. 17 GDPR"}
    assert verify_stream("inc_1").ok
    assert not any(b"Note 1" in bytes(payload) for payload in Disclosure.objects.values_list("payload", flat=True))


def test_a_pack_lists_it_as_erased(make_stream, person):
    make_stream("inc_1", 3)
    erase("inc_1", 1, "text", actor=person, reason="Art. 17 GDPR")
    files = files_of(build_pack("inc_1", actor=person))
    assert b'"reason":"erased by entry 3","seq":1,"state":"erased"' in files["data/ledger/redactions.jsonl"]
    assert "8 of 9 fields disclosed" in verify.verify(files)


@pytest.mark.parametrize(("seq", "name"), [(9, "text"), (1, "nothing")])
def test_what_is_not_there_is_not_erased_and_nothing_is_recorded(seq, name, make_stream, person):
    make_stream("inc_1", 3)
    with pytest.raises(BadRedaction, match=f"entry {seq}, field {name}"):
        erase("inc_1", seq, name, actor=person, reason="")
    assert selectors.reached("inc_1") == 2


@pytest.mark.sqlite  # PostgreSQL removes old row versions by VACUUM
def test_no_trace_is_left_in_the_file(real_database, make_stream, person):
    make_stream("inc_1", 2)
    path = connection.settings_dict["NAME"]
    erase("inc_1", 1, "text", actor=person, reason="")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"Note 0" in path.read_bytes()
    assert b"Note 1" not in path.read_bytes()
