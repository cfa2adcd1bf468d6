"""What stands on the first page: what happened, to what, when it began and ended, who led."""

from datetime import datetime

from audit.reports.blocks import MEASURES, Block, Cell, Column, Milestone, Paragraph, Section, Table
from audit.reports.chapters import brief
from audit.selectors import EntryRow
from incidents.report.history import IncidentTold


def lead(told: IncidentTold) -> list[str]:
    """The sentences at the top."""
    reading, words, opened = told.reading, told.reading.words, told.opened
    if opened is None:
        return []
    severity = reading.field(opened, "severity")
    at = reading.moment(opened.time).text
    found = [words("incidents.lead.opened", severity=severity, at=at, how=_how(told, opened))]
    if services := reading.field(opened, "services"):
        found.append(words("incidents.lead.impact", services=services))
    if told.commanders:
        found.append(words("incidents.lead.led", who=reading.names(told.commanders)))
    if end := told.resolved:
        start = told.began or opened.time
        found.append(words("incidents.lead.resolved", span=reading.since(start, end.time)))
    else:
        found.append(words("incidents.lead.burning"))
    return found


def _how(told: IncidentTold, opened: EntryRow) -> str:
    words = told.reading.words
    if rule := told.reading.field(opened, "rule"):
        return words("incidents.by_rule", rule=rule)
    return words("incidents.by_person", who=told.reading.who(opened.actor))


def facts(told: IncidentTold) -> list[tuple[str, Cell]]:
    """Terms and what is true of them."""
    reading, words, opened = told.reading, told.reading.words, told.opened
    if opened is None:
        return []
    severities = [reading.field(opened, "severity"), *(reading.field(row, "to") for row in told.every("severity.set"))]
    found = [(words("incidents.severity"), Cell(" → ".join(severities)))]
    if text := reading.field(opened, "description"):
        found.append((words("incidents.what"), Cell(brief(text))))
    if services := reading.field(opened, "services"):
        found.append((words("incidents.impact"), Cell(services)))
    if first := told.first("signal.joined"):
        said = words("incidents.signal", name=reading.field(first, "name"), source=reading.field(first, "source"))
        found.append((words("incidents.noticed"), Cell(said)))
    if told.commanders:
        found.append((words("incidents.led"), Cell(reading.names(told.commanders))))
    if end := told.resolved:
        said = words("incidents.resolved_by", who=reading.who(end.actor))
        found.append((words("incidents.ended"), Cell(said, "", brief(reading.field(end, "reason")))))
    return found


def milestones(told: IncidentTold) -> list[Milestone]:
    """From when it began to when it was closed."""
    reading, start = told.reading, told.began
    moments = [
        ("began", start),
        ("detected", _time(told.detected)),
        ("declared", _time(told.opened)),
        ("engaged", _time(told.engaged)),
        ("decided", _time(told.decided)),
        ("mitigated", _time(told.mitigated)),
        ("resolved", _time(told.resolved)),
        ("closed", _time(told.closed)),
    ]
    found = []
    for key, at in moments:
        if at is None and key in ("decided", "closed"):  # no decision was needed; not closed yet
            continue
        since = f"+ {reading.since(start, at)}" if start and at and key != "began" else ""
        moment = reading.moment(at) if at else None
        state = "waiting" if at is None else "failed" if key == "began" else "done"
        found.append(Milestone(reading.words(f"incidents.at.{key}"), moment, since, state))
    return found


def _time(row: EntryRow | None) -> datetime | None:
    return row.time if row else None


def measures(told: IncidentTold) -> list[Section]:
    """How long it took from when it began, and from one to the next."""
    reading, words, start = told.reading, told.reading.words, told.began
    if start is None:
        return []
    rows = []
    for key, row in (
        ("detect", told.detected),
        ("engage", told.engaged),
        ("decide", told.decided),
        ("mitigate", told.mitigated),
        ("resolve", told.resolved),
    ):
        took = reading.since(start, row.time) if row else words("incidents.not_yet")
        seq = str(row.seq) if row else ""
        name, until = words(f"incidents.measure.{key}"), words(f"incidents.measure.{key}.from")
        rows.append([Cell(name), Cell(until), Cell(seq), Cell(took)])
    rows += _waits(told)
    columns = [Column(words("incidents.measure"), 46), Column(words("incidents.measured"))]
    columns.append(Column(words("timeline.entry"), 14, is_number=True))
    columns.append(Column(words("incidents.took"), 30, is_number=True))
    blocks: list[Block] = [Paragraph(words("incidents.measures.lead"), "small"), Table(columns, rows)]
    return [Section(MEASURES, words("incidents.measures"), blocks)]


def _waits(told: IncidentTold) -> list[list[Cell]]:
    """How long each approval was waited for."""
    reading, words, found = told.reading, told.reading.words, []
    asked = {str(row.fields.get("request")): row for row in told.every("approval.asked")}
    for row in told.rows:
        first = asked.get(str(row.fields.get("request")))
        if row.kind in ("approval.approved", "approval.rejected") and first:
            took = reading.since(first.time, row.time)
            question = Cell(reading.field(row, "question"))
            found.append([Cell(words("incidents.measure.approval")), question, Cell(str(row.seq)), Cell(took)])
    return found
