#!/usr/bin/env python3
"""Checks a Muster evidence pack offline. One file; needs nothing but Python 3.10 or later.

    python3 -I verify.py PACK.zip                   the zip as it was handed out, every byte of it
    python3 -I verify.py FOLDER                     an unpacked pack (default: the one this file lies in)
    python3 -I verify.py PACK --key KEY             with the log's key as you obtained it elsewhere: a file (PEM or
                                                    vkey), a vkey, or its fingerprint; may be given more than once.
                                                    Without it the pack only proves that it fits itself
    python3 -I verify.py PACK --trust CERTS.pem     also checks signature and time stamps, by openssl
    python3 -I verify.py PACK --witness VKEY        also checks who else saw this checkpoint
    python3 -I verify.py PACK --tagmanifest HEX     and it is the very pack with this SHA-256 of tagmanifest-sha256.txt
    python3 -I verify.py PACK --strict              fails unless signature and time stamps are there and were checked

Prints one sentence, then what was not checked; exit code 0 when everything holds, 1 with file and place of the first
thing that doesn't. Memory stays below 100 MB whatever the size of the pack.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import hashlib
import io
import json
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

UTC = datetime.timezone.utc  # noqa: UP017 - datetime.UTC is not in Python 3.10
LEDGER = "data/ledger/"
TAGMANIFEST = "tagmanifest-sha256.txt"
MANIFEST = "manifest-sha256.txt"
SEALS = {f"{TAGMANIFEST}.p7s", f"{TAGMANIFEST}.tsr"}  # over the tagmanifest, so it can't list them
WHOLE = 16 << 20  # bytes; what is read at once is smaller
LONGEST_LINE = 1 << 20
DEEPEST = 40
CHUNK = 1 << 20
MOST_FILES, MOST_BYTES = 65_535, 2**32 - 1  # beyond, a zip has another form
PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
STREAM_FILES = (
    r"(?:entries\.jsonl|leaves\.txt|disclosures\.tsv|redactions\.jsonl|head\.json|head\.tlog-proof|previous\.json)"
)
HELD = re.compile(
    r"bagit\.txt|bag-info\.txt|manifest-sha256\.txt|tagmanifest-sha256\.txt(?:\.p7s|\.tsr)?|VERIFY\.txt"
    r"|verify/verify\.(?:sh|py|html)|keys/(?:log\.pub\.pem|log\.vkey|trust-anchors\.pem|witnesses\.vkey)"
    r"|data/(?:report\.html|report(?:-[1-9][0-9]*)?\.pdf|people\.json|versions/[0-9a-f]{64}\.yaml|files/[0-9a-f]{64}"
    rf"|forms/.+|ledger/(?:{STREAM_FILES}|checkpoint(?:\.tsr|\.witnessed)?)|streams/[a-z][a-z0-9_]{{1,63}}/{STREAM_FILES})"
)


class Failed(Exception):
    """Something doesn't hold: where, and what."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.place, self.what = place, what


def need(condition: object, place: str, what: str) -> None:
    if not condition:
        raise Failed(place, what)


def show(value: Any) -> str:
    """A value of the pack as it stands in a message: ASCII, short."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return text if len(text) <= 80 else text[:77] + "..."


def plain(data: bytes) -> str:
    """Bytes of the pack as they stand in a message."""
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in data[:200])


# ---- bytes and hashes ------------------------------------------------------------------------------------------------
def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def leaf_of(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A Merkle tree that leaves are added to (RFC 6962, 2.1). Keeps log(n) hashes."""

    def __init__(self) -> None:
        self.size = 0
        self.full: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        self.full.append(leaf)
        height = self.size
        while height & 1:
            right = self.full.pop()
            self.full[-1] = node_of(self.full[-1], right)
            height >>= 1
        self.size += 1

    def root(self) -> str:
        if not self.full:
            return sha256(b"")
        top = self.full[-1]
        for left in reversed(self.full[:-1]):
            top = node_of(left, top)
        return top.hex()


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


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except ValueError:
        return False
    return True


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def whole_number(digits: str) -> int | float:
    """Other programs read larger ones as something else."""
    return int(digits) if len(digits) < 18 and abs(int(digits)) < 2**53 else float("nan")


def not_json(name: str) -> NoReturn:
    raise ValueError(name)


def depth_of(text: str) -> int:
    """How deeply arrays and objects are nested."""
    deepest = depth = 0
    # text that never ends counts as text to the end: else each quote in it would be looked at anew
    for bracket in re.findall(r"[\[\]{}]", re.sub(r'(?s)"(?:[^"\\]|\\.)*(?:"|\\?\Z)', "", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def has_other(value: Any) -> bool:
    """Whether keys or text are none that the ledger writes."""
    if isinstance(value, dict):
        return any(not re.fullmatch(r"[a-z0-9_]{1,40}", key) or has_other(item) for key, item in value.items())
    if isinstance(value, list):
        return any(map(has_other, value))
    return isinstance(value, str) and "\0" in value


def parsed(data: bytes, place: str) -> Any:
    """The JSON value of these bytes, which must be its one canonical form (RFC 8785, whole numbers only)."""
    try:
        text = data.decode()
        need(depth_of(text) <= DEEPEST, place, "is nested too deeply")
        value = json.loads(text, parse_int=whole_number, parse_float=lambda _: float("nan"), parse_constant=not_json)
    except ValueError:
        raise Failed(place, "is not JSON") from None
    try:
        fits = canonical(value) == data and not has_other(value)
    except ValueError:
        fits = False
    need(fits, place, "is not canonical JSON")
    return value


def parsed_object(data: bytes, place: str, parts: str, what: str) -> dict[str, Any]:
    """An object with exactly these parts."""
    value = parsed(data, place)
    need(isinstance(value, dict) and " ".join(sorted(value)) == parts, place, f"doesn't have the parts of {what}")
    found: dict[str, Any] = value
    return found


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def unbase64(text: str, place: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    need(data and base64.b64encode(data).decode() == text, place, f"{show(text)} is not base64")
    return data


# ---- Ed25519 (RFC 8032, 5.1.7) ---------------------------------------------------------------------------------------
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


Point = tuple[int, int, int, int]


def point(data: bytes) -> Point | None:
    """The point that 32 bytes encode, in extended coordinates; None if they encode none, or one of the eight weak."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P or len(data) != 32:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    found = (x, y, 1, x * y % P)
    eightfold = times(8, found)
    return None if eightfold[0] == 0 and eightfold[1] == eightfold[2] else found


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


# ---- keys ------------------------------------------------------------------------------------------------------------
LOG, WITNESS = 1, 4  # algorithm bytes of C2SP signed-note: Ed25519, and Ed25519 cosignatures


@dataclass(frozen=True)
class Key:
    """A public key. name: of the log or witness; "" where it isn't told (PEM), then it may sign under any."""

    name: str
    raw: bytes

    @property
    def fingerprint(self) -> str:
        return sha256(self.raw)

    def id_as(self, name: str, algorithm: int = LOG) -> bytes:
        return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + self.raw).digest()[:4]


@dataclass(frozen=True)
class Given:
    """What somebody obtained elsewhere about the log's keys: keys, or fingerprints of keys."""

    keys: tuple[Key, ...] = ()
    fingerprints: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.keys or self.fingerprints)

    def has(self, key: Key) -> bool:
        named = any(one.raw == key.raw and one.name in ("", key.name) for one in self.keys)
        return named or key.fingerprint in self.fingerprints


def key_of_pem(text: str, place: str) -> Key:
    der = unbase64("".join(line for line in text.splitlines() if not line.startswith("-")), place)
    need(len(der) == 44 and der[:12] == bytes.fromhex("302a300506032b6570032100"), place, "is not an Ed25519 key")
    need(point(der[12:]), place, "is a weak key: anybody could sign with it")
    return Key("", der[12:])


def key_of_vkey(text: str, place: str, algorithm: int = LOG) -> Key:
    found = re.fullmatch(r"([^+\s]+)\+([0-9a-f]{8})\+(\S+)", text)
    need(found, place, "is not a vkey: name+id+key")
    assert found
    data = unbase64(found[3], place)
    need(len(data) == 33 and data[0] == algorithm, place, "is not an Ed25519 key")
    need(point(data[1:]), place, "is a weak key: anybody could sign with it")
    key = Key(found[1], data[1:])
    need(found[2] == key.id_as(key.name, algorithm).hex(), place, "has an id that isn't its key's")
    return key


def given_of(text: str, place: str) -> Given:
    """Keys as somebody pasted them: PEM blocks, vkeys, fingerprints, in lines."""
    pems = re.findall(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", text, re.DOTALL)
    words = re.sub(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", " ", text, flags=re.DOTALL).split()
    prints = frozenset(word.lower() for word in words if re.fullmatch(r"[0-9A-Fa-f]{64}", word))
    vkeys = [word for word in words if not re.fullmatch(r"[0-9A-Fa-f]{64}", word)]
    keys = [*(key_of_pem(pem, place) for pem in pems), *(key_of_vkey(word, place) for word in vkeys)]
    need(keys or prints, place, "holds no key: expected PEM, vkey (name+id+key) or fingerprint (64 hex digits)")
    return Given(tuple(keys), prints)


def vkeys_of(data: bytes, place: str, algorithm: int) -> list[Key]:
    need(data.endswith(b"\n"), place, "doesn't end with a newline")
    texts = data.decode(errors="replace").split("\n")[:-1]
    return [key_of_vkey(text, f"{place}, line {number}", algorithm) for number, text in enumerate(texts, 1)]


# ---- reading a pack --------------------------------------------------------------------------------------------------
class Part:
    """One file of a pack, wherever it lies. Read in pieces; `digest` is its SHA-256."""

    def __init__(self, data: bytes | Path, at: int = 0, size: int | None = None, digest: str | None = None) -> None:
        self.data, self.at = data, at
        self.size = size if size is not None else (len(data) if isinstance(data, bytes) else data.stat().st_size)
        self._digest = digest

    @property
    def digest(self) -> str:
        if self._digest is None:
            hashed = hashlib.sha256()
            for chunk in self.chunks():
                hashed.update(chunk)
            self._digest = hashed.hexdigest()
        return self._digest

    def chunks(self) -> Iterator[bytes]:
        with opened(self.data) as file:
            file.seek(self.at)
            left = self.size
            while left and (chunk := file.read(min(left, CHUNK))):
                left -= len(chunk)
                yield chunk

    def whole(self, place: str) -> bytes:
        need(self.size <= WHOLE, place, f"is larger than {WHOLE} bytes")
        return b"".join(self.chunks())

    def lines(self, place: str) -> Iterator[bytes]:
        """Its lines, which each end with a newline. Raises Failed at the end when the last doesn't."""
        rest = b""
        for chunk in self.chunks():
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            need(len(rest) < LONGEST_LINE, place, f"has a line of more than {LONGEST_LINE} bytes")
            yield from lines
        need(not rest, place, "doesn't end with a newline")


def opened(data: bytes | Path) -> BinaryIO:
    return io.BytesIO(data) if isinstance(data, bytes) else data.open("rb")


Files = Mapping[str, Part]
HEADER = struct.Struct("<4sHHHHHIIIHH")
HEADER_PARTS = (
    ("the signature", b"PK\x03\x04"), ("the version", 20), ("the flags", 0), ("the compression", 0), ("the time", 0),
    ("the date", 33), ("the CRC-32", None), ("the compressed size", None), ("the size", None),
    ("the length of the name", None), ("the length of the extra data", 0),
)  # fmt: skip


def files_of_zip(data: bytes | Path) -> dict[str, Part]:
    """Files by path, once every byte of the container is what it must be: stored, sorted, without dates."""
    files: dict[str, Part] = {}
    directory, at, before = [], 0, ""
    with opened(data) as file:
        while (fixed := file.read(30))[:4] == b"PK\x03\x04":
            need(len(files) < MOST_FILES and at <= MOST_BYTES, f"zip byte {at}", "the zip is larger than a pack can be")
            name, part = _one_of_zip(file, data, fixed, at)
            need(name != before, f"zip byte {at}, {name}", "is there twice")
            need(name > before, f"zip byte {at}, {name}", f"is not in order: it comes after {before}")
            files[name], before = part, name
            entry = b"PK\x01\x02" + struct.pack("<H", 0x0314) + fixed[4:]
            directory.append(entry + struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, at) + name.encode())
            at = part.at + part.size
            file.seek(at)
        expected = b"".join(directory)
        need(at <= MOST_BYTES, f"zip byte {at}", "the zip is larger than a pack can be")
        end = struct.pack(
            "<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(files) & 0xFFFF, len(files) & 0xFFFF, len(expected), at, 0
        )
        file.seek(at)
        found = file.read(len(expected + end) + 1)
    for offset, (one, two) in enumerate(zip(found, expected + end, strict=False)):
        need(one == two, f"zip byte {at + offset}", f"found {one}, expected {two} (directory of the zip)")
    place = f"zip byte {at + min(len(found), len(expected + end))}"
    need(files and found == expected + end, place, "the zip doesn't end where it must")
    tops = {name.split("/")[0] for name in files}
    need(len(tops) == 1 and all("/" in name for name in files), "zip", "must hold one folder with everything in it")
    return {name.partition("/")[2]: part for name, part in files.items()}


def _one_of_zip(file: BinaryIO, data: bytes | Path, fixed: bytes, at: int) -> tuple[str, Part]:
    """Name and content of the file whose header stands at `at`."""
    need(len(fixed) == 30, f"zip byte {at}", "the file ends here")
    values = HEADER.unpack(fixed)
    crc, size, length = values[6], values[8], values[9]
    name = file.read(length)
    place = f"zip byte {at}, {plain(name)}"
    need(PATH.fullmatch(plain(name)) and len(name) <= 200, place, "is not a path that a pack may hold")
    for (what, expected), value in zip(HEADER_PARTS, values, strict=True):
        need(expected in (None, value), place, f"its header isn't Muster's: {what} is {value!r}, expected {expected!r}")
    need(values[7] == size, place, f"its compressed size is {values[7]}, expected {size}")
    start, checked, hashed, left = at + 30 + length, 0, hashlib.sha256(), size
    while left and (chunk := file.read(min(left, CHUNK))):
        checked, left = zlib.crc32(chunk, checked), left - len(chunk)
        hashed.update(chunk)
    need(not left, place, "the file ends before its content does")
    need(checked == crc, place, "content and CRC-32 differ")
    return name.decode(), Part(data, start, size, hashed.hexdigest())


def files_of_folder(folder: Path) -> dict[str, Part]:
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        need(not path.is_symlink(), name, "is a link")
        if not path.is_dir():
            need(path.is_file(), name, "is not a file")
            files[name] = Part(path)
    return files


def files_at(pack: Path) -> dict[str, Part]:
    """The files of a pack, zipped or unpacked."""
    return files_of_folder(pack) if pack.is_dir() else files_of_zip(pack)


def read(files: Files, name: str) -> bytes:
    need(name in files, name, "is missing")
    return files[name].whole(name)


def lines_of(files: Files, name: str) -> Iterator[bytes]:
    need(name in files, name, "is missing")
    return files[name].lines(name)


# ---- 1. the bag: nothing missing, nothing extra, nothing changed -----------------------------------------------------
def check_manifest(files: Files, manifest: str, covered: set[str]) -> None:
    """Exactly the files of `covered` are listed, and each has the SHA-256 that is listed."""
    listed: dict[str, str] = {}
    for number, line in enumerate(lines_of(files, manifest), 1):
        found = re.fullmatch(rb"([0-9a-f]{64})  ([!-~]+)", line)
        need(found, f"{manifest}, line {number}", "is not a SHA-256, two spaces and a path")
        assert found
        name = found[2].decode()
        need(name not in listed, f"{manifest}, line {number}", f"{name} is listed twice")
        listed[name] = found[1].decode()
    for name in sorted(listed):
        need(name in files, name, f"is missing, though {manifest} lists it")
        need(files[name].digest == listed[name], name, f"its SHA-256 is not the one in {manifest}")
    for name in sorted(covered - set(listed)):
        raise Failed(name, f"is not listed in {manifest}")
    for name in sorted(set(listed) - covered):
        raise Failed(name, f"must not be listed in {manifest}")


def check_bag(files: Files) -> int:
    """Gives the pack's format."""
    tags = {name for name in files if not name.startswith("data/")}
    check_manifest(files, TAGMANIFEST, tags - {TAGMANIFEST} - SEALS)
    check_manifest(files, MANIFEST, set(files) - tags)
    declaration = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    need(read(files, "bagit.txt") == declaration, "bagit.txt", "is not the BagIt 1.0 declaration")
    for name in sorted(files):
        need(PATH.fullmatch(name) and HELD.fullmatch(name), name, "is not a file that a pack holds")
        digest = re.fullmatch(r"data/(?:files|versions)/([0-9a-f]{64})(?:\.yaml)?", name)
        need(not digest or digest[1] == files[name].digest, name, "is not named by the SHA-256 of its content")
    info = list(lines_of(files, "bag-info.txt"))
    payload = [part.size for name, part in files.items() if name.startswith("data/")]
    oxum = f"Payload-Oxum: {sum(payload)}.{len(payload)}"
    need(oxum.encode() in info, "bag-info.txt", f"has no line {oxum}")
    formats = [line for line in info if line.lower().startswith(b"muster-pack-format:")]
    need(formats in ([], [b"Muster-Pack-Format: 2"]), "bag-info.txt", "is of a format that this verifier doesn't know")
    further = [name for name in sorted(files) if name.startswith("data/streams/")]
    need(formats or not further, further[0] if further else "", "can't be in a pack of format 1")
    return 2 if formats else 1


# ---- 2. the keys in the pack, and those that were given --------------------------------------------------------------
def check_keys(files: Files, given: Given) -> list[Key]:
    """The pack's own copies of the log's keys: they agree, and one of them was given, if any was."""
    keys = keys_of_pack(files)
    need(keys, "keys/log.vkey", "holds no key")
    text = read(files, "keys/log.pub.pem").decode(errors="replace")
    form = r"-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n"
    need(re.fullmatch(form, text), "keys/log.pub.pem", "is not one public key in PEM")
    raw = key_of_pem(text, "keys/log.pub.pem").raw
    need(raw in [key.raw for key in keys], "keys/log.pub.pem", "is not a key of keys/log.vkey")
    need(not given or any(map(given.has, keys)), "keys/log.vkey", "is not the key that was given")
    return keys


def keys_of_pack(files: Files) -> list[Key]:
    """The keys that a pack brings along, before anything was checked."""
    return vkeys_of(read(files, "keys/log.vkey"), "keys/log.vkey", LOG)


# ---- 3. a stream: chain, leaves, fields, root ------------------------------------------------------------------------
NAME, HEX = rb"[a-z0-9_]{1,40}", rb"[0-9a-f]{64}"
ENTRY = re.compile(
    rb'\{"actor":"[a-z]{3}_[a-z0-9]{1,40}","fields":\{((?:"%b":"%b"(?:,"%b":"%b")*)?)\},"id":"[0-9a-f]{32}",'
    rb'"kind":"([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+)","prev":"(%b)","seq":(0|[1-9]\d{0,14}),'
    rb'"stream":"([a-z][a-z0-9_]{1,63})","time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)","v":1\}'
    % (NAME, HEX, NAME, HEX, HEX)
)  # fmt: skip
FIELD = re.compile(rb'"(%b)":"(%b)"' % (NAME, HEX))
DISCLOSURE = re.compile(
    rb'\["[0-9a-f]{32}","(%b)",(?:"[^"\\\x00-\x1f]*"|0|-?[1-9]\d{0,14}|true|false|null)\]' % NAME
)  # fmt: skip
ERASING = (b"field.erased", b"fields.erased")
ENTRY_PARTS = "actor fields id kind prev seq stream time v"


@dataclass
class Stream:
    """What was found in a ledger folder."""

    uid: str
    head: bytes
    size: int = 0
    root: str = ""
    disclosed: int = 0
    withheld: int = 0
    erased: int = 0
    earlier: int = 0  # packs that were prefixes of this one
    files: set[str] = field(default_factory=set)  # SHA-256 of attachments that disclosed fields name


class Fields:
    """Disclosures and redactions of a stream, read beside its entries: all three are in one order."""

    def __init__(self, files: Files, folder: str, stream: Stream) -> None:
        self.folder, self.stream = folder, stream
        self.shown, self.hidden = f"{folder}disclosures.tsv", f"{folder}redactions.jsonl"
        self._disclosures = enumerate(lines_of(files, self.shown), 1)
        self._redactions = enumerate(lines_of(files, self.hidden), 1)
        self.told_erased: dict[tuple[int, str], int] = {}  # by entries that erase -> their seq
        self.erased: dict[tuple[int, str], str] = {}  # by redactions -> their place
        self.may_hide_erasure = False
        self._next_disclosure()
        self._next_redaction()

    def _next_disclosure(self) -> None:
        number, line = next(self._disclosures, (0, b""))
        self.d_number, parts = number, line.split(b"\t")
        if number and len(parts) != 3:
            raise Failed(f"{self.shown}, line {number}", "is not: seq TAB name TAB disclosure")
        self.d_seq, self.d_name, self.payload = parts if number else (b"", b"", b"")

    def _next_redaction(self) -> None:
        self.r_number, line = next(self._redactions, (0, b""))
        self.r_place = f"{self.hidden}, line {self.r_number}"
        self.redaction = (
            parsed_object(line, self.r_place, "name reason seq state", "a redaction") if self.r_number else {}
        )
        if self.redaction:
            sound = is_count(self.redaction["seq"]) and isinstance(self.redaction["name"], str)
            need(
                sound and isinstance(self.redaction["reason"], str),
                self.r_place,
                "doesn't have the parts of a redaction",
            )
            state = self.redaction["state"]
            need(state in ("withheld", "erased"), self.r_place, f"the state {show(state)} is not withheld or erased")

    def take(self, seq: int, digits: bytes, kind: bytes, fields: list[tuple[bytes, bytes]]) -> None:
        """The fields of one entry, each as (name, commitment)."""
        values = {}
        for name, commitment in fields:
            if self.d_name == name and self.d_seq == digits and self.d_number:
                if hashlib.sha256(self.payload).hexdigest().encode() != commitment:
                    raise Failed(f"{self.shown}, line {self.d_number}", "is not what the entry was committed to")
                self._check_form(name)
                if name == b"file" or kind in ERASING:
                    values[name] = json.loads(self.payload)[2]
                self.stream.disclosed += 1
                self._next_disclosure()
            else:
                self._redacted(seq, name.decode())
        if kind in ERASING:
            self._erasure(seq, values)
        told = values.get(b"file")
        if (
            isinstance(told, dict)
            and is_count(told.get("size"))
            and re.fullmatch(r"[0-9a-f]{64}", str(told.get("sha256")))
        ):
            self.stream.files.add(told["sha256"])

    def _check_form(self, name: bytes) -> None:
        """The disclosure is [salt, name, value], canonical."""
        found = DISCLOSURE.fullmatch(self.payload)
        if found and found[1] == name and is_utf8(self.payload):
            return  # most are so plain that nothing needs to be parsed
        place = f"{self.shown}, line {self.d_number}"
        value = parsed(self.payload, place)
        sound = isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], str)
        need(sound and re.fullmatch(r"[0-9a-f]{32}", value[0]), place, "is not a disclosure: salt, name, value")
        need(value[1] == name.decode(), place, f"discloses {show(value[1])}, not {show(name.decode())}")

    def _redacted(self, seq: int, name: str) -> None:
        """A field that isn't disclosed stands in redactions.jsonl, or the pack hides it."""
        here = (seq, name)
        if (self.redaction.get("seq"), self.redaction.get("name")) == here:
            if self.redaction["state"] == "erased":
                self.stream.erased += 1
                self.erased[here] = self.r_place
            else:
                self.stream.withheld += 1
            self._next_redaction()
            return
        self._no_stray(here)
        raise Failed(
            f"{self.folder}entries.jsonl, entry {seq}, field {name}",
            "is neither disclosed nor listed in redactions.jsonl",
        )

    def _no_stray(self, here: tuple[int, str] | None) -> None:
        """No line is about what comes before `here` in the order of entries; None: the end."""
        if self.d_number:
            place, digits = f"{self.shown}, line {self.d_number}", self.d_seq
            need(re.fullmatch(rb"0|[1-9]\d{0,14}", digits), place, "is not: seq TAB name TAB disclosure")
            name = plain(self.d_name)
            is_early = here is None or (int(digits), name) < here
            need(not is_early, place, f"entry {int(digits)} has no field {show(name)} left to disclose")
        if self.redaction:
            is_early = here is None or (self.redaction["seq"], self.redaction["name"]) < here
            need(not is_early, self.r_place, "is about a field that isn't open")

    def _erasure(self, seq: int, told: dict[bytes, Any]) -> None:
        """What an entry says that erases one field or several; if that is withheld, any field may be one of them."""
        erased, name, several = told.get(b"seq"), told.get(b"name"), told.get(b"places")
        if isinstance(erased, int) and is_count(erased) and isinstance(name, str):
            self.told_erased[erased, name] = seq
        elif isinstance(several, dict) and all(map(is_places, several.items())):
            self.told_erased |= {(int(one), name): seq for one, names in several.items() for name in names}
        else:
            self.may_hide_erasure = True

    def finish(self) -> None:
        """Nothing is left, and what was erased by an entry is what the pack calls erased."""
        self._no_stray(None)
        for (seq, name), by in sorted(self.told_erased.items()):
            place = f"{self.folder}entries.jsonl, entry {seq}, field {name}"
            need((seq, name) in self.erased, place, f"was erased by entry {by}, but the pack doesn't say so")
        for key, place in self.erased.items():
            known = key in self.told_erased or self.may_hide_erasure
            need(known, place, "says erased, but no entry of the stream erased this field")


def is_places(item: tuple[str, Any]) -> bool:
    """Whether this is the number of an entry, and names of its fields."""
    seq, names = item
    sound = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return bool(sound and re.fullmatch(r"(?:0|[1-9][0-9]{0,14})", seq))


def check_stream(files: Files, folder: str) -> Stream:
    """Each entry follows the one before it, leaves.txt are their hashes, every field is accounted for, and the head
    says how many there are and their root."""
    place = f"{folder}head.json"
    head = parsed_object(body := read(files, place), place, "root size stream v", "a head")
    need(isinstance(head["stream"], str), place, "doesn't have the parts of a head")
    need(folder in (LEDGER, f"data/streams/{head['stream']}/"), place, f"is of the stream {show(head['stream'])}")
    stream, tree, roots = Stream(head["stream"], body), Tree(), {size: "" for size, _ in earlier(files, folder)}
    fields, leaves, name = (
        Fields(files, folder, stream),
        lines_of(files, f"{folder}leaves.txt"),
        f"{folder}entries.jsonl",
    )
    uid, prev, time = head["stream"].encode(), b"0" * 64, b""
    for seq, line in enumerate(lines_of(files, name)):
        found = ENTRY.fullmatch(line)
        if not found or found[3] != prev or found[4] != b"%d" % seq or found[5] != uid or found[6] < time:
            explain_entry(line, f"{name}, line {seq + 1}", seq, stream.uid, prev.decode(), time.decode())
        assert found
        inner, kind, _, digits, _, time = found.groups()
        leaf = hashlib.sha256(b"\x00" + line).digest()
        prev = leaf.hex().encode()
        if (listed := next(leaves, None)) != prev:
            need(listed is not None, f"{folder}leaves.txt", f"has {seq} lines, but there are more entries")
            raise Failed(f"{folder}leaves.txt, line {seq + 1}", f"is not {leaf.hex()}")
        pairs = FIELD.findall(inner)
        if not in_order(pairs):
            raise Failed(f"{name}, line {seq + 1}", "is not canonical JSON")
        fields.take(seq, digits, kind, pairs)
        tree.add(leaf)
        if tree.size in roots:
            roots[tree.size] = tree.root()
    more = sum(1 for _ in leaves)
    need(not more, f"{folder}leaves.txt", f"has {tree.size + more} lines, expected {tree.size}")
    fields.finish()
    stream.size, stream.root = tree.size, tree.root()
    check_head(files, folder, head, stream, roots)
    return stream


def in_order(pairs: list[tuple[bytes, bytes]]) -> bool:
    before = b""
    for name, _ in pairs:
        if name <= before:
            return False
        before = name
    return True


def explain_entry(line: bytes, place: str, seq: int, stream: str, prev: str, time: str) -> NoReturn:
    """Why this line can't be the entry `seq`."""
    entry = parsed_object(line, place, ENTRY_PARTS, "an entry")
    for part, expected in (("v", 1), ("seq", seq), ("stream", stream), ("prev", prev)):
        right = entry[part] == expected and not isinstance(entry[part], bool)
        need(right, place, f"{part} is {show(entry[part])}, expected {show(expected)}")
    told = entry["time"]
    is_time = isinstance(told, str) and re.fullmatch(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", told
    )
    need(is_time, place, "its time is no time")
    need(told >= time, place, f"its time {told} is before that of the entry before it, {time}")
    raise Failed(place, "is not an entry as Muster writes it")


def earlier(files: Files, folder: str) -> list[tuple[int, str]]:
    """(size, root) of the earlier packs that previous.json tells of."""
    name = f"{folder}previous.json"
    told = parsed(read(files, name), name)
    need(isinstance(told, list), name, "is not a list of earlier packs")
    for one in told:
        sound = (
            isinstance(one, dict) and sorted(one) == ["root", "size", "tagmanifest_sha256"] and is_count(one["size"])
        )
        need(sound and isinstance(one["root"], str), name, "is not a list of earlier packs")
    return [(one["size"], one["root"]) for one in told]


def check_head(files: Files, folder: str, head: dict[str, Any], stream: Stream, roots: dict[int, str]) -> None:
    """The head is that of these entries; earlier packs were prefixes of this one."""
    place = f"{folder}head.json"
    need(is_count(head["v"]) and head["v"] == 1, place, f"v is {show(head['v'])}, expected 1")
    sized = is_count(head["size"]) and head["size"] == stream.size
    need(sized, place, f"its size is {show(head['size'])}, but there are {stream.size} entries")
    need(head["root"] == stream.root, place, f"its root is not that of the entries, {stream.root}")
    name = f"{folder}previous.json"
    for size, root in earlier(files, folder):
        need(0 < size <= stream.size, name, f"an earlier pack had {size} entries, this one has {stream.size}")
        need(root == roots[size], name, f"the pack of {size} entries had another root")
        stream.earlier += 1


# ---- 4. the checkpoint: who signed it, and that the heads are in it --------------------------------------------------
@dataclass
class Note:
    """A signed note: what it says, and its lines of signatures."""

    text: bytes
    origin: str
    size: int
    root: bytes
    lines: list[tuple[str, bytes]]


def note_of(data: bytes, name: str) -> Note:
    try:
        text, _, lines = data.decode().partition("\n\n")
    except ValueError:
        raise Failed(name, "is not UTF-8") from None
    parts = (text + "\n").split("\n")
    sized = len(parts) == 4 and re.fullmatch(r"(?:0|[1-9][0-9]{0,14})", parts[1])
    need(sized and re.fullmatch(r"[!-~]{1,200}", parts[0]), name, "is not: origin, size, root, empty line")
    root = unbase64(parts[2], name)
    need(len(root) == 32, name, f"its root has {len(root)} bytes, not 32")
    need(lines.endswith("\n"), name, "doesn't end with a line of a signature")
    found = [re.fullmatch("— ([!-~]+) ([A-Za-z0-9+/=]+)", line) for line in lines[:-1].split("\n")]
    need(all(found), name, "has a line that is not one of a signature")
    signatures = [(one[1], unbase64(one[2], name)) for one in found if one]
    need(all(len(signature) > 4 for _, signature in signatures), name, "has a signature that is too short")
    return Note((text + "\n").encode(), parts[0], int(parts[1]), root, signatures)


def signers(note: Note, keys: Iterable[Key], name: str) -> list[Key]:
    """Which of the keys signed the note under its origin. A false line by one of them is a failure."""
    found = []
    for signer, signature in note.lines:
        for key in keys:
            if signer == note.origin and key.name in ("", signer) and signature[:4] == key.id_as(signer):
                signed = signed_by(key.raw, note.text, signature[4:])
                need(signed, name, f"the signature by the key {key.fingerprint} is false")
                found.append(key)
    return found


def check_checkpoint(files: Files, keys: list[Key], given: Given) -> tuple[Note, Key]:
    """The note was signed by a key that was given, or else by one of the pack's."""
    name = f"{LEDGER}checkpoint"
    note = note_of(read(files, name), name)
    for number, key in enumerate(keys, 1):
        place = f"keys/log.vkey, line {number}"
        need(
            key.name == note.origin,
            place,
            f"is a key of {show(key.name)}, but the checkpoint is of {show(note.origin)}",
        )
    signed = signers(note, keys, name)
    trusted = [key for key in signed if given.has(key)] if given else signed
    wanted = [key for key in keys if given.has(key)] if given else keys
    need(trusted, name, f"is not signed by the key {wanted[0].fingerprint}")
    return note, trusted[0]


def check_proof(files: Files, folder: str, stream: Stream, note: Note) -> None:
    """The head of a stream is in the heads log whose tree the checkpoint signs."""
    name = f"{folder}head.tlog-proof"
    proof, _, rest = read(files, name).partition(b"\n\n")
    need(rest == read(files, f"{LEDGER}checkpoint"), name, "is about another checkpoint")
    steps = proof.decode(errors="replace").split("\n")
    need(steps[0] == "c2sp.org/tlog-proof@v1", name, f"begins with {show(steps[0])}")
    need(len(steps) > 1 and re.fullmatch(r"index (?:0|[1-9][0-9]{0,14})", steps[1]), name, "has no index in line 2")
    need(len(steps) < 70, name, "has more steps than a tree can have")
    index, path = int(steps[1][6:]), [unbase64(step, name) for step in steps[2:]]
    led_to = root_by_proof(leaf_of(stream.head), index, note.size, path) if index < note.size else None
    need(led_to == note.root, name, "doesn't lead from the head to the root of the checkpoint")


def check_witnesses(files: Files, note: Note, given: Sequence[Key]) -> list[str]:
    """Names of those who cosigned this checkpoint: the given witnesses, or else those whose keys are in the pack."""
    name, known = f"{LEDGER}checkpoint.witnessed", "keys/witnesses.vkey"
    if name not in files:
        return []
    witnessed = note_of(read(files, name), name)
    need(witnessed.text == note.text, name, "is about another checkpoint")
    in_pack = vkeys_of(read(files, known), known, WITNESS) if known in files else []
    seen: dict[str, bool] = {}
    for witness, signature in witnessed.lines:
        for key in [*given, *in_pack]:
            if witness == key.name and signature[:4] == key.id_as(key.name, WITNESS):
                stamp = int.from_bytes(signature[4:12], "big")
                said = f"cosignature/v1\ntime {stamp}\n".encode() + note.text
                need(signed_by(key.raw, said, signature[12:]), name, f"the cosignature of {show(witness)} is false")
                seen[key.name] = seen.get(key.name, False) or key in given
    return [witness for witness, is_given in seen.items() if is_given or not given]


# ---- all of it -------------------------------------------------------------------------------------------------------
@dataclass
class Result:
    """A pack that holds. `sentence` says the result, `notes` what else is worth knowing or was not checked."""

    sentence: str
    origin: str
    key: Key
    is_pinned: bool
    streams: list[Stream]
    tagmanifest: str
    format: int
    heads: int  # in the log at the time of the checkpoint
    witnesses: list[str]
    notes: list[str]


def examine(
    files: Mapping[str, Part | bytes],
    given: Given | None = None,
    tagmanifest: str | None = None,
    witnesses: Sequence[Key] = (),
) -> Result:
    """Everything that can be checked with hashes and the log's keys. Raises Failed at the first thing wrong."""
    parts = {name: part if isinstance(part, Part) else Part(part) for name, part in files.items()}
    given = given or Given()
    form = check_bag(parts)
    told = parts[TAGMANIFEST].digest
    need(tagmanifest in (None, told), TAGMANIFEST, f"its SHA-256 is {told}, not the one that was given")
    keys = check_keys(parts, given)
    further = sorted({name.rpartition("/")[0] + "/" for name in parts if name.startswith("data/streams/")})
    folders = [LEDGER, *further]
    streams = [check_stream(parts, folder) for folder in folders]
    for folder, stream in zip(folders[1:], streams[1:], strict=True):
        need(stream.uid != streams[0].uid, f"{folder}head.json", "is of the stream that is in data/ledger/ already")
    check_attachments(parts, streams)
    note, key = check_checkpoint(parts, keys, given)
    for folder, stream in zip(folders, streams, strict=True):
        check_proof(parts, folder, stream, note)
    seen = check_witnesses(parts, note, witnesses)
    named = f"External-Identifier: {streams[0].uid}"
    need(named.encode() in lines_of(parts, "bag-info.txt"), "bag-info.txt", f"has no line {named}")
    sentence = sentence_of(streams, note.origin, key, is_given=bool(given))
    notes = notes_of(parts, keys, key, given, seen, witnesses)
    return Result(sentence, note.origin, key, bool(given), streams, told, form, note.size, seen, notes)


def check_attachments(files: Files, streams: list[Stream]) -> None:
    """The attachments are those that disclosed fields name."""
    named = set().union(*(stream.files for stream in streams))
    for name in sorted(files):
        if name.startswith("data/files/"):
            need(name[11:] in named, name, "is an attachment that no disclosed field names")
    for digest in sorted(named):
        need(f"data/files/{digest}" in files, f"data/files/{digest}", "is missing, though an entry names it")


def sentence_of(streams: list[Stream], origin: str, key: Key, *, is_given: bool) -> str:
    others = f" and {len(streams) - 1} other{'s' if len(streams) > 2 else ''}" if len(streams) > 1 else ""
    entries = sum(stream.size for stream in streams)
    shown, kept, gone = (sum(getattr(one, part) for one in streams) for part in ("disclosed", "withheld", "erased"))
    hidden = (f", {kept} withheld" if kept else "") + (f", {gone} erased" if gone else "")
    whose = "the key you gave" if is_given else "the key IN THE PACK: give --key to know whose it is"
    return (
        f"The pack holds: stream {streams[0].uid}{others}, {entries} entr{'y' if entries == 1 else 'ies'}, "
        f"{shown} of {shown + kept + gone} fields disclosed{hidden}, signed in {origin} by {whose} ({key.fingerprint})."
    )


def notes_of(
    files: Files, keys: list[Key], key: Key, given: Given, seen: list[str], witnesses: Sequence[Key]
) -> list[str]:
    """What the sentence doesn't say."""
    notes = []
    if given and (unknown := [one.fingerprint for one in keys if not given.has(one)]):
        notes.append(f"The pack also lists keys that you did not give: {', '.join(unknown)}.")
    if seen:
        whose = "the keys you gave" if witnesses else "keys IN THE PACK"
        notes.append(f"Witnessed by {', '.join(seen)}, by {whose}.")
    elif witnesses:
        notes.append("Not witnessed by any of the witnesses you gave.")
    elif f"{LEDGER}checkpoint.witnessed" in files:
        notes.append("Cosignatures were not checked: their keys are not in the pack.")
    return notes


def verify(files: Mapping[str, Part | bytes], given: Given | None = None, tagmanifest: str | None = None) -> str:
    """The sentence about a pack that holds. Raises Failed at the first thing wrong."""
    return examine(files, given, tagmanifest).sentence


# ---- 5. signature and time stamps, by openssl ------------------------------------------------------------------------
SEALED = (  # what is sealed, the seal
    (TAGMANIFEST, f"{TAGMANIFEST}.tsr"),
    (f"{LEDGER}checkpoint", f"{LEDGER}checkpoint.tsr"),
    (TAGMANIFEST, f"{TAGMANIFEST}.p7s"),
)


def check_seals(files: Files, trust: Path | None, *, strict: bool) -> list[str]:
    """What openssl says of the pack's signature and time stamps; what was not checked is said, too."""
    openssl, notes, at = shutil.which("openssl"), [], 0.0
    for content, seal in SEALED:
        if seal not in files:
            need(not strict, seal, "is missing, and --strict asks for it")
            notes.append(f"Not there: {seal}.")
        elif not openssl or not trust:
            why = "openssl is not installed" if trust else "give --trust with the certificates you trust"
            need(not strict, seal, f"was not checked: {why}")
            notes.append(f"Not checked: {seal}; {why}.")
        else:
            with tempfile.TemporaryDirectory() as folder:
                at = check_seal(openssl, files, content, seal, trust, Path(folder), at)
            notes.append(f"Checked by openssl: {seal}{f', made {moment(at)}' if seal.endswith('.tsr') else ''}.")
    return notes


def check_seal(openssl: str, files: Files, content: str, seal: str, trust: Path, folder: Path, at: float) -> float:
    """One seal. at: a proven moment (seconds since 1970) when certificates must have been valid; 0: now. Gives it."""
    data, sealed = folder / "data", folder / "seal"
    command: list[str | Path]
    data.write_bytes(read(files, content))
    sealed.write_bytes(read(files, seal))
    if seal.endswith(".tsr"):
        text = run([openssl, "ts", "-reply", "-in", sealed, "-text"], seal, "is not a time stamp")
        found = re.search(r"Time stamp: (\w{3}) +(\d+) (\d\d:\d\d:\d\d)(?:\.\d+)? (\d{4}) GMT", text)
        need(found, seal, "is not a time stamp")
        assert found
        when = datetime.datetime.strptime(" ".join(found.groups()) + " +0000", "%b %d %H:%M:%S %Y %z").timestamp()
        command = [openssl, "ts", "-verify", "-data", data, "-in", sealed, "-CAfile", trust, "-attime", str(int(when))]
        run(command, seal, f"is not a time stamp of {content} by an authority you trust")
        return when
    command = [openssl, "cms", "-verify", "-binary", "-inform", "DER", "-in", sealed]
    command += ["-content", data, "-CAfile", trust]
    command += ["-purpose", "any", "-out", "/dev/null", *(["-attime", str(int(at))] if at else [])]
    run(command, seal, f"is not a signature of {content} by somebody you trust")
    return at


def run(command: Sequence[str | Path], place: str, what: str) -> str:
    done = subprocess.run(  # noqa: S603 - openssl, with files that this program wrote
        [*map(str, command)], capture_output=True, text=True, check=False, timeout=60
    )
    need(done.returncode == 0, place, what)
    return done.stdout


def moment(at: float) -> str:
    return f"{datetime.datetime.fromtimestamp(at, datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"


# ---- the command -----------------------------------------------------------------------------------------------------
def all_given(texts: Sequence[str]) -> Given:
    """Keys from the command line: files, or what would stand in one."""
    found = []
    for text in texts:
        path = Path(text)
        is_file = len(text) < 4000 and "\n" not in text and path.is_file()
        found.append(given_of(path.read_text(errors="replace") if is_file else text, text if is_file else "--key"))
    prints = frozenset().union(*(one.fingerprints for one in found))
    return Given(tuple(key for one in found for key in one.keys), prints)


def witnesses_of(texts: Sequence[str]) -> list[Key]:
    found = []
    for text in texts:
        told = Path(text).read_text() if "+" not in text else text
        found += [key_of_vkey(line, "--witness", WITNESS) for line in told.split()]
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--key", action="append", default=[], help="of the log: a file, a vkey or a fingerprint")
    parser.add_argument("--witness", action="append", default=[], help="vkey of a witness, or a file of them")
    parser.add_argument("--trust", type=Path, help="PEM file of certificates for signature and time stamps")
    parser.add_argument("--tagmanifest", help="SHA-256 of tagmanifest-sha256.txt, obtained elsewhere")
    parser.add_argument("--strict", action="store_true", help="signature and time stamps must be there and checked")
    asked = parser.parse_args(arguments)
    try:
        given, witnesses = all_given(asked.key), witnesses_of(asked.witness)
        need(not asked.trust or asked.trust.is_file(), "--trust", "there is no such file")
        files = files_at(asked.pack)
        result = examine(files, given, asked.tagmanifest, witnesses)
        seals = check_seals(files, asked.trust, strict=asked.strict)
    except Failed as failed:
        print(f"FAILED: {failed}", file=sys.stderr)
        return 1
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError, subprocess.SubprocessError) as error:
        print(
            f"FAILED: the pack isn't formed as one: {type(error).__name__}: {plain(str(error).encode())}",
            file=sys.stderr,
        )
        return 1
    print("\n".join([result.sentence, *result.notes, *seals]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
