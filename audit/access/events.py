"""What a security team is told of the ledger: which entries concern it, and each of them as OCSF or CEF. Pure.

OCSF 1.3 (schema.ocsf.io), classes 3001, 3002, 3005 and 6003; CEF 0.1. Ids stay ids: whoever collects events gets no
names, and no text that people typed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from audit.canonical import Json
from audit.selectors import EntryRow

OCSF_VERSION = "1.3.0"
Format = Literal["ocsf", "cef"]
SAFE_FIELDS = frozenset(  # ids, counts and words of ours; never what somebody typed
    {"user", "address", "blocked", "method", "token", "scopes", "rights", "role", "team", "kind", "stream", "size"}
    | {"is_whole", "door", "shown", "uid", "profile", "zip_sha256", "tagmanifest_sha256", "until", "state"}
)
LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a kind of entry is to a security team."""

    class_uid: int
    activity_id: int
    severity_id: int = 1  # 1 informational, 2 low, 3 medium, 4 high, 5 critical
    failed: bool = False


LOGON, LOGOFF, AUTHENTICATION, ACCOUNT, ACCESS, API = 1, 2, 3002, 3001, 3005, 6003
CREATE, READ, UPDATE, DELETE = 1, 2, 3, 4
ASSIGN, REVOKE = 1, 2
OTHER = 99

MEANINGS: Mapping[str, Meaning] = {  # the first pattern that fits
    "session.started": Meaning(AUTHENTICATION, LOGON),
    "session.challenged": Meaning(AUTHENTICATION, LOGON),
    "session.confirmed": Meaning(AUTHENTICATION, LOGON),
    "session.refused": Meaning(AUTHENTICATION, LOGON, 3, failed=True),
    "session.ended": Meaning(AUTHENTICATION, LOGOFF),
    "factor.refused": Meaning(AUTHENTICATION, LOGON, 3, failed=True),
    "factor.added": Meaning(ACCOUNT, 10),  # MFA factor enabled
    "factor.removed": Meaning(ACCOUNT, 11, 3),
    "factor.reset": Meaning(ACCOUNT, 11, 4),
    "factor.*": Meaning(AUTHENTICATION, LOGON),
    "recovery_codes.*": Meaning(ACCOUNT, OTHER, 2),
    "user.made": Meaning(ACCOUNT, CREATE, 2),
    "user.*": Meaning(ACCOUNT, OTHER, 2),
    "token.issued": Meaning(ACCOUNT, OTHER, 3),
    "token.*": Meaning(ACCOUNT, OTHER, 2),
    "contact*.*": Meaning(ACCOUNT, OTHER),
    "absence.*": Meaning(ACCOUNT, OTHER),
    "member.joined": Meaning(ACCESS, ASSIGN, 2),
    "member.left": Meaning(ACCESS, REVOKE, 2),
    "team.*": Meaning(ACCESS, ASSIGN, 2),
    "delegation.made": Meaning(ACCESS, ASSIGN, 2),
    "delegation.ended": Meaning(ACCESS, REVOKE),
    "auditor.invited": Meaning(ACCESS, ASSIGN, 3),
    "auditor.ended": Meaning(ACCESS, REVOKE),
    "policy.*": Meaning(API, UPDATE, 3),
    "evidence.viewed": Meaning(API, READ),
    "stream.verified": Meaning(API, READ),
    "pack.issued": Meaning(API, CREATE, 2),
    "pack.handed_out": Meaning(API, READ, 2),
    "pack.*": Meaning(API, OTHER),
    "audit.failed": Meaning(API, OTHER, 5, failed=True),
    "audit.passed": Meaning(API, READ),
    "key.*": Meaning(API, UPDATE, 4),
    "epoch.*": Meaning(API, UPDATE, 4),
    "field.erased": Meaning(API, DELETE, 3),
    "fields.erased": Meaning(API, DELETE, 3),
    "user.forgotten": Meaning(ACCOUNT, 6, 3),  # account deleted: its id alone is left
    "retention.*": Meaning(API, UPDATE, 2),
    "redaction.*": Meaning(API, UPDATE, 2),
    "erasure.*": Meaning(API, UPDATE, 3),
    "hold.*": Meaning(API, UPDATE, 2),
    "approval.glass_broken": Meaning(ACCESS, ASSIGN, 4),
    "approval.refused": Meaning(ACCESS, ASSIGN, 3, failed=True),
}
STANDING = frozenset({"access", "portal", "policies"})
EVERYWHERE = ("field.erased", "fields.erased", "approval.glass_broken", "approval.refused")  # in every stream
CLASS_NAMES = {AUTHENTICATION: "Authentication", ACCOUNT: "Account Change", ACCESS: "User Access Management",
               API: "API Activity"}  # fmt: skip
SEVERITIES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
CEF_SEVERITY = {1: 1, 2: 3, 3: 5, 4: 8, 5: 10}
SYSLOG_SEVERITY = {1: 6, 2: 5, 3: 4, 4: 3, 5: 2}
AUDIT_FACILITY = 13  # RFC 5424: log audit


def concerns(stream: str, kind: str) -> bool:
    """Whether a security team is told of an entry of this kind in this stream.

    Of the portal's own streams: all of it. Of incidents and runbooks: only what goes around a rule."""
    if stream in STANDING:
        return True
    return any(fnmatchcase(kind, pattern) for pattern in EVERYWHERE)


def meaning(kind: str) -> Meaning:
    """What an entry of this kind is; of a kind that nobody described: some activity."""
    return next((found for pattern, found in MEANINGS.items() if fnmatchcase(kind, pattern)), Meaning(API, OTHER))


def ocsf(stream: str, row: EntryRow, *, product: str) -> dict[str, Json]:
    """An entry as an OCSF event. `metadata.uid` is the entry's id: who gets it twice can tell."""
    found = meaning(row.kind)
    subject = row.fields.get("user")
    who: Json = {"uid": subject if isinstance(subject, str) else row.actor}
    event: dict[str, Json] = {
        "metadata": {
            "version": OCSF_VERSION,
            "product": {"name": "Muster", "vendor_name": "Muster", "uid": product},
            "uid": row.uid.hex,
            "log_name": stream,
            "sequence": row.seq,
            "event_code": row.kind,
        },
        "time": milliseconds(row.time),
        "category_uid": found.class_uid // 1000,
        "class_uid": found.class_uid,
        "class_name": CLASS_NAMES[found.class_uid],
        "activity_id": found.activity_id,
        "type_uid": found.class_uid * 100 + found.activity_id,
        "severity_id": found.severity_id,
        "severity": SEVERITIES[found.severity_id],
        "status_id": 2 if found.failed else 1,
        "status": "Failure" if found.failed else "Success",
        "message": words(row.kind),
        "actor": {"user": {"uid": row.actor}},
        "user": who,
        "unmapped": {**told(row.fields), "leaf": row.leaf},
    }
    address = row.fields.get("address")
    if isinstance(address, str) and address:
        event["src_endpoint"] = {"ip": address}
    if found.class_uid == API:
        event["api"] = {"operation": row.kind, "service": {"name": "Muster evidence"}}
    return event


def cef(stream: str, row: EntryRow, *, product: str) -> str:
    """An entry as one line of CEF."""
    found = meaning(row.kind)
    head = ["CEF:0", "Muster", "Muster", "1", row.kind, words(row.kind), str(CEF_SEVERITY[found.severity_id])]
    subject, address = row.fields.get("user"), row.fields.get("address")
    pairs: dict[str, str] = {
        "rt": str(milliseconds(row.time)),
        "externalId": row.uid.hex,
        "dvchost": product,
        "suid": row.actor,
        "outcome": "failure" if found.failed else "success",
        "cs1Label": "stream",
        "cs1": stream,
        "cn1Label": "seq",
        "cn1": str(row.seq),
        "cs2Label": "leaf",
        "cs2": row.leaf,
    }
    if isinstance(subject, str):
        pairs["duid"] = subject
    if isinstance(address, str) and address:
        pairs["src"] = address
    extension = " ".join(f"{name}={_in_extension(value)}" for name, value in pairs.items())
    return "|".join([head[0], *map(_in_header, head[1:]), extension])


def syslog(line: str, row: EntryRow, *, host: str) -> bytes:
    """One RFC 5424 message, framed by octet counting (RFC 6587, 3.4.1)."""
    priority = AUDIT_FACILITY * 8 + SYSLOG_SEVERITY[meaning(row.kind).severity_id]
    moment = row.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = f"<{priority}>1 {moment} {host or '-'} muster - {row.kind[:32]} - {line}".encode()
    return str(len(message)).encode() + b" " + message


def told(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Those fields of an entry that hold ids, counts and words of ours."""
    return {name: _short(value) for name, value in fields.items() if name in SAFE_FIELDS and value is not None}


def words(kind: str) -> str:
    """session.refused -> Session refused"""
    return kind.replace(".", " ").replace("_", " ").capitalize()


def milliseconds(moment: datetime) -> int:
    """Since 1970, UTC."""
    return round(moment.timestamp() * 1_000)


def _short(value: Json) -> Json:
    return value[:LONGEST_VALUE] if isinstance(value, str) else value


def _escaped(*pairs: tuple[str, str]) -> Callable[[str], str]:
    def escape(text: str) -> str:
        for found, written in pairs:
            text = text.replace(found, written)
        return text

    return escape


_in_header = _escaped(("\\", "\\\\"), ("|", "\\|"), ("\r", " "), ("\n", " "))
_in_extension = _escaped(("\\", "\\\\"), ("=", "\\="), ("\r", "\\r"), ("\n", "\\n"))
