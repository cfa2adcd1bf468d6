"""Attacks on files: left to be found by the manifests, or with manifests made to fit."""
# ruff: noqa: E501 - one attack, one line

from collections.abc import Iterator
from hashlib import sha256

from audit.packs.bag import TAGMANIFEST
from audit.verifying.corpus.cases import MANIFEST, Case, Change, L, Subject, changed, line_of, resealed, swap
from audit.verifying.sample import ATTACHMENT, FURTHER, VERSION

S = f"data/streams/{FURTHER}/"
FILE = f"data/files/{sha256(ATTACHMENT).hexdigest()}"
BOMB = b"[" * 20_000 + b"]" * 20_000

BAG: list[tuple[str, str, Change, str]] = [
    ("manifest: a line of prose", MANIFEST, lambda d: b"all is well\n" + d, TAGMANIFEST.replace("tag", "") + ": its SHA-256"),
    ("tagmanifest: a line of prose", TAGMANIFEST, lambda d: b"all is well\n" + d, f"{TAGMANIFEST}, line 1: is not a SHA-256"),
    ("tagmanifest: a file twice", TAGMANIFEST, lambda d: d + d.splitlines(True)[0], f"{TAGMANIFEST}, line .*is listed twice"),
    ("tagmanifest: without a newline", TAGMANIFEST, lambda d: d[:-1], f"{TAGMANIFEST}: doesn't end with a newline"),
    ("tagmanifest: lists itself", TAGMANIFEST, lambda d: d + b"0" * 64 + b"  tagmanifest-sha256.txt\n", TAGMANIFEST),
    ("tagmanifest: a line left out", TAGMANIFEST, line_of(0, lambda _: b""), "VERIFY.txt: is not listed"),
    ("tagmanifest: upper-case digits", TAGMANIFEST, line_of(0, bytes.upper), f"{TAGMANIFEST}, line 1"),
]  # fmt: skip

RESEALED: list[tuple[str, str, Change, str]] = [
    ("bag: another declaration", "bagit.txt", swap(b"1.0", b"0.9"), "bagit.txt: is not the BagIt"),
    ("bag: another stream's name", "bag-info.txt", swap(b"inc_sample", b"inc_simple"), "bag-info.txt: has no line External"),
    ("bag: a format of tomorrow", "bag-info.txt", swap(b"Format: 2", b"Format: 3"), "bag-info.txt: is of a format"),
    ("bag: format 2 passed off as 1", "bag-info.txt", swap(b"Muster-Pack-Format: 2\n", b""), f"{S}.*can't be in a pack of format 1"),
    ("entries: a word changed", f"{L}entries.jsonl", line_of(1, swap(b"note.added", b"note.edited")), f"{L}leaves.txt, line 2"),
    ("entries: a space after a colon", f"{L}entries.jsonl", line_of(2, swap(b'"v":1', b'"v": 1')), "entries.jsonl, line 3: is not canonical"),
    ("entries: keys in another order", f"{L}entries.jsonl", line_of(0, lambda d: b'{"v":1,' + d[1:].replace(b',"v":1', b"")), "entries.jsonl, line 1: is not canonical"),
    ("entries: a key twice", f"{L}entries.jsonl", line_of(0, lambda d: b'{"v":1,' + d[1:]), "entries.jsonl, line 1: is not canonical"),
    ("entries: a float", f"{L}entries.jsonl", line_of(0, swap(b'"v":1', b'"v":1.0')), "entries.jsonl, line 1: is not canonical"),
    ("entries: an exponent", f"{L}entries.jsonl", line_of(0, swap(b'"v":1', b'"v":1e0')), "entries.jsonl, line 1: is not canonical"),
    ("entries: an escape for a plain letter", f"{L}entries.jsonl", line_of(0, swap(b"usr_", b"\\u0075sr_")), "entries.jsonl, line 1: is not canonical"),
    ("entries: NaN", f"{L}entries.jsonl", line_of(0, swap(b'"v":1', b'"v":NaN')), "entries.jsonl, line 1: is not JSON"),
    ("entries: a byte order mark", f"{L}entries.jsonl", lambda d: b"\xef\xbb\xbf" + d, "entries.jsonl, line 1: is not JSON"),
    ("entries: half a surrogate pair", f"{L}entries.jsonl", line_of(0, swap(b"usr_", b"\\ud800")), "entries.jsonl, line 1: is not canonical"),
    ("entries: not UTF-8", f"{L}entries.jsonl", line_of(0, swap(b"usr_", b"us\xff_")), "entries.jsonl, line 1: is not JSON"),
    ("entries: overlong UTF-8", f"{L}entries.jsonl", line_of(0, swap(b"usr_", b"\xc1\xb5sr_")), "entries.jsonl, line 1: is not JSON"),
    ("entries: a number beyond 2^53", f"{L}entries.jsonl", line_of(0, swap(b'"seq":0', b'"seq":9007199254740993')), "entries.jsonl, line 1: is not canonical"),
    ("entries: minus zero", f"{L}entries.jsonl", line_of(0, swap(b'"seq":0', b'"seq":-0')), "entries.jsonl, line 1: is not canonical"),
    ("entries: true for 1", f"{L}entries.jsonl", line_of(0, swap(b'"v":1', b'"v":true')), "entries.jsonl, line 1: v is true"),
    ("entries: a NUL in a name", f"{L}entries.jsonl", line_of(0, swap(b"usr_", b"u\\u0000_")), "entries.jsonl, line 1: is not canonical"),
    ("entries: nested 20,000 deep", f"{L}entries.jsonl", line_of(0, lambda _: BOMB), "entries.jsonl, line 1: is nested too deeply"),
    ("entries: a part more", f"{L}entries.jsonl", line_of(0, swap(b'{"actor"', b'{"aaa":1,"actor"')), "line 1: doesn't have the parts of an entry"),
    ("entries: an array", f"{L}entries.jsonl", line_of(0, lambda _: b"[1]"), "line 1: doesn't have the parts of an entry"),
    ("entries: a name for an actor", f"{L}entries.jsonl", line_of(0, swap(b'"usr_', b'"Mr ')), "line 1: is not an entry as Muster writes it"),
    ("entries: an empty line", f"{L}entries.jsonl", lambda d: b"\n" + d, "entries.jsonl, line 1: is not JSON"),
    ("entries: Windows line ends", f"{L}entries.jsonl", swap(b"\n", b"\r\n"), "entries.jsonl, line 1: is not canonical"),
    ("entries: the last newline gone", f"{L}entries.jsonl", lambda d: d[:-1], "entries.jsonl: doesn't end with a newline"),
    ("entries: the first removed", f"{L}entries.jsonl", line_of(0, lambda _: b""), "entries.jsonl, line 1: seq is 1, expected 0"),
    ("entries: one removed", f"{L}entries.jsonl", line_of(3, lambda _: b""), "entries.jsonl, line 4: seq is 4, expected 3"),
    ("entries: one twice", f"{L}entries.jsonl", line_of(3, lambda d: d + b"\n" + d), "entries.jsonl, line 5: seq is 3, expected 4"),
    ("entries: the tail cut off", f"{L}entries.jsonl", line_of(6, lambda _: b""), "leaves.txt: has 7 lines, expected 6"),
    ("entries: all cut off", f"{L}entries.jsonl", lambda _: b"", "leaves.txt: has 7 lines, expected 0"),
    ("entries: of another stream", f"{L}entries.jsonl", swap(b"inc_sample", b"inc_simple"), 'line 1: stream is "inc_simple"'),
    ("entries: another prev", f"{L}entries.jsonl", line_of(2, swap(b'"prev":"', b'"prev":"0')), "line 3: prev is"),
    ("entries: back in time", f"{L}entries.jsonl", line_of(4, swap(b"T09:00:28", b"T08:00:28")), "line 5: its time 2026-03-02T08:00:28.000Z is before"),
    ("leaves: one changed", f"{L}leaves.txt", line_of(2, lambda d: d[::-1]), "leaves.txt, line 3: is not"),
    ("leaves: one removed", f"{L}leaves.txt", line_of(6, lambda _: b""), "leaves.txt: has 6 lines, but there are more"),
    ("leaves: one more", f"{L}leaves.txt", lambda d: d + d[-65:], "leaves.txt: has 8 lines, expected 7"),
    ("fields: a value changed", f"{L}disclosures.tsv", swap(b"SEV1", b"SEV4"), "disclosures.tsv, line 1: is not what the entry"),
    ("fields: another salt", f"{L}disclosures.tsv", line_of(0, lambda d: d.replace(d[14:20], b"000000", 1)), "disclosures.tsv, line 1: is not what the entry"),
    ("fields: a value escaped", f"{L}disclosures.tsv", swap(b"SEV1", b"\\u0053EV1"), "disclosures.tsv, line 1: is not what the entry"),
    ("fields: a value hidden", f"{L}disclosures.tsv", line_of(1, lambda _: b""), "entry 0, field title: is neither disclosed nor listed"),
    ("fields: the last hidden", f"{L}disclosures.tsv", line_of(13, lambda _: b""), "entry 6, field to: is neither disclosed nor listed"),
    ("fields: a value twice", f"{L}disclosures.tsv", line_of(0, lambda d: d + b"\n" + d), 'line 2: entry 0 has no field "severity" left'),
    ("fields: the last twice", f"{L}disclosures.tsv", line_of(13, lambda d: d + b"\n" + d), 'line 15: entry 6 has no field "to" left'),
    ("fields: of an entry that isn't there", f"{L}disclosures.tsv", lambda d: d + d.splitlines(True)[0].replace(b"0\t", b"9\t", 1), "line 15: entry 9 has no field"),
    ("fields: in another order", f"{L}disclosures.tsv", lambda d: b"".join(d.splitlines(True)[i] for i in (1, 0, *range(2, 14))), "is neither disclosed nor listed"),
    ("fields: a zero before the number", f"{L}disclosures.tsv", lambda d: b"0" + d, "disclosures.tsv, line 1"),
    ("fields: a tab too many", f"{L}disclosures.tsv", line_of(2, lambda d: d + b"\t"), "disclosures.tsv, line 3: is not: seq TAB"),
    ("redactions: one taken away", f"{L}redactions.jsonl", line_of(0, lambda _: b""), "entry 1, field phone: is neither disclosed nor listed"),
    ("redactions: all taken away", f"{L}redactions.jsonl", lambda _: b"", "entry 1, field phone: is neither disclosed nor listed"),
    ("redactions: of what is disclosed", f"{L}redactions.jsonl", lambda d: b'{"name":"title","reason":"x","seq":0,"state":"withheld"}\n' + d, "redactions.jsonl, line 1: is about a field that isn't open"),
    ("redactions: of no field", f"{L}redactions.jsonl", lambda d: d + b'{"name":"zzz","reason":"x","seq":6,"state":"withheld"}\n', "redactions.jsonl, line 3: is about a field that isn't open"),
    ("redactions: one twice", f"{L}redactions.jsonl", line_of(0, lambda d: d + b"\n" + d), "redactions.jsonl, line 2: is about a field that isn't open"),
    ("redactions: erased passed off as withheld", f"{L}redactions.jsonl", swap(b"erased\"}", b"withheld\"}"), "entry 4, field text: was erased by entry 5"),
    ("redactions: withheld passed off as erased", f"{L}redactions.jsonl", swap(b"withheld", b"erased"), "redactions.jsonl, line 1: says erased, but no entry"),
    ("redactions: a third state", f"{L}redactions.jsonl", swap(b"withheld", b"lost"), 'line 1: the state "lost" is not withheld or erased'),
    ("redactions: without a reason", f"{L}redactions.jsonl", line_of(0, swap(b'"reason":"Art. 23 GDPR",', b"")), "line 1: doesn't have the parts of a redaction"),
    ("redactions: the number as text", f"{L}redactions.jsonl", swap(b'"seq":1', b'"seq":"1"'), "line 1: doesn't have the parts of a redaction"),
    ("head: another size", f"{L}head.json", swap(b'"size":7', b'"size":6'), "head.json: its size is 6, but there are 7"),
    ("head: another root", f"{L}head.json", swap(b'"root":"7', b'"root":"8'), "head.json: its root is not that of the entries"),
    ("head: another version", f"{L}head.json", swap(b'"v":1', b'"v":2'), "head.json: v is 2, expected 1"),
    ("head: a list", f"{L}head.json", lambda _: b"[]", "head.json: doesn't have the parts of a head"),
    ("head: a stream that is a number", f"{L}head.json", swap(b'"inc_sample"', b"7"), "head.json: doesn't have the parts of a head"),
    ("head: with a newline", f"{L}head.json", lambda d: d + b"\n", "head.json: is not canonical JSON"),
    ("previous: a root that never was", f"{L}previous.json", swap(b'"root":"', b'"root":"0'), "previous.json: the pack of 3 entries had another root"),
    ("previous: larger than this", f"{L}previous.json", swap(b'"size":3', b'"size":8'), "previous.json: an earlier pack had 8 entries, this one has 7"),
    ("previous: of no entries", f"{L}previous.json", swap(b'"size":3', b'"size":0'), "previous.json: an earlier pack had 0 entries"),
    ("previous: another size", f"{L}previous.json", swap(b'"size":3', b'"size":4'), "previous.json: the pack of 4 entries had another root"),
    ("previous: not a list", f"{L}previous.json", lambda _: b"{}", "previous.json: is not a list of earlier packs"),
    ("further stream: a word changed", f"{S}entries.jsonl", swap(b"rehearsal", b"reversals"), f"{S}leaves.txt, line 2"),
    ("further stream: a value changed", f"{S}disclosures.tsv", swap(b"412", b"12"), f"{S}disclosures.tsv, line 2"),
    ("further stream: another name", f"{S}head.json", swap(b"rbk_sample", b"rbk_simple"), f'{S}head.json: is of the stream "rbk_simple"'),
    ("further stream: erased passed off as withheld", f"{S}redactions.jsonl", swap(b'erased"}', b'withheld"}'), f"{S}entries.jsonl, entry 2, field text: was erased by entry 3"),
    ("attachment: changed", FILE, swap(b"4711", b"4712"), f"{FILE}: is not named by the SHA-256"),
    ("version: changed", f"data/versions/{sha256(VERSION).hexdigest()}.yaml", swap(b"Restart", b"Rotate"), "is not named by the SHA-256"),
]  # fmt: skip


def cases(subject: Subject) -> Iterator[Case]:
    """Every attack of the lists above whose file the pack has, then those that take or add files."""
    for name, path, change, place in BAG:
        yield Case(name, subject.zip(changed(subject.files, path, change)), place)
    if subject.key:
        for name, path, change, place in RESEALED:
            yield Case(name, subject.zip(resealed(changed(subject.files, path, change))), place)
    yield from _missing(subject)
    yield from _added(subject)


def _missing(subject: Subject) -> Iterator[Case]:
    for path in sorted(subject.files):
        rest = {name: data for name, data in subject.files.items() if name != path}
        yield Case(f"missing: {path}", subject.zip(rest), f"{path}: is missing")
        needed = path.startswith((L, "keys/log", "data/files/")) and "witnessed" not in path and ".tsr" not in path
        if needed:
            yield Case(f"missing, manifests made to fit: {path}", subject.zip(resealed(rest)), f"{path}: is missing")


def _added(subject: Subject) -> Iterator[Case]:
    for path in ("data/extra.txt", "keys/other.pem", "notes.txt", "data/ledger/entries.jsonl.bak"):
        more = {**subject.files, path: b"x"}
        yield Case(f"unlisted: {path}", subject.zip(more), f"{path}: is not listed in")
        yield Case(
            f"smuggled in, manifests made to fit: {path}",
            subject.zip(resealed(more)),
            f"{path}: is not a file that a pack holds",
        )
    path = f"data/files/{sha256(b'x').hexdigest()}"
    yield Case(
        "an attachment that nobody attached",
        subject.zip(resealed({**subject.files, path: b"x"})),
        f"{path}: is an attachment that no",
    )
    copied = {
        f"data/streams/inc_other/{name[len(L) :]}": data for name, data in subject.files.items() if name.startswith(L)
    }
    wanted = {name: data for name, data in copied.items() if "checkpoint" not in name}
    yield Case(
        "a stream under another name", subject.zip(resealed({**subject.files, **wanted})), "data/streams/inc_other/"
    )
