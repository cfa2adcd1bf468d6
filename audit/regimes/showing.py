"""What the pages and the API show of clocks, worksheets and rules: rows with their words, read for one reader."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet

from audit.models import Clock, ClockState, LegalEntity, Stream
from audit.models.regimes import OPEN_CLOCKS
from audit.naming import Label, labels, people
from audit.regimes import events, rules
from audit.regimes.applying import Applies, all_of
from audit.regimes.deadlines import event_words
from audit.regimes.entities import Concerned, concerned_by, entities
from audit.regimes.events import Decision
from audit.regimes.model import OBLIGATIONS, Regime, Stage

MOST = 200  # clocks on one page
STATES = {
    ClockState.RUNNING: "running", ClockState.LATE: "failed", ClockState.MET: "done", ClockState.MET_LATE: "late",
    ClockState.NOT_NEEDED: "skipped", ClockState.VOID: "cancelled",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClockRow:
    """A clock as people read it. `state` is its colour. regime, stage: None where the rule is gone."""

    clock: Clock
    about: Label
    regime: Regime | None
    stage: Stage | None

    @property
    def title(self) -> str:
        """ "DORA: Initial notification"."""
        return f"{self.short}: {self.stage_name}"

    @property
    def short(self) -> str:
        """The regime's short name."""
        return self.regime.short if self.regime else self.clock.regime

    @property
    def stage_name(self) -> str:
        """The report's name."""
        return self.stage.name if self.stage else self.clock.stage.replace("_", " ").capitalize()

    @property
    def state(self) -> str:
        """Its colour and glyph."""
        return STATES[ClockState(self.clock.state)]

    @property
    def words(self) -> str:
        """Its state in words."""
        return str(self.clock.get_state_display())

    @property
    def started_by(self) -> str:
        """What started it."""
        return event_words(self.clock.start_event)

    @property
    def obligation(self) -> str:
        """Mandatory, or where its condition is met."""
        return OBLIGATIONS[self.stage.obligation] if self.stage else ""

    @property
    def is_from_memory(self) -> bool:
        """Whether the data is unsure of the rule."""
        return self.stage is not None and self.stage.confidence == "memory"

    @property
    def limit_words(self) -> str:
        """ "4 hours", "without undue delay"."""
        return next((line.removeprefix("From then ").rstrip(".") for line in self.clock.because[1:2]), "")

    @property
    def local_due(self) -> str:
        """The legal limit in the entity's own time."""
        return _local(self.clock.legal_at, self.clock.entity)

    @property
    def local_safe(self) -> str:
        """The safe target in the entity's own time."""
        return _local(self.clock.safe_at, self.clock.entity)


def _local(moment: dt.datetime | None, entity: LegalEntity) -> str:
    return f"{moment.astimezone(ZoneInfo(entity.zone)):%a %-d %b %Y, %H:%M %Z}" if moment else ""


def clock_rows(clocks: Iterable[Clock]) -> list[ClockRow]:
    """These clocks, in their order."""
    found = list(clocks)
    if not found:
        return []
    named, regimes = labels(sorted({clock.stream.uid for clock in found})), rules.regimes()
    rows = []
    for clock in found:
        regime = regimes.get(clock.regime)
        stage = regime.stage(clock.stage) if regime else None
        rows.append(ClockRow(clock, named[clock.stream.uid], regime, stage))
    return rows


def deadlines(streams: QuerySet[Stream], *, regime: str = "", entity: str = "", state: str = "open") -> QuerySet[Clock]:
    """The clocks of these streams, what is due soonest first; those without a moment after them. state: open, all, or
    one state."""
    found = Clock.objects.filter(stream__in=streams).select_related("stream", "entity")
    found = found.filter(regime=regime) if regime else found
    found = found.filter(entity__uid=entity) if entity else found
    if state == "open":
        found = found.filter(state__in=OPEN_CLOCKS)
    elif state != "all":
        found = found.filter(state=state)
    return found.order_by(F("legal_at").asc(nulls_last=True), "started_at", "pk")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A worksheet of one entity in one stream, in a list."""

    worksheet: str
    title: str
    question: str
    decision: Decision | None

    @property
    def state(self) -> str:
        """Its colour."""
        return "waiting" if self.decision is None else "done"

    @property
    def words(self) -> str:
        """What was decided."""
        return str(self.decision.fields.get("words", "Decided")) if self.decision else "Not decided"


@dataclass(frozen=True, slots=True)
class EntityPart:
    """What one entity owes about a stream: the rules that apply, the questions, the clocks."""

    entity: LegalEntity
    because: str
    sheets: list[SheetRow]
    unsure: list[Applies]
    clocks: list[ClockRow]


@dataclass(frozen=True, slots=True)
class StatedRow:
    """Something that a person stated."""

    seq: int
    words: str
    at: dt.datetime
    note: str
    who: str
    scope: str


@dataclass(frozen=True)
class Overview:
    """Everything about one stream: for each entity concerned, then the others, and what was stated."""

    parts: list[EntityPart]
    others: list[LegalEntity]
    stated: list[StatedRow]
    presumed: list[tuple[str, dt.datetime, int]]


def overview(stream: str, today: dt.date) -> Overview:
    """The page of one stream."""
    happened = events.read(stream)
    concerned = {one.entity.uid: one for one in concerned_by(stream)}
    for entity in LegalEntity.objects.filter(uid__in=happened.entities() - set(concerned)):
        concerned[entity.uid] = Concerned(entity, "a person decided about it")
    clocks = clock_rows(deadlines(Stream.objects.filter(uid=stream), state="all"))
    parts = [_part(one, happened, clocks, today) for one in concerned.values()]
    others = [entity for entity in entities() if entity.uid not in concerned]
    presumed = [(event_words(name), moment.at, moment.seq) for name, moment in sorted(happened.presumed.items())]
    return Overview(parts, others, _stated(happened), presumed)


def _part(one: Concerned, happened: events.Happened, clocks: list[ClockRow], today: dt.date) -> EntityPart:
    found = all_of(one.entity, rules.regimes(), today)
    names = [name for each in found if each.answer == "applies" for name in each.regime.worksheets]
    names += [each.worksheet for each in happened.decisions if each.entity == one.entity.uid]
    sheets, known = [], rules.worksheets()
    for name in dict.fromkeys(names):
        if name in known:
            decided = happened.decisions_of(one.entity.uid, [name])
            sheets.append(SheetRow(name, known[name].title, known[name].question, decided[-1] if decided else None))
    unsure = [each for each in found if each.answer == "unsure"]
    return EntityPart(
        one.entity, one.because, sheets, unsure, [row for row in clocks if row.clock.entity == one.entity]
    )


def _stated(happened: events.Happened) -> list[StatedRow]:
    named = people(row.actor for row in happened.stated)
    known = {entity.uid: entity.name for entity in LegalEntity.objects.all()}
    regimes = rules.regimes()
    rows = []
    for row in happened.stated:
        if not {"event", "at"} <= set(row.fields):
            continue
        regime, entity = str(row.fields.get("regime", "")), str(row.fields.get("entity", ""))
        scope = ", ".join(filter(None, [regimes[regime].short if regime in regimes else regime, known.get(entity, "")]))
        at = dt.datetime.fromisoformat(str(row.fields["at"]))
        note = str(row.fields.get("note", ""))
        rows.append(StatedRow(row.seq, event_words(str(row.fields["event"])), at, note, named[row.actor].name, scope))
    return rows


def strip(stream: str, most: int = 4) -> list[ClockRow]:
    """The open clocks of a stream that are due soonest: for the war room. A few queries, none of the ledger."""
    return clock_rows(deadlines(Stream.objects.filter(uid=stream))[:most])


def choices() -> Mapping[str, list[tuple[str, str]]]:
    """What filters offer: regimes and entities."""
    return {
        "regimes": [(regime.id, regime.short) for regime in rules.regimes().values()],
        "entities": [(entity.uid, entity.name) for entity in entities()],
    }
