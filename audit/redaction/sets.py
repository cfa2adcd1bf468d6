"""Redaction sets: one person chooses what an audience sees of a stream, another approves exactly that.

What was approved is bound by a digest over stream, size, head, and each withheld field with its reason. A changed
choice, another profile, or an entry more, and the approval is of something else: it is void.
Entries go to `portal`, not to the stream itself: it would grow by them, and its readers would learn of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from audit import ledger
from audit.canonical import Json, canon
from audit.errors import BadRedaction
from audit.ledger import Actor
from audit.models import Disclosure, RedactionSet, RedactionState, Stream
from audit.redaction.errors import BadRequest, Grew, NeedsApproval, SamePerson
from audit.redaction.moving import move, reasoned
from audit.redaction.profiles import SHOW, WITHHOLD, Profile, profile
from audit.redaction.withholding import Choice, Withheld, withheld_for
from plumbing import clock
from plumbing.database import atomic

LOG = "portal"
MOST_CHOICES = 2_000
LONGEST_WHY = 200
WHAT = "redaction"


@dataclass(frozen=True, slots=True)
class Basis:
    """On what a pack's redactions rest. What the pack engine asks for, once, with the sizes that it packs."""

    audience: str  # "" for a pack that shows everything
    profile: Profile | None
    withheld: Withheld = field(default_factory=dict)
    redaction: str = ""  # uid of the approved set

    def shows_file(self, path: str) -> bool:
        """Whether a further file (path below data/) goes along."""
        return self.profile is None or self.profile.shows_file(path)


def audience_of(name: str) -> Profile:
    """The profile with this name. Raises BadRequest."""
    try:
        return profile(name)
    except KeyError:
        raise BadRequest(f"There is no audience {name!r}.") from None


def check_basis(audience: str, redaction: str = "") -> None:
    """For whoever asks for a pack, before it is made: raises NeedsApproval, BadRequest."""
    if not audience:
        if redaction:
            raise BadRequest("A redaction belongs to an audience: say for whom the pack is.")
        return
    if not audience_of(audience).is_bare and not redaction:
        title = audience_of(audience).title.lower()
        raise NeedsApproval(
            f"For the audience “{title}” a second person has to approve what is shown. Ask for it first."
        )


def basis_for(sizes: Mapping[str, int], audience: str = "", redaction: str = "") -> Basis:
    """What is withheld from an audience of the first `sizes[uid]` entries of each stream.

    redaction: uid of an approved set. Raises NeedsApproval where the audience needs one and it is missing or not
    approved, Grew when a stream isn't what was approved any more, BadRequest for an audience that isn't known."""
    check_basis(audience, redaction)
    if not audience:
        return Basis("", None)
    found = audience_of(audience)
    if not redaction:
        return Basis(audience, found, withheld_for(sizes, found))
    row = RedactionSet.objects.select_related("stream").filter(uid=redaction, audience=audience).first()
    if row is None or row.state != RedactionState.APPROVED or row.stream.uid not in sizes:
        raise NeedsApproval("No approved redaction for this audience and stream has this id.")
    if not found.is_bare and len(sizes) > 1:
        raise NeedsApproval("A redaction is approved for one stream; a pack of several can't be made from it.")
    uid = row.stream.uid
    if sizes[uid] != row.size:
        raise Grew(_voided(row, sizes[uid]))
    withheld = withheld_for(sizes, found, {uid: choices_of(row)})
    if digest_of(row, row.size, {place: why for place, why in withheld.items() if place[0] == uid}) != row.digest:
        raise Grew(_voided(row, row.size))
    return Basis(audience, found, withheld, row.uid)


def _voided(row: RedactionSet, size: int) -> str:
    more = size - row.size
    if more > 0:
        came = f"{more} entr{'y' if more == 1 else 'ies'} came since this was approved"
        return f"{came}, and nobody looked at them. Ask again."
    return "What would be withheld is not what was approved. Look at it and ask again."


def choices_of(row: RedactionSet) -> list[Choice]:
    """What was chosen by hand."""
    return [Choice(one["seq"], one["name"], one["then"], one["reason"]) for one in row.choices]


def withheld_of(row: RedactionSet, size: int | None = None) -> Withheld:
    """What the set withholds of the first `size` entries; of all that there are now without it."""
    uid = row.stream.uid
    at = Stream.objects.get(pk=row.stream_id).size if size is None else size
    return withheld_for({uid: at}, audience_of(row.audience), {uid: choices_of(row)})


def digest_of(row: RedactionSet, size: int, withheld: Withheld | None = None) -> str:
    """What an approval binds: 64 hex digits."""
    head = row.stream.entries.filter(seq=size - 1).values_list("leaf", flat=True).first() or b""
    told = withheld if withheld is not None else withheld_of(row, size)
    chosen: list[Json] = [[seq, name, reason] for (_, seq, name), reason in sorted(told.items())]
    binds: dict[str, Json] = {
        "v": 1,
        "stream": row.stream.uid,
        "size": size,
        "head": bytes(head).hex(),
        "audience": row.audience,
        "profile": audience_of(row.audience).digest,
        "withheld": chosen,
    }
    return sha256(canon(binds)).hexdigest()


@atomic()
def draft(stream: Stream, audience: str, *, purpose: str, actor: Actor) -> RedactionSet:
    """A new set, with what the profile of the audience withholds. Raises BadRequest, ReasonMissing."""
    audience_of(audience)
    row = RedactionSet.objects.create(
        stream=stream, audience=audience, purpose=reasoned(purpose), author=actor.actor_id, made_at=clock.now()
    )
    _record(row, "redaction.drafted", actor, {"purpose": row.purpose})
    return row


@atomic()
def choose(
    row: RedactionSet, choices: Sequence[Choice], *, actor: Actor, drop: Sequence[tuple[int, str]] = ()
) -> RedactionSet:
    """Choose by hand for some fields, or take a choice back (`drop`). What was asked for or approved is void by it.

    Raises BadRedaction for a field that isn't there, BadRequest, ReasonMissing, IllegalMove."""
    row = _locked(row)
    _check_places(row.stream, {(one.seq, one.name) for one in choices})
    kept = {(one.seq, one.name): one for one in choices_of(row)}
    for place in drop:
        kept.pop(place, None)
    for one in choices:
        kept[one.seq, one.name] = Choice(one.seq, one.name, _known(one.then), _short(one.reason))
    if len(kept) > MOST_CHOICES:
        raise BadRequest(f"At most {MOST_CHOICES} fields are chosen by hand; make the profile stricter instead.")
    was = row.state
    if was != RedactionState.DRAFT:
        move(row, RedactionState.DRAFT)
        _forget_decision(row)
    row.choices = [_told(kept[place]) for place in sorted(kept)]
    # whoever changes it has made it: they can't approve it afterwards, and the one before them can
    row.author = actor.actor_id
    row.save()
    _record(row, "redaction.chosen", actor, {"by_hand": len(kept), "was": was})
    return row


def _told(one: Choice) -> dict[str, Json]:
    return {"seq": one.seq, "name": one.name, "then": one.then, "reason": one.reason}


def _known(then: str) -> str:
    if then not in (SHOW, WITHHOLD):
        raise BadRequest(f"A choice is {SHOW} or {WITHHOLD}, not {then!r}.")
    return then


def _short(reason: str) -> str:
    found = reasoned(reason)
    if len(found) > LONGEST_WHY:
        raise BadRequest(f"This reason goes into the pack: at most {LONGEST_WHY} characters, not {len(found)}.")
    return found


def _check_places(stream: Stream, places: set[tuple[int, str]]) -> None:
    known = set(
        Disclosure.objects.filter(entry__stream=stream, entry__seq__in={seq for seq, _ in places}).values_list(
            "entry__seq", "name"
        )
    )
    if missing := places - known:
        raise BadRedaction([f"entry {seq}, field {name}" for seq, name in sorted(missing)])


@atomic()
def ask(row: RedactionSet, *, actor: Actor) -> RedactionSet:
    """Ask for a second person's approval of exactly what is withheld now. Raises IllegalMove."""
    row = _locked(row)
    if row.state in (RedactionState.REJECTED, RedactionState.APPROVED):
        move(row, RedactionState.DRAFT)  # the stream may have grown: the same choices are put to somebody again
        _forget_decision(row)
    move(row, RedactionState.ASKED)
    row.size = Stream.objects.get(pk=row.stream_id).size
    withheld = withheld_of(row, row.size)
    row.withheld, row.digest = len(withheld), digest_of(row, row.size, withheld)
    row.author, row.asked_at = actor.actor_id, clock.now()
    row.save()
    _record(row, "redaction.asked", actor)
    return row


def decide(row: RedactionSet, *, approve: bool, seen: str, reason: str, actor: Actor) -> RedactionSet:
    """A second person approves what was asked for, or refuses it. seen: the digest that they looked at.

    Raises SamePerson for who asked, Grew when it isn't what they saw, ReasonMissing, IllegalMove."""
    with atomic():
        row = _locked(row)
        if row.author == actor.actor_id:
            raise SamePerson(WHAT)
        move(row, RedactionState.APPROVED if approve else RedactionState.REJECTED)
        now = Stream.objects.get(pk=row.stream_id).size
        if approve and (seen != row.digest or now != row.size or digest_of(row, row.size) != row.digest):
            raise Grew(_voided(row, now))
        row.decider, row.decided_at, row.said = actor.actor_id, clock.now(), reasoned(reason)
        row.save()
        _record(row, f"redaction.{row.state}", actor, {"reason": row.said})
    return row


@atomic()
def withdraw(row: RedactionSet, *, reason: str, actor: Actor) -> RedactionSet:
    """It isn't needed, or must not be used any more. Raises ReasonMissing, IllegalMove."""
    row = _locked(row)
    move(row, RedactionState.WITHDRAWN)
    row.said = reasoned(reason)
    row.save()
    _record(row, "redaction.withdrawn", actor, {"reason": row.said})
    return row


def _forget_decision(row: RedactionSet) -> None:
    row.decider, row.decided_at, row.said, row.digest, row.asked_at = "", None, "", "", None


def _locked(row: RedactionSet) -> RedactionSet:
    return RedactionSet.objects.select_for_update(of=("self",)).select_related("stream").get(pk=row.pk)


def _record(row: RedactionSet, kind: str, actor: Actor, more: Mapping[str, Json] | None = None) -> None:
    """Which set, of what; never a value that it withholds."""
    told: dict[str, Json] = {"redaction": row.uid, "stream": row.stream.uid, "audience": row.audience}
    if row.digest:
        told |= {"size": row.size, "withheld": row.withheld, "digest": row.digest}
    ledger.record(LOG, kind, actor, told | dict(more or {}))
