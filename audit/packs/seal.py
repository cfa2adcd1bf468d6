"""Sealing: payload, verifiers and keys become a bag whose tagmanifest stands for all of it. Pure, but for what it reads
of this release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.extracts import Extract
from audit.packs.bag import Content, bagged

BUNDLE = Path(__file__).parent / "bundle"
FORMAT = "2"


@dataclass(frozen=True, slots=True)
class Keys:
    """What a reader compares: the log key with its fingerprint, all keys in force, and whom else to trust."""

    pem: bytes  # of the key that signed the checkpoint
    fingerprint: str
    vkeys: Sequence[str]
    trust_anchors: bytes = b""  # PEM: certificates that time stamps and the organisation's signature lead to
    witnesses: Sequence[str] = ()  # vkeys


def sealed(extract: Extract, payload: Mapping[str, Content], keys: Keys) -> dict[str, Content]:
    """All files of the pack by path, but the signatures over the tagmanifest. The same input gives the same bytes."""
    return bagged(payload, _tags(keys), _info(extract))


def _tags(keys: Keys) -> dict[str, Content]:
    explained = (BUNDLE / "VERIFY.txt").read_text().format(fingerprint=keys.fingerprint)
    tags: dict[str, Content] = {
        "VERIFY.txt": explained.encode(),
        "keys/log.pub.pem": keys.pem,
        "keys/log.vkey": "".join(f"{vkey}\n" for vkey in keys.vkeys).encode(),
    }
    for name in ("verify.py", "verify.sh", "verify.html"):
        if (BUNDLE / name).exists():
            tags[f"verify/{name}"] = (BUNDLE / name).read_bytes()
    if keys.trust_anchors:
        tags["keys/trust-anchors.pem"] = keys.trust_anchors
    if keys.witnesses:
        tags["keys/witnesses.vkey"] = "".join(f"{vkey}\n" for vkey in keys.witnesses).encode()
    return tags


def _info(extract: Extract) -> Mapping[str, str]:
    told = {
        "Bag-Software-Agent": "Muster",
        "Bagging-Date": f"{extract.made:%Y-%m-%d}",
        "External-Identifier": extract.main.stream.uid,
        "External-Description": " ".join(extract.title.split()),
        "Muster-Pack-Format": FORMAT,
        "Muster-Pack-Kind": extract.kind,
    }
    if extract.subject:
        told["Muster-Pack-Subject"] = extract.subject
    if extract.audience:
        told["Muster-Pack-Audience"] = extract.audience
    if extract.since and extract.until:
        told["Muster-Pack-Period"] = f"{extract.since:%Y-%m-%dT%H:%M:%SZ} {extract.until:%Y-%m-%dT%H:%M:%SZ}"
    return told
