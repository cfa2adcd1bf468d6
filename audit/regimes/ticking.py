"""What the sweep does with clocks: reminds, says that one is late, and catches up with entries that nobody rang for."""

import datetime as dt
from collections.abc import Iterator

from audit import ledger
from audit.ledger import SYSTEM
from audit.models import Clock, ClockState
from audit.naming import labels
from audit.regimes import reminding, rules
from audit.regimes.keeping import facts_of, refresh
from audit.regimes.providers import Telling, room_of
from audit.regimes.states import CLOCK_MOVES, check_move
from plumbing import clock as the_clock
from plumbing.database import atomic

MOST = 100  # clocks a pass
BELL = "regulation"


def due_clocks(now: dt.datetime) -> Iterator[str]:
    """uids of the clocks that somebody has to be told about."""
    yield from Clock.objects.filter(next_at__lte=now).order_by("next_at").values_list("uid", flat=True)[:MOST]


def tick(uid: str) -> None:
    """Tell about one clock what is due. Safe when called twice: what was told is kept."""
    found = Clock.objects.filter(uid=uid).values_list("stream__uid", flat=True).first()
    if found is not None:
        now = the_clock.now()
        refresh(found, now=now)
        _tell(uid, found, now)


@atomic()
def _tell(uid: str, stream: str, now: dt.datetime) -> None:
    ledger.hold(stream)
    clock = Clock.objects.select_for_update(of=("self",)).select_related("entity").get(uid=uid)
    if not clock.is_open or clock.next_at is None or clock.next_at > now:
        return
    which = reminding.due_now(clock, now)
    if which == reminding.LATE and clock.state == ClockState.RUNNING:
        check_move("A clock", CLOCK_MOVES, clock.state, ClockState.LATE)
        clock.state = ClockState.LATE
    told = room_of(stream).tell(_message(clock, stream, which, now)) if which else []
    clock.told = sorted({*clock.told, *reminding.passed(clock, now)})
    clock.next_at = reminding.next_look(clock)
    clock.save(update_fields=["state", "told", "next_at"])
    kind = "clock.escalated" if which == reminding.LATE else "clock.reminded"
    if which:
        ledger.record(stream, kind, SYSTEM, {**facts_of(clock), "which": which, "to": sorted(told)})


def _message(clock: Clock, stream: str, which: str, now: dt.datetime) -> Telling:
    regime = rules.regimes().get(clock.regime)
    stage = regime.stage(clock.stage) if regime else None
    name = f"{regime.short if regime else clock.regime}: {stage.name if stage else clock.stage}"
    about = labels([stream])[stream].title
    lines = [f"{about}, for {clock.entity.name}.", *clock.because]
    if clock.legal_at:
        lines.append(f"Legal limit {clock.legal_at.astimezone(dt.UTC):%-d %b %Y, %H:%M} UTC.")
    return Telling(
        stream, clock.uid, "late" if which == reminding.LATE else "reminder",
        f"{reminding.TITLES[which]}. {name}", "\n".join(lines), f"/regulation/{stream}/",
        f"clock/{clock.uid}/{clock.start_seq}/{clock.legal_at}/{which}", now,
    )  # fmt: skip
