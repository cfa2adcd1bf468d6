"""Which fields of which entries are withheld from an audience, and why: by its profile and by hand.

What a pack job needs: withheld_for(), people_shown(), title_shown(). All of it is derived, nothing is stored here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from audit.models import Stream
from audit.naming import Person, labels, people
from audit.redaction.detecting import ACTOR, finds
from audit.redaction.profiles import NAMED, NUMBERED, SHOW, WITHHOLD, Profile
from audit.redaction.searching import texts_at
from audit.selectors import EntryRow, every_entry, row_of

SHORTEST_NAME = 3  # characters: a shorter one would be found everywhere
SHORTEST_IN_TITLE = 4
HOUSE = "sys_"  # actors that are no people


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose for one field, against or beside the profile."""

    seq: int
    name: str
    then: str  # show, withhold
    reason: str


Withheld = dict[tuple[str, int, str], str]  # (stream uid, seq, field) -> reason


def withheld_for(
    sizes: Mapping[str, int], profile: Profile, by_hand: Mapping[str, Sequence[Choice]] | None = None
) -> Withheld:
    """What this audience doesn't see of the first `sizes[uid]` entries of each stream.

    by_hand: choices per stream uid; a choice wins over the profile. Fields that were erased are in none of it.
    Raises Stream.DoesNotExist."""
    found: Withheld = {}
    for uid, size in sizes.items():
        stream = Stream.objects.get(uid=uid)
        rows = [row_of(entry) for entry in every_entry(stream, size)]
        names = names_in(rows)
        chosen = {(one.seq, one.name): one for one in (by_hand or {}).get(uid, ())}
        for row in rows:
            for name, reason in withheld_in(row, profile, chosen, names).items():
                found[uid, row.seq, name] = reason
    return found


def withheld_in(
    row: EntryRow, profile: Profile, chosen: Mapping[tuple[int, str], Choice], names: Collection[str]
) -> dict[str, str]:
    """What is withheld of one entry: field -> reason."""
    found = {}
    for name in row.fields:
        choice = chosen.get((row.seq, name))
        reason = _chosen(choice) if choice else reason_by(profile, row, name, names)
        if reason:
            found[name] = reason
    return found


def _chosen(choice: Choice) -> str:
    return choice.reason if choice.then == WITHHOLD else ""


def reason_by(profile: Profile, row: EntryRow, field: str, names: Collection[str]) -> str:
    """Why the profile withholds a field; "" when it shows it. The first rule that applies decides."""
    for rule in profile.rules:
        if rule.is_about(row.kind, field) and (not rule.values or finds(rule.values, row.fields[field], names)):
            return "" if rule.then == SHOW else rule.reason
    return "" if profile.otherwise == SHOW else profile.reason


def names_in(rows: Iterable[EntryRow]) -> frozenset[str]:
    """Names of the people who act in these entries or whom a field names by id, as far as a room knows them.

    Whole names and their parts: people write surnames. A part that is also a word withholds too much, never less."""
    ids: set[str] = set()
    for row in rows:
        ids.update([row.actor, *ACTOR.findall(str(row.fields))])
    known = people(one for one in ids if not one.startswith(HOUSE))
    return frozenset(
        part
        for actor, person in known.items()
        if person.name != actor
        for part in (person.name, *person.name.split())
        if len(part) >= SHORTEST_NAME
    )


def people_shown(known: Mapping[str, Person], profile: Profile) -> dict[str, Person]:
    """The people of a pack as its audience sees them. Numbers follow the order of ids, so they are the same again."""
    if profile.people == NAMED:
        return dict(known)
    told, number = {}, 0
    for actor in sorted(known):
        if actor.startswith(HOUSE):
            told[actor] = known[actor]
            continue
        number += 1
        function = known[actor].title if profile.people != NUMBERED else ""
        told[actor] = Person(f"Person {number}", function)
    return told


def title_shown(uid: str, profile: Profile | None, withheld: Collection[tuple[str, int, str]] = ()) -> str:
    """What the stream is called in a pack: its uid where people's words are not for this audience, and where the title
    says what a withheld field says, or what the profile withholds wherever it stands.

    withheld: (stream uid, seq, field)."""
    title = labels([uid])[uid].title
    if profile is not None and not profile.shows_title:
        return uid
    rules = profile.rules if profile is not None else ()
    if any(rule.then == WITHHOLD and rule.values and finds(rule.values, title, ()) for rule in rules):
        return uid
    places = [(seq, name) for stream, seq, name in withheld if stream == uid]
    return uid if any(text in title for text in texts_at(uid, places, SHORTEST_IN_TITLE)) else title
