"""A runbook's report: its versions, who wrote and who published each, and how its runs and rehearsals went."""

from audit.reports.blocks import Cell, Column, Paragraph, Section, Table
from audit.reports.reading import Reading
from audit.selectors import EntryRow
from runbooks.report.history import RunTold

VERSIONS, REHEARSALS = 20, 30

TABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "runbook.made": ("{who} began the runbook {title}", "Team {team}."),
        "version.saved": ("{who} saved version {version}",),
        "version.published": ("{who} published version {version}",),
        "resource.made": ("{who} made the resource {resource} of {capacity}",),
        "resource.changed": ("{who} changed the resource {resource} from {was} to {now}", "", "{reason}"),
    },
    "de": {
        "runbook.made": ("{who} legte das Runbook {title} an", "Team {team}."),
        "version.saved": ("{who} speicherte Version {version}",),
        "version.published": ("{who} veröffentlichte Version {version}",),
        "resource.made": ("{who} legte die Ressource {resource} mit {capacity} an",),
        "resource.changed": ("{who} änderte die Ressource {resource} von {was} auf {now}", "", "{reason}"),
    },
}


def versions(reading: Reading) -> list[Section]:
    """Each version with its author, its publisher and the digest of its text."""
    words = reading.words
    saved = [row for row in reading.rows if row.kind == "version.saved"]
    if not saved:
        return []
    published = {str(row.fields.get("version")): row for row in reading.rows if row.kind == "version.published"}
    rows = [_version(reading, row, published.get(str(row.fields.get("version")))) for row in saved]
    columns = [Column(words("runbooks.number"), 20, is_number=True), Column(words("runbooks.written"), 42)]
    columns += [Column(words("runbooks.published"), 42), Column(words("runbooks.digest"))]
    return [Section(VERSIONS, words("runbooks.versions"), [Table(columns, rows)])]


def _version(reading: Reading, saved: EntryRow, published: EntryRow | None) -> list[Cell]:
    by = Cell(reading.words("runbooks.draft"))
    if published is not None:
        alone = published.actor == saved.actor
        under = reading.moment(published.time).text
        by = Cell(reading.who(published.actor), under, reading.words("runbooks.alone") if alone else "")
    written = Cell(reading.who(saved.actor), reading.moment(saved.time).text)
    return [Cell(reading.field(saved, "version")), written, by, Cell(reading.field(saved, "digest"), is_mono=True)]


def rehearsals(reading: Reading, told: list[RunTold]) -> list[Section]:
    """How the runs and rehearsals went, one line each."""
    words = reading.words
    rows = [_run(reading, run, run.started) for run in told if run.started is not None]
    if not rows:
        return [Section(REHEARSALS, words("runbooks.runs"), [Paragraph(words("runbooks.runs.none"))])]
    columns = [Column(words("runbooks.mode"), 26), Column(words("runbooks.followed"))]
    columns += [Column(words("runbooks.started"), 44), Column(words("runbooks.ended"), 44)]
    return [Section(REHEARSALS, words("runbooks.runs"), [Table(columns, rows)])]


def _run(reading: Reading, run: RunTold, started: EntryRow) -> list[Cell]:
    words, end, mode = reading.words, run.end, reading.field(started, "mode")
    title = words("runbooks.version", title=reading.field(started, "runbook"), number=reading.field(started, "version"))
    how = Cell(words("runbooks.goes_on"), state="running")
    if end is not None:
        state = {"run.succeeded": "done", "run.failed": "failed"}.get(end.kind, "cancelled")
        span = words("runbooks.after", span=reading.since(started.time, end.time))
        how = Cell(words(f"runbooks.end.{end.kind.removeprefix('run.')}"), span, state=state)
    began = Cell(reading.who(started.actor), reading.moment(started.time).text)
    return [Cell(words.get(f"runbooks.mode.{mode}", mode)), Cell(title), began, how]
