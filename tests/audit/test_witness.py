"""Our client and our witness, against each other; and what the client makes of witnesses that are not like that."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from audit import checkpoints, keys, notes
from audit.cosigning import COSIGNATURE, Verifier, cosign, find_cosigned
from audit.models import Checkpoint, Cosignature, Entry, Finding, Holder
from audit.states import HolderState
from audit.trust import attesting, rechecking
from audit.trust.holders import keeping
from audit.trust.holders.errors import BadSetting, Contradicted, NotCosigned
from audit.trust.witnesses import asking, known, vkeys
from tests.audit.attesting import witnessing
from tests.plugins.ledger_flush import without_guards

pytestmark = pytest.mark.django_db
ORIGIN = "muster.example/evidence"


@pytest.fixture
def second(tmp_path, settings):
    """A witness that knows this log, and is configured."""
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    with witnessing(tmp_path / "witness", {ORIGIN: [keys.log_key().public_key()]}) as second:
        settings.WITNESSES = [second.setting]
        yield second


def give():
    (party,) = attesting.everybody()
    return keeping.give(party, at_once=True)


def grow(make_stream, times=1):
    for _ in range(times):
        make_stream("inc_1", 1)
        made = checkpoints.checkpoint()
    return made


def test_each_checkpoint_is_cosigned_and_travels_with_its_lines(second, make_stream):
    for times in (1, 1, 3, 6):
        made = grow(make_stream, times)
        assert give().state == HolderState.KEEPING_UP
        found = attesting.attestations(made)
        assert found.witnesses == ("witness.example/w1",)
        assert found.witnessed.startswith(bytes(made.note))
        find_cosigned(found.witnessed[len(made.note) :], bytes(made.note), second.witness.verifier)
        assert notes.opened(found.witnessed, ORIGIN, [keys.log_key().public_key()]).size == made.size
    assert vkeys().decode() == f"{second.witness.verifier}\n"
    assert second.witness.latest()[ORIGIN].size == made.size == 11


def test_a_pack_does_not_wait_for_the_round_nor_for_a_witness_that_is_away(second, make_stream, settings):
    made = grow(make_stream)
    assert attesting.attestations(made).witnesses == ()
    assert attesting.attestations(made, ask=True).witnesses == ("witness.example/w1",)
    settings.WITNESSES = [f"http://127.0.0.1:1 {second.witness.verifier}"]
    made = grow(make_stream)
    assert attesting.attestations(made, ask=True).witnesses == ()
    tries = Holder.objects.get().tries
    attesting.attestations(made, ask=True)
    assert Holder.objects.get().tries == tries == 1


def test_the_round_finds_whoever_lacks_the_latest_checkpoint(second, make_stream):
    rounds = attesting.Rounds
    now = keeping.clock.now()
    assert list(rounds().due(now)) == []
    grow(make_stream)
    assert list(rounds().due(now)) == ["witness:witness.example/w1"]
    attesting.give("witness:witness.example/w1")
    assert list(rounds().due(keeping.clock.now())) == []
    grow(make_stream)
    assert list(rounds().due(keeping.clock.now())) == ["witness:witness.example/w1"]
    assert attesting.give("witness:gone") is None


def test_a_client_that_forgot_is_told_where_the_witness_is(second, make_stream):
    grow(make_stream, 4)
    give()
    grow(make_stream, 3)
    with without_guards():
        Cosignature.objects.all().delete()
    assert give().state == HolderState.KEEPING_UP
    assert Cosignature.objects.get().checkpoint.size == 7


def test_what_was_cosigned_twice_is_kept_once(second, make_stream):
    grow(make_stream)
    give()
    line = Cosignature.objects.get().line
    give()
    assert Cosignature.objects.get().line == line


def test_a_restored_database_is_contradicted_and_said_loudly(second, make_stream, tmp_path):
    """The witness has seen five heads; the database that was brought back has two."""
    party = attesting.everybody()[0]
    made = grow(make_stream, 2)
    forged = Checkpoint(size=made.size, root=made.root, note=made.note)
    grow(make_stream, 3)
    give()
    with without_guards():
        Cosignature.objects.all().delete()
        Holder.objects.update(checkpoint=None)
        Checkpoint.objects.filter(size__gt=2).delete()
    with pytest.raises(Contradicted, match="cosigned a tree of 5 heads, but ours has 2"):
        party.take(forged)
    assert give().state == HolderState.CONTRADICTING
    entry = Entry.objects.get(kind="attestation.contradicted")
    assert entry.stream.uid == "portal"
    assert "older database" in Finding.objects.get(place="witness:witness.example/w1").sentence
    (copy,) = attesting.tell()
    assert (copy.keeps_up, "older database" in copy.problem) == (False, True)


def test_a_rewritten_history_of_the_same_or_a_larger_size_is_contradicted(second, make_stream):
    grow(make_stream, 3)
    give()
    other = notes.SignedTree(ORIGIN, 3, bytes(32))
    note = notes.sign(other, keys.log_key())
    with pytest.raises(Contradicted, match="cosigned another tree of 3 heads"):
        attesting.everybody()[0].take(Checkpoint(size=3, root=bytes(32), note=note))
    grow(make_stream, 2)
    longer = notes.sign(notes.SignedTree(ORIGIN, 5, bytes(32)), keys.log_key())
    with pytest.raises(Contradicted, match="no proof that this log extends what it saw"):
        attesting.everybody()[0].take(Checkpoint(size=5, root=bytes(32), note=longer))


def test_a_checkpoint_that_was_overtaken_is_no_contradiction(second, make_stream):
    old = grow(make_stream, 2)
    grow(make_stream, 2)
    give()
    with pytest.raises(NotCosigned, match="gone on to 4 heads, which we signed since"):
        attesting.everybody()[0].take(old)


def test_a_witness_that_does_not_know_us_says_so(tmp_path, settings, make_stream):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    grow(make_stream)
    with witnessing(tmp_path / "a", {"other.example/log": [keys.log_key().public_key()]}) as second:
        settings.WITNESSES = [second.setting]
        assert "answered 404, expected 200. It says: This witness doesn't know the log" in give().problem
    with witnessing(tmp_path / "b", {ORIGIN: [second.witness.verifier.key]}) as second:
        settings.WITNESSES = [second.setting]
        assert "answered 403" in give().problem
    row = give()  # gone by now
    assert "refused" in row.problem
    assert Entry.objects.filter(kind="attestation.failing").count() == 1


class Odd(BaseHTTPRequestHandler):
    """Answers what a test wants."""

    answers: list[tuple[int, str, bytes]] = []

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        status, kind, body = self.answers.pop(0)
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def odd(settings, second):
    """A witness with the right key that answers as the test says: odd(status, type, body), in order."""
    server = HTTPServer(("127.0.0.1", 0), Odd)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.WITNESSES = [f"http://127.0.0.1:{server.server_port}/ {second.witness.verifier}"]

    def set_answers(*answers):
        Odd.answers = list(answers)
        return attesting.everybody()[0]

    yield set_answers
    server.shutdown()
    server.server_close()


SIZE = "text/x.tlog.size"


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([(200, "text/plain", b"")], "don't end with a newline"),
        ([(200, "text/plain", b"\xff\n")], "no text in UTF-8"),
        ([(200, "text/plain", b"<html>\n")], "no line of a signature"),
        ([(200, "text/plain", "— other.example/w2 AAAA\n".encode())], "no line is by witness.example/w1"),
        ([(500, "text/plain", b"oh")], "answered 500, expected 200. It says: oh"),
        ([(429, "text/plain", b"")], "answered 429"),
        ([(409, SIZE, b"7")], "doesn't say where it is"),
        ([(409, "text/plain", b"7\n")], "doesn't say where it is"),
        ([(409, f"{SIZE}; charset=utf-8", b"x\n")], "doesn't say where it is"),
        ([(409, SIZE, b"07\n")], "doesn't say where it is"),
        ([(409, SIZE, b"1\n")] * 3, "3 times that it is elsewhere"),
        ([(200, "text/plain", bytes(1_100_000))], "longer than"),
    ],
)
def test_a_witness_that_answers_oddly_is_not_believed(odd, make_stream, answers, says):
    made = grow(make_stream, 2)
    with pytest.raises(NotCosigned, match=says):
        odd(*answers).take(made)
    assert not Cosignature.objects.exists()


def test_what_it_says_is_kept_as_plain_text(odd, make_stream):
    grow(make_stream)
    odd((500, "text/plain", b"no\x00thing\xed\xa0\x80 \x1b[31m"))
    row = give()
    assert row.state == HolderState.FAILING
    assert row.problem.isprintable()
    assert Entry.objects.filter(kind="attestation.failing").exists()


def test_a_false_line_or_one_from_the_future_is_not_kept(odd, second, make_stream):
    made = grow(make_stream)
    key = second.witness._key
    other = cosign(notes.sign(notes.SignedTree(ORIGIN, 1, bytes(32)), keys.log_key()), "witness.example/w1", key, 1)
    with pytest.raises(NotCosigned, match="is false"):
        odd((200, "text/plain", f"{other}\n".encode())).take(made)
    later = cosign(bytes(made.note), "witness.example/w1", key, 4_000_000_000)
    with pytest.raises(NotCosigned, match="says that it is 2096-10-02"):
        odd((200, "text/plain", f"{later}\n".encode())).take(made)
    ours = cosign(bytes(made.note), "witness.example/w1", key, 1)
    line = f"— other.example/w2 AAAAAAAA\n{ours}\n"
    odd((200, "text/plain", line.encode())).take(made)()
    assert Cosignature.objects.get().line == ours


def test_a_slow_witness_costs_its_deadline_and_a_private_one_needs_leave(second, make_stream, settings, monkeypatch):
    made = grow(make_stream)
    settings.EGRESS_ALLOW = []
    with pytest.raises(NotCosigned, match="MUSTER_EGRESS_ALLOW"):
        attesting.everybody()[0].take(made)
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    monkeypatch.setattr(asking, "DEADLINE_S", 0.001)
    with pytest.raises(NotCosigned, match=r"within 0.001 s"):
        attesting.everybody()[0].take(made)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("https://witness.example", "bytes|expected name"),
        ("witness.example name+00+AA", "expected an address and a verifier key"),
        ("ftp://witness.example name+00+AA", "expected an address and a verifier key"),
        ("https://witness.example name+00000000+AAAA", "expected a witness's key"),
    ],
)
def test_a_setting_that_cannot_be_read_is_said_at_the_start(settings, text, says):
    settings.WITNESSES = [text]
    with pytest.raises(BadSetting, match=says):
        known()
    assert any("MUSTER_WITNESSES can't be used" in problem for problem in attesting.problems())


def test_one_witness_twice_is_refused(settings):
    key = keys.log_key().public_key()
    text = f"https://witness.example {Verifier('w', COSIGNATURE, key)}"
    settings.WITNESSES = [text, text.replace("https", "http")]
    with pytest.raises(BadSetting, match="twice"):
        known()


def test_a_cosignature_that_was_changed_or_deleted_is_found_by_the_audit(second, make_stream):
    grow(make_stream)
    give()
    assert rechecking.cosignatures(0).breaks == []
    assert rechecking.holders(0).breaks == []
    row = Cosignature.objects.get()
    other = cosign(bytes(row.checkpoint.note), row.witness, keys.log_key(), 5)
    with without_guards():
        Cosignature.objects.update(line=other)
        (broken,) = rechecking.cosignatures(0).breaks
        assert broken.place == "cosignature of checkpoint 1 by witness.example/w1"
        Cosignature.objects.all().delete()
        (broken,) = rechecking.holders(0).breaks
        assert (broken.place, broken.found) == ("witness witness.example/w1", "nothing")
