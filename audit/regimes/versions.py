"""An institution's own regimes: one person proposes a version, another puts it in force. Stream `regulation`."""

import datetime as dt

from django.db.models import Max

from audit import ledger
from audit.canonical import Json
from audit.ledger import Actor
from audit.models import RegimeVersion, VersionState
from audit.regimes import rules
from audit.regimes.entities import STREAM
from audit.regimes.errors import OwnVersion, RegimeRefused, VersionWaits
from audit.regimes.keeping import follow_rules
from audit.regimes.states import VERSION_MOVES, check_move
from plumbing.database import atomic
from plumbing.errors import BadField

LONGEST_NOTE = 500
LONGEST_TEXT = 40_000  # characters: the text stands in one entry of the ledger


@atomic()
def propose(text: str, *, note: str, actor: Actor, now: dt.datetime, slug: str = "") -> RegimeVersion:
    """A new version of an own regime, or a new one. It has no effect before somebody else puts it in force.

    slug: which regime, "" for a new one. Raises RegimeRefused with every mistake, VersionWaits, BadField."""
    text = text.replace("\r\n", "\n")
    if len(text) > LONGEST_TEXT:
        raise RegimeRefused([f"It has {len(text):,} characters; the limit is {LONGEST_TEXT:,}."])
    ledger.open_stream(STREAM)
    ledger.hold(STREAM)
    regime, _ = rules.read_own(text, slug or "regime")
    if slug and regime.id != slug:
        raise RegimeRefused([f"{slug}: the text names the regime {regime.id!r}; a regime keeps its name."])
    if not note.strip() or len(note) > LONGEST_NOTE:
        raise BadField("note", f"Say why, in a sentence of at most {LONGEST_NOTE} characters.")
    waits = RegimeVersion.objects.filter(slug=regime.id, state=VersionState.PROPOSED).first()
    if waits is not None:
        raise VersionWaits(regime.id, waits.number)
    newest = RegimeVersion.objects.filter(slug=regime.id).aggregate(newest=Max("number"))["newest"]
    made = RegimeVersion.objects.create(
        slug=regime.id, number=(newest or 0) + 1, title=regime.name, text=text, digest=regime.digest,
        author=actor.actor_id, note=note.strip(), proposed_at=now,
    )  # fmt: skip
    fields: dict[str, Json] = {"regime": made.slug, "number": made.number, "digest": made.digest, "text": text}
    ledger.record(STREAM, "regime.proposed", actor, {**fields, "note": made.note})
    return made


def decide(version: RegimeVersion, *, accept: bool, reason: str, actor: Actor, now: dt.datetime) -> RegimeVersion:
    """A second person puts a proposed version in force, or refuses it, with a reason.

    Raises OwnVersion (on record) where the author decides, IllegalTransition, BadField for a refusal without reason."""
    if len(reason) > LONGEST_NOTE or not (accept or reason.strip()):
        raise BadField("reason", f"Say why, in a sentence of at most {LONGEST_NOTE} characters.")
    refused = _decide(version, accept=accept, reason=reason.strip(), actor=actor, now=now)
    if refused:
        raise OwnVersion  # after the commit: the attempt stays on record
    version.refresh_from_db()
    return version


@atomic()
def _decide(version: RegimeVersion, *, accept: bool, reason: str, actor: Actor, now: dt.datetime) -> bool:
    """Whether it was refused, because the author decided."""
    ledger.hold(STREAM)
    found = RegimeVersion.objects.select_for_update().get(pk=version.pk)
    told: dict[str, Json] = {"regime": found.slug, "number": found.number, "digest": found.digest, "reason": reason}
    if found.author == actor.actor_id:
        ledger.record(STREAM, "regime.decision_refused", actor, told)
        return True
    target = VersionState.IN_FORCE if accept else VersionState.REFUSED
    check_move("A version", VERSION_MOVES, found.state, target)
    retired = _retire(found.slug) if accept else None
    found.state, found.decider, found.decided_at, found.reason = target, actor.actor_id, now, reason
    found.save(update_fields=["state", "decider", "decided_at", "reason"])
    ledger.record(STREAM, f"regime.{target}", actor, {**told, "author": found.author, "retired": retired})
    follow_rules(regime=found.slug)
    return False


def _retire(slug: str) -> int | None:
    old = RegimeVersion.objects.select_for_update().filter(slug=slug, state=VersionState.IN_FORCE).first()
    if old is None:
        return None
    check_move("A version", VERSION_MOVES, old.state, VersionState.RETIRED)
    old.state = VersionState.RETIRED
    old.save(update_fields=["state"])
    return old.number
