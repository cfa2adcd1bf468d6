"""Legal entities: who owes reports. Changes are entries of stream `regulation`; nobody overwrites another unseen."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import QuerySet

from audit import ledger
from audit.canonical import Json
from audit.ledger import Actor
from audit.models import LegalEntity, Nis2Status
from audit.regimes import calendars, rules, shipped
from audit.regimes.errors import StaleEntity
from audit.regimes.keeping import follow_rules
from audit.regimes.lei import is_lei
from audit.regimes.providers import catalog, room_of
from plumbing.database import atomic
from plumbing.errors import BadField

STREAM = "regulation"
LONGEST_REASON = 500
CODE, CURRENCY = re.compile(r"[A-Z]{2}"), re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class Said:
    """What a person says of an entity; names as the columns of LegalEntity."""

    name: str
    lei: str = ""
    types: list[str] = field(default_factory=list)
    home_state: str = ""
    other_states: list[str] = field(default_factory=list)
    zone: str = "UTC"
    country: str = "DE"
    subdivision: str = ""
    days_off: list[str] = field(default_factory=list)
    currency: str = "EUR"
    nis2: str = ""
    significant: bool | None = None
    count_home_state: bool = True
    parent_name: str = ""
    parent_lei: str = ""
    services: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    is_active: bool = True


def entities() -> QuerySet[LegalEntity]:
    """The entities that are in use, by name."""
    return LegalEntity.objects.filter(is_active=True)


@dataclass(frozen=True, slots=True)
class Concerned:
    """An entity that a stream concerns, and why."""

    entity: LegalEntity
    because: str


def concerned_by(stream: str) -> list[Concerned]:
    """The entities to which a service or team of the stream belongs, by name."""
    touched = room_of(stream).touches(stream)
    found = []
    for entity in entities():
        services = touched.services & set(entity.services)
        teams = touched.teams & set(entity.teams)
        if services or teams:
            found.append(Concerned(entity, f"{', '.join(sorted(services or teams))} belongs to it"))
    return found


@atomic()
def make(said: Said, *, actor: Actor, now: dt.datetime) -> LegalEntity:
    """A new entity. Raises BadField."""
    ledger.open_stream(STREAM)
    ledger.hold(STREAM)
    _check(said, None)
    made = LegalEntity.objects.create(**asdict(said), changed_at=now)
    ledger.record(STREAM, "entity.added", actor, {"entity": made.uid, **asdict(said)})
    return made


@atomic()
def change(uid: str, said: Said, *, seen: int, actor: Actor, now: dt.datetime) -> LegalEntity:
    """Save what a person says of an entity. seen: the version that they saw.

    Raises LegalEntity.DoesNotExist, StaleEntity, BadField. Where nothing differs nothing is written."""
    ledger.open_stream(STREAM)
    ledger.hold(STREAM)
    found = _fresh(uid, seen)
    _check(said, found)
    changed = {name: value for name, value in asdict(said).items() if getattr(found, name) != value}
    if not changed:
        return found
    was = {name: getattr(found, name) for name in changed}
    for name, value in changed.items():
        setattr(found, name, value)
    _saved(found, list(changed), now)
    ledger.record(STREAM, "entity.changed", actor, {"entity": uid, "changed": changed, "was": was})
    follow_rules(entity__uid=uid)
    return found


@atomic()
def decide_applies(
    uid: str, regime: str, *, applies: bool | None, reason: str, seen: int, actor: Actor, now: dt.datetime
) -> LegalEntity:
    """A person decides whether a regime applies; None leaves it to the rule again.

    Raises LegalEntity.DoesNotExist, NoSuchRule, StaleEntity, BadField."""
    rules.regime_of(regime)
    ledger.open_stream(STREAM)
    ledger.hold(STREAM)
    found = _fresh(uid, seen)
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise BadField("reason", f"Give the reason, in a sentence of at most {LONGEST_REASON} characters.")
    decided = {name: said for name, said in found.decided.items() if name != regime}
    if applies is not None:
        decided[regime] = {"applies": applies, "reason": reason.strip()}
    found.decided = decided
    _saved(found, ["decided"], now)
    told: dict[str, Json] = {"entity": uid, "regime": regime, "applies": applies, "reason": reason.strip()}
    ledger.record(STREAM, "entity.regime_decided", actor, told)
    return found


def _fresh(uid: str, seen: int) -> LegalEntity:
    found = LegalEntity.objects.select_for_update().get(uid=uid)
    if found.version != seen:
        raise StaleEntity(found.name, found.version)
    return found


def _saved(found: LegalEntity, names: list[str], now: dt.datetime) -> None:
    found.version += 1
    found.changed_at = now
    found.save(update_fields=[*names, "version", "changed_at"])


def _check(said: Said, known: LegalEntity | None) -> None:
    """Raises BadField for the first thing that is wrong, with what would be right."""
    others = LegalEntity.objects.exclude(pk=known.pk) if known else LegalEntity.objects.all()
    _demand("name", bool(said.name.strip()) and len(said.name) <= 200, "Give the full legal name.")
    _demand("name", not others.filter(name=said.name).exists(), "There is an entity of this name already.")
    for name, lei in (("lei", said.lei), ("parent_lei", said.parent_lei)):
        _demand(name, not lei or is_lei(lei), "A LEI has 18 letters and digits and two check digits that fit them.")
    _demand("lei", not said.lei or not others.filter(lei=said.lei).exists(), "Another entity has this LEI.")
    _none_unknown("types", said.types, shipped.terms().types, "kind of entity")
    states = [said.home_state, *said.other_states]
    _demand(
        "other_states", all(not each or CODE.fullmatch(each) for each in states), "States are codes such as DE, FR."
    )
    _demand("zone", _is_zone(said.zone), "A time zone is written like Europe/Berlin.")
    known_calendar = calendars.is_known(said.country, said.subdivision)
    _demand(
        "country", known_calendar, "There is no calendar of holidays for that country or region: DE, or DE with BE."
    )
    _demand("days_off", all(map(_is_day, said.days_off)), "Days off are dates such as 2026-12-24.")
    _demand("currency", bool(CURRENCY.fullmatch(said.currency)), "A currency is a code such as EUR.")
    _demand("nis2", said.nis2 in Nis2Status.values, "Choose one of the answers.")
    there = catalog()
    _none_unknown("services", said.services, _or_held(there["services"], known.services if known else []), "service")
    _none_unknown("teams", said.teams, _or_held(there["teams"], known.teams if known else []), "team")


def _or_held(there: Mapping[str, str], held: list[str]) -> set[str]:
    """What may be named: what there is, and what is named already, for a service that has gone since."""
    return {*there, *held}


def _none_unknown(name: str, said: list[str], known: Iterable[str], what: str) -> None:
    unknown = sorted(set(said) - set(known))
    _demand(name, not unknown, f"There is no {what} {', '.join(unknown)}.")


def _demand(name: str, is_right: bool, message: str) -> None:
    if not is_right:
        raise BadField(name, message)


def _is_zone(text: str) -> bool:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(text)


def _is_day(text: Any) -> bool:
    try:
        dt.date.fromisoformat(text)
    except (TypeError, ValueError):
        return False
    return True
