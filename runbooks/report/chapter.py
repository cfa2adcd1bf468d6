"""The chapter on runs: what was followed, how each step came out, how long it took."""

from datetime import datetime

from audit.reports.blocks import (
    MEASURES,
    RUNS,
    Bar,
    Bars,
    Block,
    Cell,
    Column,
    Contribution,
    Facts,
    Paragraph,
    Section,
    Table,
)
from audit.reports.chapters import term
from audit.reports.contributions import register, register_sentences, speaker
from audit.reports.reading import Reading
from audit.reports.wording import register_words
from audit.selectors import EntryRow
from runbooks.report import deviations, versions, words_de, words_en
from runbooks.report.history import RunTold, StepTold, runs_in
from runbooks.report.picture import picture

TERMS = ("runbook", "run", "step", "probe", "lock")
MOST_BARS = 40


def start() -> None:
    """Register what this room says."""
    register_words("en", words_en.WORDS)
    register_words("de", words_de.WORDS)
    register(contribute)
    register_sentences(speaker(versions.TABLE))


def contribute(reading: Reading) -> Contribution:
    """Empty where nothing ran."""
    words = reading.words
    told = [run for part in reading.material.streams for run in runs_in(reading.rows_of(part))]
    about = [*versions.versions(reading), *versions.rehearsals(reading, told)] if is_about_one(reading) else []
    if not told:
        return Contribution(sections=about)
    blocks: list[Block] = []
    strayed: list[deviations.Found] = []
    for run in told:
        definition = run.definition(reading.material.files)
        blocks += _of_run(reading, run, shows_title=len(told) > 1)
        if definition is not None and (drawn := picture(reading, run, definition)):
            blocks.append(drawn)
        blocks.append(_steps(reading, run))
        strayed += deviations.chapter(reading, run, definition)
    sections = [
        *about,
        Section(RUNS, words.count("runbooks.title", len(told)), blocks),
        deviations.section(reading, strayed),
        *_measures(reading, told),
    ]
    return Contribution(
        findings=[finding for run in told for finding in deviations.unconsented(reading, run)],
        sections=sections,
        glossary=[term(words, f"runbooks.glossary.{key}") for key in TERMS],
    )


def is_about_one(reading: Reading) -> bool:
    """Whether the report is about a runbook, and not about what it was run for."""
    return reading.material.kind == "runbook"


def _of_run(reading: Reading, run: RunTold, *, shows_title: bool) -> list[Block]:
    words, started, end = reading.words, run.started, run.end
    if started is None:
        return [Paragraph(words("runbooks.begun_before"))]
    mode = reading.field(started, "mode")
    title = words("runbooks.version", title=reading.field(started, "runbook"), number=reading.field(started, "version"))
    found = [
        (words("runbooks.followed"), Cell(title)),
        (words("runbooks.digest"), Cell(reading.field(started, "digest"), is_mono=True)),
        (
            words("runbooks.mode"),
            Cell(words.get(f"runbooks.mode.{mode}", mode)),
        ),
        (words("runbooks.started"), Cell(reading.who(started.actor), reading.moment(started.time).text)),
    ]
    if end is None:
        found.append((words("runbooks.ended"), Cell(words("runbooks.goes_on"), state="running")))
    else:
        how = end.kind.removeprefix("run.")
        under = (
            f"{reading.moment(end.time).text}, {words('runbooks.after', span=reading.since(started.time, end.time))}"
        )
        state = {"succeeded": "done", "failed": "failed"}.get(how, "cancelled")
        found.append(
            (words("runbooks.ended"), Cell(words(f"runbooks.end.{how}"), under, reading.field(end, "why"), state))
        )
    lead: list[Block] = [Paragraph(title)] if shows_title else []
    return [*lead, Facts(found)]


def _end(reading: Reading, started: EntryRow, end: EntryRow) -> Cell:
    words, how = reading.words, end.kind.removeprefix("run.")
    after = words("runbooks.after", span=reading.since(started.time, end.time))
    state = {"succeeded": "done", "failed": "failed"}.get(how, "cancelled")
    under = f"{reading.moment(end.time).text}, {after}"
    return Cell(words(f"runbooks.end.{how}"), under, reading.field(end, "why"), state)


def _steps(reading: Reading, run: RunTold) -> Table:
    words = reading.words
    columns = [Column(words("runbooks.step")), Column(words("runbooks.state"), 32), Column(words("runbooks.by"), 36)]
    columns += [Column(words("runbooks.began"), 37), Column(words("runbooks.took"), 17, is_number=True)]
    return Table(columns, [_step(reading, step) for step in run.steps.values()])


def _step(reading: Reading, step: StepTold) -> list[Cell]:
    words = reading.words
    tries = words.count("runbooks.tries", step.tries) if step.tries > 1 else ""
    who = reading.names(step.acted) if step.acted else words("runbooks.worker") if step.began else ""
    took = reading.since(step.began, step.ended) if step.began and step.ended else ""
    state = words.get(f"runbooks.state.{step.state}", step.state)
    began = Cell(reading.moment(step.began).text) if step.began else Cell("")
    return [Cell(step.title or step.id, tries), Cell(state, state=step.state), Cell(who), began, Cell(took)]


def _measures(reading: Reading, told: list[RunTold]) -> list[Section]:
    """How long the steps took, side by side on one axis."""
    words, blocks = reading.words, list[Block]()
    for run in told:
        timed = [(s, s.began, s.ended) for s in run.steps.values() if s.began and s.ended]
        if not timed:
            continue
        first, last = min(began for _, began, _ in timed), max(ended for _, _, ended in timed)
        bars = [_bar(reading, step, began, ended, first, last) for step, began, ended in timed[:MOST_BARS]]
        said = "; ".join(f"{bar.label}: {bar.figure}" for bar in bars)
        blocks.append(
            Paragraph(words("runbooks.bars", title=reading.field(run.started, "runbook") if run.started else ""))
        )
        ends = reading.moment(first).text, reading.moment(last).text
        blocks.append(Bars(bars, *ends, words("runbooks.bars.alt", steps=said)))
    return [Section(MEASURES + 1, words("runbooks.measures"), blocks)] if blocks else []


def _bar(reading: Reading, step: StepTold, began: datetime, ended: datetime, first: datetime, last: datetime) -> Bar:
    whole = (last - first).total_seconds() or 1.0
    place = ((began - first).total_seconds() / whole, (ended - first).total_seconds() / whole)
    return Bar(step.title or step.id, *place, step.state, reading.since(began, ended))
