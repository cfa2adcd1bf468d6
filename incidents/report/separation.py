"""Who detected, decided, acted and verified; and where one of them was the same person, it is said."""

from collections.abc import Iterable

from audit.reports.blocks import DECISIONS, SEPARATION, Block, Cell, Column, Notice, Paragraph, Section, Table
from audit.reports.chapters import tell
from audit.reports.reading import Hidden, Reading
from audit.selectors import EntryRow
from incidents.report.history import IncidentTold

DECIDED = frozenset(
    {
        *("decision.noted", "severity.set", "incident.forced", "incident.moved", "role.taken"),
        *("approval.approved", "approval.agreed", "approval.rejected", "approval.withdrawn", "approval.glass_broken"),
        *("approval.review_justified", "approval.review_unjustified", "group.assessed", "decision.taken"),
        *("step.answered", "step.skipped", "step.replaced", "step.settled", "step.held", "step.released"),
        *("run.chosen", "run.paused", "run.resumed", "run.cancelled", "run.undo_asked", "run.rerun", "run.migrated"),
        *("run.input_changed", "lock.overridden", "proposal.accepted", "proposal.declined"),
    }
)
CONSENT = frozenset({"approval.approved", "approval.agreed", "approval.rejected"})
ANSWERS = CONSENT | {"decision.noted", "group.assessed"}
PARTS = ("requester", "executor", "author")


def decisions(told: IncidentTold) -> list[Section]:
    """Everything that a person decided, with the reason that was given."""
    reading, words = told.reading, told.reading.words
    rows = [row for row in told.rows if row.kind in DECIDED and row.actor.startswith("usr_")]
    title = words("incidents.decisions")
    if not rows:
        return [Section(DECISIONS, title, [Paragraph(words("incidents.decisions.none"))])]
    columns = [Column(words("timeline.entry"), 11, is_number=True), Column(words("timeline.time"), 37)]
    columns += [Column(words("incidents.who"), 34), Column(words("incidents.decision"))]
    lines = []
    for row in rows:
        said = tell(reading, row)
        what = Cell(said.text, said.note, said.quote)
        lines.append([Cell(str(row.seq)), reading.moment(row.time), Cell(reading.who(row.actor)), what])
    return [Section(DECISIONS, title, [Paragraph(words("incidents.decisions.lead"), "small"), Table(columns, lines)])]


def separation(told: IncidentTold) -> tuple[list[Section], list[Notice]]:
    """The chapter, and the failures for the summary."""
    words, failures = told.reading.words, failures_of(told)
    rows = []
    for key, who in _who(told).items():
        name, shown_by = words(f"incidents.role.{key}"), words(f"incidents.role.{key}.what")
        rows.append([Cell(name), Cell("\n".join(who) or words("incidents.nobody")), Cell(shown_by)])
    columns = [Column(words("incidents.concern"), 30), Column(words("incidents.who"), 62)]
    columns.append(Column(words("incidents.shown_by")))
    parts: list[Block] = [Paragraph(words("incidents.separation.lead"), "small"), Table(columns, rows)]
    if not failures:
        unknown = any(isinstance(each, Hidden) for row in told.rows for each in row.fields.values())
        text = words("incidents.separation.partly" if unknown else "incidents.separation.kept.text")
        parts.append(Notice("late" if unknown else "done", words("incidents.separation.kept"), text))
    return [Section(SEPARATION, words("incidents.separation"), [*parts, *failures])], failures


def _who(told: IncidentTold) -> dict[str, list[str]]:
    """Names by concern; a machine counts by the name that the entry gives it."""
    reading = told.reading
    detected = [reading.field(row, "source") for row in told.every("signal.joined")]
    if not detected and told.opened:
        detected = [reading.who(told.opened.actor)]
    decided = [reading.who(row.actor) for row in told.rows if row.kind in ANSWERS]
    acted = [reading.who(row.actor) if _is_person(row) else _worker(reading, row) for row in _acts(told)]
    verified = [reading.field(row, "probe") for row in told.every("health.changed") if row.fields.get("now") == "green"]
    verified += [_probe(reading, row) for row in told.every("attempt.succeeded") if row.fields.get("of") == "verify"]
    found = {"detected": detected, "decided": decided, "acted": acted, "verified": verified}
    return {key: list(dict.fromkeys(each for each in names if each)) for key, names in found.items()}


def _acts(told: IncidentTold) -> list[EntryRow]:
    return [row for row in told.every("attempt.succeeded") if row.fields.get("of") == "act"]


def _is_person(row: EntryRow) -> bool:
    return row.actor.startswith("usr_")


def _worker(reading: Reading, row: EntryRow) -> str:
    return reading.words("incidents.worker", name=reading.field(row, "worker")) if row.fields.get("worker") else ""


def _probe(reading: Reading, row: EntryRow) -> str:
    return reading.words("incidents.step_probe", title=reading.field(row, "title"))


def failures_of(told: IncidentTold) -> list[Notice]:
    """Each failure of separation that the entries show, in their order."""
    return [*_decided_and_had_a_part(told), *_echoes(told), *_forced(told), *_own_review(told)]


def _decided_and_had_a_part(told: IncidentTold) -> Iterable[Notice]:
    """Whoever approved an act and asked for it, wrote it, or did it."""
    reading, words = told.reading, told.reading.words
    asked = {str(row.fields.get("request")): row for row in told.every("approval.asked")}
    for row in told.rows:
        if row.kind not in ("approval.approved", "approval.agreed") or not _is_person(row):
            continue
        question = asked.get(str(row.fields.get("request")))
        parts = [part for part in PARTS if question is not None and question.fields.get(part) == row.actor]
        shapers = question.fields.get("shapers") if question is not None else None
        if isinstance(shapers, list) and row.actor in shapers:
            parts.append("shaper")
        parts += ["actor"] if row.actor in _did(told, row.fields.get("subject")) else []
        if parts:
            named = words.listing([words(f"incidents.part.{part}") for part in parts])
            title = words("incidents.failure.decided", who=reading.who(row.actor))
            asked_for = reading.field(row, "question")
            text = words("incidents.failure.decided.text", seq=row.seq, parts=named, question=asked_for)
            yield Notice("failed", title, text)


def _did(told: IncidentTold, subject: object) -> set[str]:
    """Who began by hand the step that an approval is for."""
    parts = str(subject).split("/")
    if len(parts) != 3 or isinstance(subject, Hidden):
        return set()
    return {row.actor for row in told.every("step.running", run=parts[1], step=parts[2])}


def _echoes(told: IncidentTold) -> Iterable[Notice]:
    """Checks that asked whoever had acted: an echo, and no evidence."""
    reading, words = told.reading, told.reading.words
    for row in told.every("attempt.succeeded"):
        if echo := reading.field(row, "echo"):
            title = words("incidents.failure.echo", title=reading.field(row, "title"))
            yield Notice("failed", title, words("incidents.failure.echo.text", seq=row.seq, source=echo))


def _forced(told: IncidentTold) -> Iterable[Notice]:
    """Called resolved against the probes."""
    reading, words = told.reading, told.reading.words
    for row in told.every("incident.forced"):
        title = words("incidents.failure.forced", who=reading.who(row.actor))
        said = {name: reading.field(row, name) for name in ("red", "reason")}
        yield Notice("failed", title, words("incidents.failure.forced.text", seq=row.seq, **said))


def _own_review(told: IncidentTold) -> Iterable[Notice]:
    """Broken glass that its breaker reviewed."""
    reading, words = told.reading, told.reading.words
    for row in [*told.every("approval.review_justified"), *told.every("approval.review_unjustified")]:
        if row.fields.get("breaker") == row.actor:
            title = words("incidents.failure.review", who=reading.who(row.actor))
            yield Notice("failed", title, words("incidents.failure.review.text", seq=row.seq))
