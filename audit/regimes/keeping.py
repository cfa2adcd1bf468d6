"""Clocks as they follow from a stream's entries: computed anew whenever one of those entries is written.

`refresh` compares what follows with what stands, moves clocks by the table, and records each change. It can be called
any number of times; where nothing changed it writes nothing.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db import transaction

from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from audit.ledger import SYSTEM, Actor
from audit.models import Clock, ClockState, LegalEntity, Stream
from audit.regimes import events, rules
from audit.regimes.applying import profile_of
from audit.regimes.deadlines import Due, Profile, concerns, due
from audit.regimes.events import Happened, Moment
from audit.regimes.model import SUBMITTED, Regime, Stage, Worksheet
from audit.regimes.reminding import next_look
from audit.regimes.states import CLOCK_MOVES, check_move
from plumbing import clock as the_clock
from plumbing.database import atomic

SILENT = frozenset({"exception", "not_yet"})  # obligations that nobody can be late with
Key = tuple[str, str, str]  # entity, regime, stage


@dataclass(frozen=True, slots=True)
class Wanted:
    """A clock as it follows from the entries. met: when its stage was submitted, None while it wasn't."""

    due: Due
    start: Moment
    met: Moment | None

    def state(self, now: dt.datetime) -> ClockState:
        """What it is now, were it not for a person who says that it isn't needed."""
        limit = self.due.legal
        if self.met is not None:
            return ClockState.MET_LATE if limit and self.met.at > limit else ClockState.MET
        return ClockState.LATE if limit and now > limit else ClockState.RUNNING


@atomic()
def refresh(stream: str, *, now: dt.datetime, actor: Actor = SYSTEM) -> list[str]:
    """Bring the clocks of a stream up to its entries. Returns the kinds of entries written. Raises NoSuchStream."""
    ledger.hold(stream)
    happened = events.read(stream)
    wanted = dict(_wanted(happened)) if happened.decisions else {}
    found = Clock.objects.filter(stream__uid=stream).select_related("entity", "stream")
    standing: dict[Key, Clock] = {(clock.entity.uid, clock.regime, clock.stage): clock for clock in found}
    told: list[tuple[str, dict[str, Json]]] = []
    for key, what in wanted.items():
        told += _brought_up(standing.get(key) or _begun(stream, key, what), what, now)
    for key, clock in standing.items():
        if key not in wanted and clock.state != ClockState.VOID:
            told.append(_moved(clock, ClockState.VOID, "clock.void"))
    if told:
        ledger.record_many(stream, [(kind, actor, fields) for kind, fields in told])
    return [kind for kind, _ in told]


def follow_rules(**of: object) -> None:
    """After the commit, bring up every clock of an entity or a regime whose rules changed: keyword as a column."""
    transaction.on_commit(lambda: _follow(of), robust=True)


def _follow(of: Mapping[str, object]) -> None:
    now = the_clock.now()
    found = Clock.objects.filter(**of).exclude(state=ClockState.VOID)
    for stream in sorted(set(found.values_list("stream__uid", flat=True))):
        refresh(stream, now=now)


def _wanted(happened: Happened) -> Iterator[tuple[Key, Wanted]]:
    """Every clock that the entries ask for."""
    regimes, worksheets = rules.regimes(), rules.worksheets()
    for entity in LegalEntity.objects.filter(uid__in=happened.entities()):
        profile = profile_of(entity)
        for regime in regimes.values():
            for stage, what in _of_regime(happened, regime, entity.uid, profile, worksheets):
                yield (entity.uid, regime.id, stage), what


def _of_regime(
    happened: Happened, regime: Regime, entity: str, profile: Profile, worksheets: Mapping[str, Worksheet]
) -> Iterator[tuple[str, Wanted]]:
    decided = happened.decisions_of(entity, regime.worksheets)
    if not decided:
        return
    holds = any(
        (one := events.standing(happened.decisions_of(entity, [name]))) and one.verdict for name in regime.worksheets
    )
    moments = events.moments(happened, regime, entity, worksheets)
    last_no = max((one.at for one in decided if not one.verdict), default=None)
    for stage in regime.stages:
        if stage.obligation in SILENT or not concerns(stage, profile):
            continue
        if not holds and events.NEVER not in stage.clock.starts:
            continue
        found = due(regime, stage, profile, {name: moment.at for name, moment in moments.items()})
        if found is not None:
            yield stage.id, Wanted(found, _start(found, moments), _met(stage, found, moments, last_no))


def _start(found: Due, moments: Mapping[str, Moment]) -> Moment:
    for moment in moments.values():
        if moment.at == found.start and moments.get(found.start_event, moment) is moment:
            return moment
    return next(moment for moment in moments.values() if moment.at == found.start)


def _met(stage: Stage, found: Due, moments: Mapping[str, Moment], last_no: dt.datetime | None) -> Moment | None:
    """The submission that answers this clock.

    Where a submission or a change starts it anew, only what came after counts; else whatever was submitted since the
    trigger was last denied: somebody may report before the decision is written down."""
    filed = moments.get(f"{SUBMITTED}{stage.id}")
    if filed is None:
        return None
    starts = (*stage.clock.starts, *stage.clock.also_on)
    is_anew = bool(stage.clock.also_on) or any(start.startswith(SUBMITTED) for start in starts)
    after = found.start if is_anew else last_no
    return filed if after is None or filed.at >= after else None


def _begun(stream: str, key: Key, what: Wanted) -> Clock:
    entity, regime, stage = key
    return Clock(
        stream=Stream.objects.get(uid=stream), entity=LegalEntity.objects.get(uid=entity), regime=regime, stage=stage,
        state=ClockState.VOID, start_event="", start_seq=-1, started_at=what.due.start,
    )  # fmt: skip


def _brought_up(clock: Clock, what: Wanted, now: dt.datetime) -> Iterator[tuple[str, dict[str, Json]]]:
    """Set a clock to what follows, and say what changed."""
    was_legal, was_state, is_new = clock.legal_at, clock.state, clock.pk is None
    restarted = clock.start_seq != what.start.seq or clock.started_at != what.due.start
    changed = restarted or clock.legal_at != what.due.legal or clock.safe_at != what.due.safe
    clock.start_event, clock.start_seq, clock.started_at = what.due.start_event, what.start.seq, what.due.start
    clock.legal_at, clock.safe_at, clock.limit = what.due.legal, what.due.safe, what.due.limit.text
    clock.because, clock.is_presumed = list(what.due.because), what.start.is_presumed
    target = what.state(now)
    if was_state == ClockState.NOT_NEEDED and not restarted and what.met is None:
        target = ClockState.NOT_NEEDED
    met = (what.met.at, what.met.seq) if what.met else (None, None)
    if not changed and target == was_state and (clock.met_at, clock.met_seq) == met:
        return
    clock.met_at, clock.met_seq = met
    if changed:
        clock.told = []
    if target != was_state:
        check_move("A clock", CLOCK_MOVES, was_state, target)
        clock.state = target
    if target != ClockState.NOT_NEEDED:
        clock.reason = ""
    clock.next_at = next_look(clock)
    clock.save()
    yield _kind(is_new, was_state, target, changed), {**facts_of(clock), "was": stamp(was_legal) if was_legal else None}


def _kind(is_new: bool, was: str, target: str, changed: bool) -> str:
    if target != was and target not in (ClockState.RUNNING, ClockState.VOID):
        return f"clock.{target}"
    if is_new or was == ClockState.VOID:
        return "clock.started"
    return "clock.moved" if changed and was == target else "clock.restarted"


def _moved(clock: Clock, target: ClockState, kind: str) -> tuple[str, dict[str, Json]]:
    check_move("A clock", CLOCK_MOVES, clock.state, target)
    clock.state, clock.next_at = target, None
    clock.save(update_fields=["state", "next_at"])
    return kind, facts_of(clock)


def facts_of(clock: Clock) -> dict[str, Json]:
    """A clock as its entries tell it."""
    return {
        "clock": clock.uid, "entity": clock.entity.uid, "regime": clock.regime, "stage": clock.stage,
        "state": str(clock.state), "start_event": clock.start_event, "starts": clock.start_seq,
        "started_at": stamp(clock.started_at), "limit": clock.limit,
        "due": stamp(clock.legal_at) if clock.legal_at else None,
        "safe": stamp(clock.safe_at) if clock.safe_at else None,
        "met_at": stamp(clock.met_at) if clock.met_at else None,
    }  # fmt: skip


@atomic()
def not_needed(clock_uid: str, *, stream: str, reason: str, actor: Actor) -> Clock:
    """A person says that a report isn't needed, and why. Raises Clock.DoesNotExist, IllegalTransition."""
    ledger.hold(stream)
    clock = (
        Clock.objects.select_for_update(of=("self",)).select_related("entity").get(uid=clock_uid, stream__uid=stream)
    )
    check_move("A clock", CLOCK_MOVES, clock.state, ClockState.NOT_NEEDED)
    clock.state, clock.reason, clock.next_at = ClockState.NOT_NEEDED, reason, None
    clock.save(update_fields=["state", "reason", "next_at"])
    ledger.record(stream, "clock.not_needed", actor, {**facts_of(clock), "reason": reason})
    return clock
