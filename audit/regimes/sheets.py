"""A worksheet of one entity in one stream: facts, what the rule says of them, and what a person decided.

Facts are entries: `classification.stated` holds those that changed. Whoever writes names the entry they saw last, so
that two people never overwrite each other unseen.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from audit.ledger import Actor
from audit.models import LegalEntity, Stream
from audit.naming import people
from audit.regimes import events, rules
from audit.regimes.errors import StaleWorksheet
from audit.regimes.evaluating import Evaluation, evaluate
from audit.regimes.events import DECIDED, FACTS, Decision
from audit.regimes.keeping import refresh
from audit.regimes.model import Operand, Worksheet
from audit.regimes.providers import Known, room_of
from audit.regimes.tree import Value
from audit.selectors import EntryRow
from plumbing.database import atomic
from plumbing.errors import BadField

LONGEST_REASON = 2_000
AHEAD = dt.timedelta(minutes=5)  # how far somebody's clock may be before ours


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one operand. supports: seqs of the entries that bear it out. seq: the entry that states it;
    None for one that the record offers and nobody has stated."""

    operand: Operand
    value: Value
    is_estimate: bool = False
    words: str = ""
    supports: tuple[int, ...] = ()
    seq: int | None = None
    actor: str = ""


@dataclass(frozen=True)
class Sheet:
    """A worksheet as it stands. seen: seq of the last entry about it (-1: none), which a write has to name."""

    stream: str
    entity: LegalEntity
    worksheet: Worksheet
    facts: Mapping[str, Fact]
    evaluation: Evaluation
    decisions: Sequence[Decision]
    seen: int

    @property
    def decision(self) -> Decision | None:
        """The last word of a person; None while nobody decided."""
        return self.decisions[-1] if self.decisions else None

    @property
    def rule_says(self) -> str:
        """yes, no, or open: a missing fact could still change it."""
        return "open" if self.evaluation.is_open else "yes" if self.evaluation.is_met else "no"

    @property
    def is_decision_old(self) -> bool:
        """Whether facts changed since somebody decided."""
        return self.decision is not None and self.seen > self.decision.seq


def sheet_of(stream: str, entity: LegalEntity, worksheet: Worksheet) -> Sheet:
    """The worksheet with stated facts, and with those that the record offers where nobody stated any."""
    rows = [
        row
        for row in events.rows_of(stream, [FACTS, DECIDED])
        if row.fields.get("entity") == entity.uid and row.fields.get("worksheet") == worksheet.id
    ]
    offers = [known for known in room_of(stream).knows(stream) if known.operand in worksheet.operands]
    facts = {known.operand: _offered(known, worksheet) for known in offers}
    for row in rows:
        if row.kind == FACTS:
            facts |= _stated(row, worksheet)
    known_values = {name: fact.value for name, fact in facts.items()}
    evaluation = evaluate(
        worksheet, known_values, home_state=entity.home_state, count_home=entity.count_home_state
    )  # fmt: skip
    decisions = [found for row in rows if row.kind == DECIDED and (found := events.decision_of(row))]
    return Sheet(stream, entity, worksheet, facts, evaluation, decisions, rows[-1].seq if rows else -1)


def _offered(known: Known, worksheet: Worksheet) -> Fact:
    return Fact(worksheet.operands[known.operand], known.value, known.is_estimate, known.words, known.supports)


def _stated(row: EntryRow, worksheet: Worksheet) -> dict[str, Fact]:
    said = row.fields.get("facts")
    found = {}
    for name, one in said.items() if isinstance(said, Mapping) else ():
        if name in worksheet.operands and isinstance(one, Mapping):
            operand = worksheet.operands[name]
            supports = one.get("supports")
            found[name] = Fact(
                operand, value_from(one.get("value"), operand), one.get("is_estimate") is True,
                str(one.get("words") or ""), tuple(supports) if isinstance(supports, list) else (), row.seq, row.actor,
            )  # fmt: skip
    return found


def value_from(stored: Json, operand: Operand) -> Value:
    """A value as an entry holds it: numbers are text there, because entries hold no fractions."""
    if isinstance(stored, str) and operand.type == "number":
        return float(stored)
    return list(map(str, stored)) if isinstance(stored, list | tuple) else stored  # type: ignore[return-value]


def value_to(value: Value, operand: Operand) -> Json:
    """The value as an entry can hold it."""
    if operand.type == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return value  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Said:
    """What a person states of one operand; value None: it is not known."""

    value: Value
    is_estimate: bool = False
    words: str = ""
    supports: tuple[int, ...] = ()


@atomic()
def state_facts(
    stream: str, entity: LegalEntity, worksheet: Worksheet, said: Mapping[str, Said], *, seen: int, actor: Actor
) -> Sheet:
    """Record the facts that changed. Raises StaleWorksheet, BadField for an operand or an entry that isn't there."""
    ledger.hold(stream)
    sheet = sheet_of(stream, entity, worksheet)
    _check_fresh(sheet, seen)
    reached = ledger_reached(stream)
    changed: dict[str, Json] = {}
    for name, one in said.items():
        if name not in worksheet.operands:
            raise BadField(name, f"The worksheet {worksheet.id} asks for no fact {name!r}.")
        if any(seq < 0 or seq > reached for seq in one.supports):
            raise BadField(name, f"An entry that supports it must be one of 0 to {reached} of this stream.")
        if _differs(sheet.facts.get(name), one):
            changed[name] = _as_entry(one, worksheet.operands[name])
    if changed:
        ledger.record(stream, FACTS, actor, {"worksheet": worksheet.id, "entity": entity.uid, "facts": changed})
    return sheet_of(stream, entity, worksheet)


def ledger_reached(stream: str) -> int:
    """seq of the last entry of a stream that is held."""
    return Stream.objects.get(uid=stream).size - 1


def _differs(fact: Fact | None, one: Said) -> bool:
    if fact is None:
        return one.value is not None or bool(one.words)
    if fact.seq is None and one.value is not None:
        return True  # the record offered it; now a person states it
    was = (fact.value, fact.is_estimate, fact.words, fact.supports)
    return was != (one.value, one.is_estimate, one.words, one.supports)


def _as_entry(one: Said, operand: Operand) -> Json:
    return {
        "value": value_to(one.value, operand), "is_estimate": one.is_estimate, "words": one.words,
        "supports": list(one.supports),
    }  # fmt: skip


def _kept(fact: Fact) -> Json:
    return _as_entry(Said(fact.value, fact.is_estimate, fact.words, fact.supports), fact.operand)


def _check_fresh(sheet: Sheet, seen: int) -> None:
    if sheet.seen == seen:
        return
    last = events.rows_of(sheet.stream, [FACTS, DECIDED])[-1:]
    who = people([last[0].actor])[last[0].actor].name if last else "somebody"
    raise StaleWorksheet(seen, sheet.seen, who)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person decides. at: since when it holds, None for now. never: at no time was the rule met."""

    yes: bool
    reason: str
    at: dt.datetime | None = None
    never: bool = False


@atomic()
def decide(
    stream: str,
    entity: LegalEntity,
    worksheet: Worksheet,
    verdict: Verdict,
    *,
    seen: int,
    actor: Actor,
    now: dt.datetime,
) -> Decision:
    """A person decides, and the clocks that follow begin: both, or neither.

    The facts that the record offered, on which the decision rests, are recorded with it.
    Raises StaleWorksheet, BadField."""
    ledger.hold(stream)
    sheet = sheet_of(stream, entity, worksheet)
    _check_fresh(sheet, seen)
    at = _moment(verdict, sheet, now)
    offered = {name: _kept(fact) for name, fact in sheet.facts.items() if fact.seq is None}
    if offered:
        ledger.record(stream, FACTS, actor, {"worksheet": worksheet.id, "entity": entity.uid, "facts": offered})
    says = "yes" if verdict.yes else "no"
    fields: dict[str, Json] = {
        "worksheet": worksheet.id, "entity": entity.uid, "entity_name": entity.name, "verdict": says,
        "words": worksheet.yes if verdict.yes else worksheet.no, "at": stamp(at), "reason": verdict.reason.strip(),
        "rule_says": sheet.rule_says, "differs": sheet.rule_says != says, "never": verdict.never,
        "met": sorted(sheet.evaluation.met_criteria()), "missing": list(sheet.evaluation.missing_that_matter),
        "conditions": list(sheet.evaluation.met_ids), "rules": worksheet.digest,
        "counts_home_state": entity.count_home_state, "facts_until": sheet.seen,
    }  # fmt: skip
    written = ledger.record(stream, DECIDED, actor, fields)
    refresh(stream, now=now, actor=actor)
    return Decision(entity.uid, worksheet.id, verdict.yes, at, written.seq, actor.actor_id, fields)


def _moment(verdict: Verdict, sheet: Sheet, now: dt.datetime) -> dt.datetime:
    at = verdict.at or now
    if not verdict.reason.strip():
        raise BadField("reason", "Give the reason, in a sentence.")
    if len(verdict.reason) > LONGEST_REASON:
        raise BadField("reason", f"At most {LONGEST_REASON} characters.")
    if at > now + AHEAD:
        raise BadField("at", "A decision can't have been made in the future.")
    if sheet.decision and at < sheet.decision.at:
        raise BadField("at", "It can't be earlier than the decision before it.")
    if verdict.never and (verdict.yes or not any(one.verdict for one in sheet.decisions)):
        raise BadField("never", "That is said when an earlier yes is taken back.")
    return at


def current(stream: str, entity_uid: str, worksheet: str) -> Sheet:
    """For filings: the worksheet of an entity as it stands. Raises LegalEntity.DoesNotExist, NoSuchRule."""
    return sheet_of(stream, LegalEntity.objects.get(uid=entity_uid), rules.worksheet_of(worksheet))
