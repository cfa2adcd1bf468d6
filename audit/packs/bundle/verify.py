#!/usr/bin/env python3
"""Checks a Muster evidence pack offline. One file; needs nothing but Python 3.10 or later.

    python3 -I verify.py PACK.zip                   the zip as it was handed out, every byte of it
    python3 -I verify.py FOLDER                     an unpacked pack (default: the one this file lies in)
    python3 -I verify.py PACK --key log.pub.pem     with a key that you obtained elsewhere (PEM or vkey): without it,
                                                    the pack only proves that it fits itself
    python3 -I verify.py PACK --tagmanifest HEX     and it is the very pack with this SHA-256 of tagmanifest-sha256.txt

Prints one sentence; exit code 0 when everything holds, 1 with file and place of the first thing that doesn't.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

LEDGER = "data/ledger/"
TAGMANIFEST = "tagmanifest-sha256.txt"
ENTRY_PARTS = ["actor", "fields", "id", "kind", "prev", "seq", "stream", "time", "v"]


class Failed(Exception):
    """Something doesn't hold: where, and what."""

    def __init__(self, place: object, what: str) -> None:
        super().__init__(f"{place}: {what}")


def need(condition: object, place: object, what: str) -> None:
    if not condition:
        raise Failed(place, what)


# ---- bytes and hashes ------------------------------------------------------------------------------------------------
def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def leaf_of(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1."""
    full: list[bytes] = []
    for index, leaf in enumerate(leaves):
        full.append(leaf)
        height = index
        while height & 1:
            right = full.pop()
            full[-1] = node_of(full[-1], right)
            height >>= 1
    if not full:
        return hashlib.sha256().digest()
    top = full.pop()
    while full:
        top = node_of(full.pop(), top)
    return top


def root_by_proof(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    """RFC 9162, 2.1.3.2: where an inclusion proof leads to; None when it has the wrong length."""
    last = size - 1
    for item in proof:
        if last == 0 or len(item) != 32:
            return None
        if index & 1 or index == last:
            leaf = node_of(item, leaf)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            leaf = node_of(leaf, item)
        index, last = index >> 1, last >> 1
    return leaf if last == 0 else None


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parsed(data: bytes, place: str) -> Any:
    """The JSON value of these bytes, which must be its one canonical form."""
    try:
        value = json.loads(data.decode())
        need(canonical(value) == data, place, "is not canonical JSON")
    except (ValueError, RecursionError) as error:
        raise Failed(place, f"is not JSON: {error}") from None
    return value


def unbase64(text: str, place: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    need(data and base64.b64encode(data).decode() == text, place, f"{text!r} is not base64")
    return data


def lines_of(data: bytes, place: str) -> list[bytes]:
    """Lines that each end with a newline."""
    need(not data or data.endswith(b"\n"), place, "doesn't end with a newline")
    return data.split(b"\n")[:-1]


# ---- Ed25519 (RFC 8032, 5.1.7) ---------------------------------------------------------------------------------------
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


Point = tuple[int, int, int, int]


def point(data: bytes) -> Point | None:
    """The point that 32 bytes encode, in extended coordinates; None if they encode none."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def plus(one: Point, two: Point) -> Point:
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number: int, base: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = plus(result, base)
        base, number = plus(base, base), number >> 1
    return result


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = point(BASE_Y.to_bytes(32, "little")) or (0, 1, 1, 0)


def signed_by(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) of `message` was made with the private half of `key` (32 bytes)."""
    if len(signature) != 64:
        return False
    public, nonce, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if public is None or nonce is None or s >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(s, BASE), plus(nonce, times(challenge, public))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def key_of_pem(data: bytes, place: str) -> bytes:
    body = b"".join(line for line in data.splitlines() if not line.startswith(b"-"))
    der = unbase64(body.decode(errors="replace"), place)
    need(len(der) == 44 and der[:12] == bytes.fromhex("302a300506032b6570032100"), place, "is not an Ed25519 key")
    return der[12:]


def key_of_vkey(text: str, place: str) -> bytes:
    parts = text.strip().split("+", 2)
    need(len(parts) == 3, place, "is not a vkey: name+id+key")
    data = unbase64(parts[2], place)
    need(len(data) == 33 and data[0] == 1, place, "is not an Ed25519 key")
    need(parts[1] == key_id(parts[0], data[1:]).hex(), place, "has an id that isn't its key's")
    return data[1:]


def key_of_file(path: Path) -> bytes:
    data = path.read_bytes()
    return key_of_pem(data, str(path)) if data.startswith(b"-") else key_of_vkey(data.decode(), str(path))


def key_id(name: str, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]


# ---- reading a pack --------------------------------------------------------------------------------------------------
Files = dict[str, bytes]


def files_of_zip(data: bytes) -> Files:
    """Content by path, once every byte of the container is what it must be: stored, sorted, without dates."""
    files: Files = {}
    directory, at = b"", 0
    while data[at : at + 4] == b"PK\x03\x04":
        fixed = data[at : at + 30]
        need(len(fixed) == 30, f"zip byte {at}", "the file ends here")
        crc, size, size_again, length = struct.unpack("<14xIIIH2x", fixed)
        name = data[at + 30 : at + 30 + length]
        start = at + 30 + length
        content = data[start : start + size]
        place = f"zip byte {at}, {name.decode(errors='replace')}"
        need(re.fullmatch(rb"[ -~]+", name), place, "is not an ASCII name")
        header = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, zlib.crc32(content), size, size, length, 0)
        need(size == size_again and len(content) == size, place, "doesn't have the size it says")
        need(crc == zlib.crc32(content), place, "content and CRC-32 differ")
        need(fixed == b"PK\x03\x04" + header, place, "its header is not the one that Muster writes")
        need(not files or name.decode() > max(files), place, "files are not in order")
        files[name.decode()] = content
        directory += b"PK\x01\x02" + struct.pack("<H", 0x0314) + header
        directory += struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, at) + name
        at = start + size
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(files), len(files), len(directory), at, 0)
    for offset, (found, expected) in enumerate(zip(data[at:], directory + end, strict=False)):
        need(found == expected, f"zip byte {at + offset}", f"found {found}, expected {expected} (directory of the zip)")
    need(files and len(data) == at + len(directory + end), f"zip byte {len(data)}", "the zip doesn't end where it must")
    tops = {name.split("/")[0] for name in files}
    need(len(tops) == 1, "zip", f"has more than one folder at the top: {sorted(tops)}")
    top = tops.pop() + "/"
    return {name[len(top) :]: content for name, content in files.items()}


def files_of_folder(folder: Path) -> Files:
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        need(not path.is_symlink(), name, "is a link")
        if not path.is_dir():
            need(path.is_file(), name, "is not a file")
            files[name] = path.read_bytes()
    return files


def read(files: Files, name: str) -> bytes:
    need(name in files, name, "is missing")
    return files[name]


# ---- the checks ------------------------------------------------------------------------------------------------------
def check_manifest(files: Files, manifest: str, covered: set[str]) -> None:
    """Exactly the files of `covered` are listed, and each has the SHA-256 that is listed."""
    listed: dict[str, str] = {}
    for number, line in enumerate(lines_of(read(files, manifest), manifest), 1):
        found = re.fullmatch(rb"([0-9a-f]{64})  ([!-~]+)", line)
        need(found, f"{manifest}, line {number}", "is not a SHA-256, two spaces and a path")
        assert found
        name = found[2].decode()
        need(name not in listed, f"{manifest}, line {number}", f"{name} is listed twice")
        listed[name] = found[1].decode()
    for name in sorted(listed):
        need(name in files, name, f"is missing, though {manifest} lists it")
        need(sha256(files[name]) == listed[name], name, f"its SHA-256 is not the one in {manifest}")
    for name in sorted(set(covered) - set(listed)):
        raise Failed(name, f"is not listed in {manifest}")
    for name in sorted(set(listed) - set(covered)):
        raise Failed(name, f"must not be listed in {manifest}")


def check_bag(files: Files) -> None:
    """1. BagIt: nothing missing, nothing extra, nothing changed."""
    tags = {name for name in files if not name.startswith("data/")}
    check_manifest(files, TAGMANIFEST, tags - {TAGMANIFEST})
    check_manifest(files, "manifest-sha256.txt", set(files) - tags)
    declaration = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    need(read(files, "bagit.txt") == declaration, "bagit.txt", "is not the BagIt 1.0 declaration")
    payload = [content for name, content in files.items() if name.startswith("data/")]
    oxum = f"Payload-Oxum: {sum(map(len, payload))}.{len(payload)}".encode()
    need(oxum in lines_of(read(files, "bag-info.txt"), "bag-info.txt"), "bag-info.txt", f"has no line {oxum.decode()}")


def check_versions(files: Files) -> None:
    """A runbook version is named by the SHA-256 of its text, as the entries name it."""
    for name, content in files.items():
        if name.startswith("data/versions/"):
            need(name == f"data/versions/{sha256(content)}.yaml", name, "is not named by the SHA-256 of its content")


def check_entries(files: Files, head: dict[str, Any]) -> tuple[list[dict[str, Any]], list[bytes]]:
    """2. The chain: each entry follows the one before it; leaves.txt are their hashes. Gives entries and leaves."""
    name, prev, time = LEDGER + "entries.jsonl", "0" * 64, ""
    entries: list[dict[str, Any]] = []
    leaves: list[bytes] = []
    for seq, line in enumerate(lines_of(read(files, name), name)):
        place = f"{name}, line {seq + 1}"
        entry = parsed(line, place)
        need(isinstance(entry, dict) and sorted(entry) == ENTRY_PARTS, place, "doesn't have the parts of an entry")
        for part, expected in (("v", 1), ("seq", seq), ("stream", head["stream"]), ("prev", prev)):
            need(entry[part] == expected, place, f"{part} is {entry[part]!r}, expected {expected!r}")
        need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(entry["time"])), place, "its time is no time")
        need(entry["time"] >= time, place, f"its time {entry['time']} is before that of the entry before it, {time}")
        entries.append(entry)
        leaves.append(leaf_of(line))
        prev, time = leaves[-1].hex(), entry["time"]
    listed = lines_of(read(files, LEDGER + "leaves.txt"), LEDGER + "leaves.txt")
    for number, (leaf, text) in enumerate(zip(leaves, listed, strict=False), 1):
        need(leaf.hex().encode() == text, f"{LEDGER}leaves.txt, line {number}", f"is not {leaf.hex()}")
    need(len(listed) == len(leaves), LEDGER + "leaves.txt", f"has {len(listed)} lines, expected {len(leaves)}")
    return entries, leaves


def check_fields(files: Files, entries: list[dict[str, Any]]) -> tuple[int, int]:
    """3. Every field is disclosed as it was committed to, or listed as withheld or erased; nothing else is there."""
    open_fields = {(entry["seq"], field): digest for entry in entries for field, digest in entry["fields"].items()}
    count = len(open_fields)
    name = LEDGER + "disclosures.tsv"
    for number, line in enumerate(lines_of(read(files, name), name), 1):
        place, parts = f"{name}, line {number}", line.split(b"\t")
        need(len(parts) == 3 and re.fullmatch(rb"\d+", parts[0]), place, "is not: seq TAB name TAB disclosure")
        field = (int(parts[0]), parts[1].decode(errors="replace"))
        need(field in open_fields, place, f"entry {field[0]} has no field {field[1]!r} left to disclose")
        need(open_fields.pop(field) == sha256(parts[2]), place, "is not what the entry was committed to")
        disclosed = parsed(parts[2], place)
        need(disclosed[1] == field[1], place, f"discloses {disclosed[1]!r}, not {field[1]!r}")
    disclosed_count = count - len(open_fields)
    name = LEDGER + "redactions.jsonl"
    for number, line in enumerate(lines_of(read(files, name), name), 1):
        place = f"{name}, line {number}"
        told = parsed(line, place)
        need(sorted(told) == ["name", "reason", "seq", "state"], place, "doesn't have the parts of a redaction")
        need(told["state"] in ("withheld", "erased"), place, f"the state {told['state']!r} is not withheld or erased")
        need(open_fields.pop((told["seq"], told["name"]), None), place, "is about a field that isn't open")
    for seq, field in sorted(open_fields):
        raise Failed(f"entry {seq}, field {field}", "is neither disclosed nor listed in redactions.jsonl")
    return disclosed_count, count


def check_head(files: Files, head: dict[str, Any], leaves: list[bytes]) -> None:
    """4. The head says how many entries there are, and their root; earlier packs were prefixes of this one."""
    place = LEDGER + "head.json"
    need(head["size"] == len(leaves), place, f"its size is {head['size']}, but there are {len(leaves)} entries")
    need(head["root"] == root_of(leaves).hex(), place, f"its root is not that of the entries, {root_of(leaves).hex()}")
    name = LEDGER + "previous.json"
    for earlier in parsed(read(files, name), name):
        size = earlier["size"]
        need(size <= len(leaves), name, f"an earlier pack had {size} entries, more than this one")
        need(earlier["root"] == root_of(leaves[:size]).hex(), name, f"the pack of {size} entries had another root")


def check_checkpoint(files: Files, key: bytes) -> str:
    """5. The head is in the heads log, whose tree was signed by the log key. Gives the log's name."""
    name = LEDGER + "checkpoint"
    text, _, lines = read(files, name).decode(errors="replace").partition("\n\n")
    parts = (text + "\n").split("\n")
    need(len(parts) == 4 and re.fullmatch(r"0|[1-9]\d*", parts[1]), name, "is not: origin, size, root, empty line")
    origin, size, root = parts[0], int(parts[1]), unbase64(parts[2], name)
    need(lines.endswith("\n"), name, "doesn't end with a line of a signature")
    ours = []
    for line in lines[:-1].split("\n"):
        found = re.fullmatch(r"— (\S+) (\S+)", line)
        need(found, name, f"{line!r} is not a line of a signature")
        assert found
        signature = unbase64(found[2], name)
        if found[1] == origin and signature[:4] == key_id(origin, key):
            ours.append(signed_by(key, (text + "\n").encode(), signature[4:]))
    need(ours and all(ours), name, f"is not signed by the key {hashlib.sha256(key).hexdigest()}")
    name = LEDGER + "head.tlog-proof"
    proof, _, note = read(files, name).partition(b"\n\n")
    need(note == files[LEDGER + "checkpoint"], name, "is about another checkpoint")
    steps = proof.decode(errors="replace").split("\n")
    need(steps[0] == "c2sp.org/tlog-proof@v1", name, f"begins with {steps[0]!r}")
    need(len(steps) > 1 and re.fullmatch(r"index (0|[1-9]\d*)", steps[1]), name, "has no index in line 2")
    index, path = int(steps[1][6:]), [unbase64(step, name) for step in steps[2:]]
    leaf = leaf_of(files[LEDGER + "head.json"])
    led_to = root_by_proof(leaf, index, size, path) if index < size else None
    need(led_to == root, name, "doesn't lead from the head to the root of the checkpoint")
    return origin


def check_keys(files: Files, pinned: bytes | None) -> bytes:
    """6. The pack's own copies of the key are one key, and it is the pinned one, if there is one."""
    key = key_of_pem(read(files, "keys/log.pub.pem"), "keys/log.pub.pem")
    same = key_of_vkey(read(files, "keys/log.vkey").decode(errors="replace"), "keys/log.vkey")
    need(same == key, "keys/log.vkey", "is another key than keys/log.pub.pem")
    need(pinned in (None, key), "keys/log.pub.pem", "is not the key that was given with --key")
    return key


def verify(files: Files, pinned: bytes | None = None, tagmanifest: str | None = None) -> str:
    """Everything that can be checked offline. Gives the sentence about it. Raises Failed at the first thing wrong."""
    check_bag(files)
    told = sha256(files[TAGMANIFEST])
    need(tagmanifest in (None, told), TAGMANIFEST, f"its SHA-256 is {told}, not the one that was given")
    key = check_keys(files, pinned)
    head = parsed(read(files, LEDGER + "head.json"), LEDGER + "head.json")
    need(sorted(head) == ["root", "size", "stream", "v"], LEDGER + "head.json", "doesn't have the parts of a head")
    entries, leaves = check_entries(files, head)
    disclosed, count = check_fields(files, entries)
    check_head(files, head, leaves)
    check_versions(files)
    origin = check_checkpoint(files, key)
    named = f"External-Identifier: {head['stream']}".encode()
    need(named in files["bag-info.txt"].split(b"\n"), "bag-info.txt", f"has no line {named.decode()}")
    known = "the key you gave" if pinned else "the key IN THE PACK: give --key to know whose it is"
    return (
        f"The pack holds: stream {head['stream']}, {len(leaves)} entries, {disclosed} of {count} fields disclosed, "
        f"signed in {origin} by {known} ({hashlib.sha256(key).hexdigest()})."
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--key", type=Path, help="public key of the log, obtained elsewhere: PEM or vkey")
    parser.add_argument("--tagmanifest", help="SHA-256 of tagmanifest-sha256.txt, obtained elsewhere")
    given = parser.parse_args(arguments)
    try:
        pinned = key_of_file(given.key) if given.key else None
        files = files_of_folder(given.pack) if given.pack.is_dir() else files_of_zip(given.pack.read_bytes())
        print(verify(files, pinned, given.tagmanifest))
    except Failed as failed:
        print(f"FAILED: {failed}", file=sys.stderr)
        return 1
    except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        print(f"FAILED: the pack isn't formed as one: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
