"""Erasure on request: what it covers, a second person, then one transaction per stream, and the copies.

Carrying out can be killed anywhere: the request stays `approved`, knows what it looks for (sealed), and the sweep goes
on with what is left. What it looked for is forgotten with the last step.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from unicodedata import normalize

from audit import ledger
from audit.canonical import Json, canon
from audit.erasure import erase_fields
from audit.ledger import SYSTEM, Actor
from audit.models import ErasureKind, ErasureRequest, ErasureState, Stream
from audit.redaction import copies, leftovers, subjects
from audit.redaction.copies import Found, Search, pattern_of
from audit.redaction.errors import BadRequest, Grew, OnHold, SamePerson
from audit.redaction.holds import sentence, standing
from audit.redaction.moving import move, reasoned
from audit.redaction.searching import Places, fields_holding, packs_holding, still_there, values_at
from plumbing import clock, sealing
from plumbing.database import atomic

LOG = "portal"
WHAT = "erasure"
SHORTEST_TERM, MOST_TERMS, LONGEST_TERM = 3, 20, 200
MOST_FIELDS = 20_000  # of one request; a run of retention asks again for the rest


@dataclass(frozen=True, slots=True)
class Sought:
    """What a request looks for, as it is sealed in its row."""

    terms: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


def terms_of(lines: Iterable[str]) -> tuple[str, ...]:
    """Words or names to look for, one each, without doubles. Raises BadRequest."""
    found = tuple(dict.fromkeys(normalize("NFC", " ".join(line.split())) for line in lines if line.strip()))
    if len(found) > MOST_TERMS:
        raise BadRequest(f"At most {MOST_TERMS} words or names in one request, not {len(found)}.")
    for term in found:
        if not term.isprintable():
            raise BadRequest("A word or name has characters that nobody can write.")
        if not SHORTEST_TERM <= len(term) <= LONGEST_TERM:
            raise BadRequest(
                f"A word or name has {SHORTEST_TERM} to {LONGEST_TERM} characters: shorter ones are everywhere."
            )
    return found


def ask_for_words(
    streams: Sequence[Stream], lines: Iterable[str], *, reason: str, actor: Actor, subject: str = ""
) -> ErasureRequest:
    """Ask that these words are erased wherever these streams and their copies hold them.

    subject: actor id of the person whom it is about; their account is forgotten too. Raises BadRequest, OnHold when
    every stream that holds them is on hold, ReasonMissing."""
    terms = terms_of(lines)
    pattern = pattern_of(terms)
    if pattern is None and not subject:
        raise BadRequest("Say what to look for: a name, an address, a number.")
    kind = ErasureKind.PERSON if subject else ErasureKind.WORDS
    found = fields_holding(streams, pattern) if pattern else {}
    scope = frozenset(stream.uid for stream in streams)
    return _ask(kind, found, Sought(terms), scope, reason=reason, actor=actor, subject=subject)


def ask_for_fields(stream: Stream, places: Iterable[tuple[int, str]], *, reason: str, actor: Actor) -> ErasureRequest:
    """Ask that these fields are erased, (seq, name) each, and copies of what they say in things of the same stream.

    Raises BadRequest for one that isn't there, OnHold, ReasonMissing."""
    wanted = sorted(set(places))
    there = still_there(stream.uid, wanted)
    if missing := [place for place in wanted if place not in there]:
        raise BadRequest(
            f"There is nothing to erase at {', '.join(f'entry {seq}, field {name}' for seq, name in missing)}."
        )
    if not there:
        raise BadRequest("Name the fields, one a line: the number of the entry, then the field, such as 12 text.")
    found = {stream.uid: there}
    return _ask(ErasureKind.FIELDS, found, Sought(), frozenset({stream.uid}), reason=reason, actor=actor)


def ask_for_retention(found: Places, whole: Iterable[str], *, reason: str, actor: Actor) -> ErasureRequest:
    """Ask that what is past its time is erased. whole: streams of which every copy elsewhere goes as well.

    Raises BadRequest, OnHold, ReasonMissing."""
    gone = tuple(sorted(whole))
    return _ask(ErasureKind.RETENTION, found, Sought(whole=gone), frozenset(gone), reason=reason, actor=actor)


def _ask(
    kind: str, found: Places, sought: Sought, scope: frozenset[str], *, reason: str, actor: Actor, subject: str = ""
) -> ErasureRequest:
    said = reasoned(reason)
    pattern = pattern_of(sought.terms)
    if pattern and pattern.search(said):
        raise BadRequest("The reason holds what is to be erased, and stays in the ledger. Say it without.")
    free, held = _without_held({*found, *scope})
    covers = {uid: places for uid, places in found.items() if uid in free}
    values = tuple(sorted(set().union(*(values_at(uid, places) for uid, places in covers.items()), set())))
    sought = Sought(sought.terms, () if sought.whole else values, tuple(uid for uid in sought.whole if uid in free))
    search = Search(frozenset(scope & free), sought.terms, sought.values, frozenset(sought.whole), subject, covers)
    elsewhere = copies.find(search)
    concerned = [uid for uid in held if uid in found]
    if not covers and not elsewhere and not subject:
        if concerned:
            raise OnHold(" ".join(held[uid] for uid in concerned))
        raise BadRequest("Nothing that you may erase holds that.")
    if sum(map(len, covers.values())) > MOST_FIELDS:
        raise BadRequest(f"It covers more than {MOST_FIELDS} fields: choose fewer streams, or words that are rarer.")
    streams = {uid: covers.get(uid, []) for uid in sorted({*covers, *(one.stream for one in elsewhere)})}
    row = ErasureRequest(kind=kind, subject=subject, reason=said, author=actor.actor_id, asked_at=clock.now())
    row.terms = _sealed(row, sought)
    row.covers = {uid: [list(place) for place in places] for uid, places in streams.items()}
    row.copies = [_told(one) for one in elsewhere]
    row.outcome = {"held": {uid: held[uid] for uid in concerned}}
    row.digest = _digest(row, sought)
    with atomic():
        row.save()
        _record(row, "erasure.asked", actor, {"reason": said})
    return row


def _without_held(uids: Iterable[str]) -> tuple[frozenset[str], dict[str, str]]:
    """The streams that are on no hold, and for the others the sentence that says so."""
    wanted = set(uids)
    held = {uid: sentence(found[0]) for uid in sorted(wanted) if (found := standing(uid))}
    return frozenset(wanted - set(held)), held


def _told(found: Found) -> dict[str, Json]:
    return {"room": found.room, "what": found.what, "stream": found.stream, "count": found.count, "kept": found.kept}


def _digest(row: ErasureRequest, sought: Sought) -> str:
    """What a second person agrees to: what is looked for, and exactly these fields."""
    covers: dict[str, Json] = dict(row.covers)
    looked: list[Json] = [[*sought.terms], [*sought.values], [*sought.whole]]
    return sha256(
        canon({"v": 1, "kind": row.kind, "subject": row.subject, "covers": covers, "sought": looked})
    ).hexdigest()


def _sealed(row: ErasureRequest, sought: Sought) -> str:
    told = {"terms": sought.terms, "values": sought.values, "whole": sought.whole}
    return sealing.seal(json.dumps(told), f"erasure {row.uid}")


def sought_by(row: ErasureRequest) -> Sought:
    """What a request looks for; nothing once it is over. Raises SealingRefused."""
    if not row.terms:
        return Sought()
    told = json.loads(sealing.unseal(row.terms, f"erasure {row.uid}"))
    return Sought(tuple(told["terms"]), tuple(told["values"]), tuple(told["whole"]))


def decide(row: ErasureRequest, *, approve: bool, seen: str, reason: str, actor: Actor) -> ErasureRequest:
    """A second person agrees, and it is carried out at once; or refuses. seen: the digest that they looked at.

    Raises SamePerson, Grew when the request isn't what they saw, OnHold, ReasonMissing, IllegalMove."""
    with atomic():
        ledger.hold(LOG)
        row = ErasureRequest.objects.select_for_update().get(pk=row.pk)
        move(row, ErasureState.APPROVED if approve else ErasureState.REJECTED)
        if row.author == actor.actor_id:
            raise SamePerson(WHAT)
        if approve and seen != row.digest:
            raise Grew("This is not the request that you looked at. Look at it again.")
        if approve:
            _check_holds(row)
        row.decider, row.decided_at, row.said = actor.actor_id, clock.now(), reasoned(reason)
        if not approve:
            row.terms = ""
        row.save()
        _record(row, f"erasure.{row.state}", actor, {"reason": row.said})
    return carry_out(row.uid) if approve else row


def _check_holds(row: ErasureRequest) -> None:
    """A hold that was set since it was asked for."""
    _, held = _without_held(row.covers)
    if held:
        raise OnHold(f"{' '.join(held.values())} Withdraw the request and ask again.")


@atomic()
def withdraw(row: ErasureRequest, *, reason: str, actor: Actor) -> ErasureRequest:
    """It isn't wanted any more. Raises ReasonMissing, IllegalMove."""
    row = ErasureRequest.objects.select_for_update().get(pk=row.pk)
    move(row, ErasureState.WITHDRAWN)
    row.terms, row.said = "", reasoned(reason)
    row.save()
    _record(row, "erasure.withdrawn", actor, {"reason": row.said})
    return row


def unfinished(_: object = None) -> list[str]:
    """uids of requests that were approved and not carried out to the end: for the sweep."""
    return list(ErasureRequest.objects.filter(state=ErasureState.APPROVED).values_list("uid", flat=True))


def carry_out(uid: str) -> ErasureRequest:
    """Do what was approved, or what is left of it. Safe to repeat, and when two do it at once."""
    row = ErasureRequest.objects.get(uid=uid)
    if row.state != ErasureState.APPROVED:
        return row
    sought = sought_by(row)
    held: dict[str, str] = dict(row.outcome.get("held", {}))
    by = _By(row.decider)
    for stream, listed in sorted(row.covers.items()):
        places = [(int(seq), str(name)) for seq, name in listed]
        try:
            with atomic():
                ledger.hold(stream)  # two that carry it out wait for each other, and the second finds nothing left
                if left := still_there(stream, places):
                    erase_fields(stream, left, actor=by, reason=row.reason, request=row.uid)
        except OnHold as error:
            held[stream] = str(error)
    free = frozenset(row.covers) - set(held)
    covers = {uid: [(int(seq), str(name)) for seq, name in row.covers[uid]] for uid in free}
    search = Search(free, sought.terms, sought.values, frozenset(sought.whole) & free, row.subject, covers)
    scrubbed = copies.scrub(search)
    forgotten = subjects.forget(row.subject) if row.subject else 0
    return _finish(row, {"held": {**held}, "scrubbed": scrubbed, "forgotten": forgotten}, search)


@dataclass(frozen=True, slots=True)
class _By:
    actor_id: str


def _finish(row: ErasureRequest, outcome: dict[str, Json], search: Search) -> ErasureRequest:
    kept = [_told(one) for one in copies.find(search) if one.kept]
    with atomic():
        ledger.hold(LOG)
        row = ErasureRequest.objects.select_for_update().get(pk=row.pk)
        if row.state != ErasureState.APPROVED:
            return row
        move(row, ErasureState.DONE)
        handed = {uid: len(packs_holding(uid, [(s, n) for s, n in places])) for uid, places in row.covers.items()}
        row.outcome = {**outcome, "kept": kept, "packs": {uid: count for uid, count in handed.items() if count}}
        row.terms, row.done_at = "", clock.now()
        row.save()
        told: dict[str, Json] = {"scrubbed": outcome["scrubbed"], "packs": sum(handed.values()), "kept": len(kept)}
        _record(row, "erasure.done", SYSTEM, told)
    leftovers.wipe()
    return row


def _record(row: ErasureRequest, kind: str, actor: Actor, more: Mapping[str, Json]) -> None:
    """How much, where, why; never what."""
    counts: dict[str, Json] = {uid: len(places) for uid, places in row.covers.items()}
    told: dict[str, Json] = {"request": row.uid, "about": row.kind, "covers": counts, "digest": row.digest}
    if row.subject:
        told["subject"] = row.subject
    ledger.record(LOG, kind, actor, told | dict(more))
