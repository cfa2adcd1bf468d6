"""Changing what a draft says: by a person, with a reason, against the version that they saw."""

import datetime as dt
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from audit import ledger
from audit.canonical import Json, canon
from audit.filings import selectors
from audit.filings.errors import BadValue, ChangedMeanwhile, NoSuchField, NotADraft, ReasonNeeded
from audit.filings.exports.report import SCALES
from audit.filings.selectors import Opened
from audit.filings.values import parse, parse_fact
from audit.ledger import Actor
from audit.models import Entry, Filing, FilingValue, Source, Stream
from audit.naming import people
from plumbing.database import atomic

LONGEST_ON_RECORD = 8_000  # bytes of a value in an entry, which takes 64 KiB in all; a longer one is named by digest
MOST_ON_RECORD = 48_000
LONGEST_REASON = 2_000
COMPUTED = ("1.1",)  # set by the kind of report, never by hand


def locked(uid: str) -> Filing:
    """The filing, locked after its stream: the order that approvals keep, too. Raises Filing.DoesNotExist."""
    ledger.hold(Stream.objects.get(filings__uid=uid).uid)
    return Filing.objects.select_related("stream").select_for_update(of=("self",)).get(uid=uid)


@atomic()
def change(
    uid: str, said: Mapping[str, Any], *, seen: int, reason: str, actor: Actor, now: dt.datetime,
    supports: Sequence[int] = (),
) -> list[str]:  # fmt: skip
    """Enter values. said: key -> as typed; "" empties a field. seen: version of the filing that the person read.
    supports: entries of the stream that bear them out. Returns the keys that changed.

    Raises NotADraft, NoSuchField, BadValue, ReasonNeeded, ChangedMeanwhile where somebody else changed one of these
    fields since."""
    filing = locked(uid)
    if not filing.is_draft:
        raise NotADraft(filing.get_state_display().lower())
    one = selectors.opened(filing)
    meant = {key: _parsed(one, key, value) for key, value in said.items()}
    changed = {key: value for key, value in meant.items() if _differs(one, key, value)}
    if theirs := [row for key in changed if (row := one.rows.get(key)) and row.version > seen and _other(row, actor)]:
        raise ChangedMeanwhile(_who_changed(one, theirs))
    if not changed:
        return []
    if not reason.strip():
        raise ReasonNeeded
    if len(reason) > LONGEST_REASON:
        raise BadValue("reason", f"a reason of at most {LONGEST_REASON} characters is expected")
    _check_supports(filing, supports)
    evidence = [[filing.stream.uid, seq] for seq in sorted(set(supports))]
    for key, value in changed.items():
        FilingValue.objects.update_or_create(
            filing=filing, key=key,
            defaults={"value": value, "source": Source.ENTERED, "provider": "", "supports": evidence, "reason": reason,
                      "actor": actor.actor_id, "at": now, "version": filing.version + 1},
        )  # fmt: skip
    _touch(filing, now)
    ledger.record(
        filing.stream, "filing.changed", actor,
        {"filing": filing.uid, "values": recorded(changed), "reason": reason, "entries": sorted(set(supports))},
    )  # fmt: skip
    return sorted(changed)


@atomic()
def set_files(uid: str, *, scale: str, schema: str, seen: int, actor: Actor, now: dt.datetime) -> Filing:
    """Say how its files are written: the scale of amounts, and the version of the authority's schema.

    Raises NotADraft, BadValue, ChangedMeanwhile."""
    filing = locked(uid)
    if not filing.is_draft:
        raise NotADraft(filing.get_state_display().lower())
    one = selectors.opened(filing)
    if scale not in SCALES:
        raise BadValue("scale", f"one of {', '.join(SCALES)} is expected")
    if schema not in (one.form.schemas or ("",)):
        raise BadValue("schema", f"one of {', '.join(one.form.schemas)} is expected")
    if (filing.scale, filing.schema) == (scale, schema):
        return filing
    if filing.version != seen:
        raise ChangedMeanwhile(["Its values were changed; read them first."])
    filing.scale, filing.schema = scale, schema
    filing.save(update_fields=["scale", "schema"])
    _touch(filing, now)
    ledger.record(
        filing.stream, "filing.files_set", actor, {"filing": filing.uid, "scale": scale, "schema": schema}
    )  # fmt: skip
    return filing


def _touch(filing: Filing, now: dt.datetime) -> None:
    filing.version += 1
    filing.changed_at = now
    filing.save(update_fields=["version", "changed_at"])


def _parsed(one: Opened, key: str, value: Any) -> Json:
    if key in one.form.fact_of:
        return parse_fact(key, value)
    if key not in one.form.by_id:
        raise NoSuchField(one.form.id, key)
    if key in COMPUTED and key in one.rows:
        value = one.rows[key].value
    return parse(one.form, one.form.by_id[key], value)


def _differs(one: Opened, key: str, value: Json) -> bool:
    kept = one.rows.get(key)
    return value is not None if kept is None else kept.value != value


def _other(row: FilingValue, actor: Actor) -> bool:
    return row.actor != actor.actor_id


def _who_changed(one: Opened, rows: Sequence[FilingValue]) -> list[str]:
    known = people({row.actor for row in rows})
    by_key = one.form.by_id
    return [
        f"{row.key if row.key in by_key else one.form.fact_of[row.key].name} was changed by {known[row.actor].name}"
        f" at {row.at:%H:%M:%S} UTC."
        for row in rows
    ]


def _check_supports(filing: Filing, supports: Sequence[int]) -> None:
    wanted = set(supports)
    found = set(Entry.objects.filter(stream=filing.stream, seq__in=wanted).values_list("seq", flat=True))
    if missing := sorted(wanted - found):
        raise BadValue("supports", f"the stream has no entry {', '.join(map(str, missing))}")


def kept_short(value: Json) -> Json:
    """A value as an entry carries it; a long one by its SHA-256 and length."""
    written = canon(value)
    if len(written) <= LONGEST_ON_RECORD:
        return value
    return {"sha256": sha256(written).hexdigest(), "bytes": len(written)}


def recorded(changed: Mapping[str, Json]) -> list[Json]:
    """Values as an entry carries them, all together within its size."""
    told: list[Json] = []
    left = MOST_ON_RECORD
    for key, value in changed.items():
        short = kept_short(value)
        left -= len(canon(short))
        if left < 0:
            short = {"sha256": sha256(canon(value)).hexdigest(), "bytes": len(canon(value))}
        told.append({"field": key, "value": short})
    return told
