"""Where a run left its runbook, and where something was done before its consent."""

from audit.reports.blocks import DEVIATIONS, Block, Cell, Column, Notice, Paragraph, Section, Table
from audit.reports.chapters import tell
from audit.reports.reading import Reading
from audit.selectors import EntryRow
from runbooks.engine.model import Definition
from runbooks.report.history import PASSED, RunTold, title_of

KINDS = {  # kind of entry -> key of the words that name the deviation
    "step.skipped": "skipped",
    "step.replaced": "replaced",
    "step.settled": "settled",
    "step.answered": "answered",
    "step.held": "held",
    "step.overdue": "overdue",
    "step.unknown": "unknown",
    "step.went_back": "repeated",
    "step.stuck": "stuck",
    "attempt.failed": "failed",
    "attempt.lost": "lost",
    "run.paused": "paused",
    "run.cancelled": "cancelled",
    "run.input_changed": "input",
    "run.undo_asked": "undo",
    "run.rerun": "repeated",
    "run.migrated": "migrated",
    "run.reopened": "reopened",
    "lock.overridden": "forced",
    "group.accepted": "accepted",
    "proposal.accepted": "added",
}
Found = tuple[EntryRow, str, Cell]


def chapter(reading: Reading, run: RunTold, definition: Definition | None) -> list[Found]:
    """(entry, kind of deviation, what it says) for each, in the order of the entries."""
    found = [
        (row, KINDS[row.kind], _said(reading, row)) for row in run.rows if row.kind in KINDS and not _is_by_rule(row)
    ]
    found += _out_of_order(reading, run, definition) if definition else []
    return sorted(found, key=lambda each: each[0].seq)


def _is_by_rule(row: EntryRow) -> bool:
    """A step that the runbook itself left out is no deviation."""
    return row.kind == "step.skipped" and not row.actor.startswith("usr_")


def _said(reading: Reading, row: EntryRow) -> Cell:
    told = tell(reading, row)
    return Cell(told.text, told.note, told.quote)


def _out_of_order(reading: Reading, run: RunTold, definition: Definition) -> list[Found]:
    """Steps that began before all that they need had ended, and steps that the runbook doesn't have."""
    state: dict[str, str] = {}
    found: list[Found] = []
    for row in run.rows:
        step = row.fields.get("step")
        if not isinstance(step, str) or not row.kind.startswith("step.") or "from" not in row.fields:
            continue
        spec = definition.by_id.get(step)
        is_first = step not in state
        state[step] = row.kind.removeprefix("step.")
        title = reading.field(row, "title")
        if spec is None and is_first and not {"@", "/", ":", "."} & set(step):  # items of loops and undos have these
            found.append((row, "added", Cell(reading.words("runbooks.deviation.added.text", title=title))))
        if spec is not None and state[step] == "running":
            missing = [definition.by_id[need] for need in spec.needs if state.get(need, "waiting") not in PASSED]
            if missing:
                needs = reading.words.listing([title_of(reading, run, each) for each in missing])
                text = reading.words("runbooks.deviation.order.text", title=title, needs=needs)
                found.append((row, "order", Cell(text)))
    return found


def section(reading: Reading, found: list[Found]) -> Section:
    """All deviations of all runs, or that there were none."""
    words = reading.words
    title = words("runbooks.deviations")
    if not found:
        nothing = Notice("done", words("runbooks.deviations.none"), words("runbooks.deviations.none.text"))
        return Section(DEVIATIONS, title, [nothing])
    columns = [Column(words("timeline.entry"), 11, is_number=True), Column(words("timeline.time"), 37)]
    columns += [Column(words("runbooks.deviation"), 34), Column(words("timeline.what"))]
    rows = [
        [Cell(str(row.seq)), reading.moment(row.time), Cell(words(f"runbooks.deviation.{key}")), said]
        for row, key, said in found
    ]
    blocks: list[Block] = [Paragraph(words.count("runbooks.deviations.lead", len(rows))), Table(columns, rows)]
    return Section(DEVIATIONS, title, blocks)


def unconsented(reading: Reading, run: RunTold) -> list[Notice]:
    """Steps that needed consent and began without it: the worst that a report can say of a run."""
    words, found = reading.words, []
    approved = {
        str(row.fields.get("subject")): row.seq for row in _approvals(reading) if row.kind == "approval.approved"
    }
    for step in run.steps.values():
        if step.asked is None:
            continue
        asked = step.asked.seq
        began = next(
            (r for r in run.rows if r.kind == "step.running" and r.fields.get("step") == step.id and r.seq > asked),
            None,
        )
        yes = approved.get(f"run/{run.uid}/{step.id}")
        if began is not None and (yes is None or yes > began.seq) and not _subjects_hidden(reading):
            title = words("runbooks.finding.unconsented.title", title=step.title)
            found.append(Notice("failed", title, words("runbooks.finding.unconsented", seq=began.seq)))
    return found


def _approvals(reading: Reading) -> list[EntryRow]:
    return [row for row in reading.rows if row.kind.startswith("approval.")]


def _subjects_hidden(reading: Reading) -> bool:
    """Whether some approval doesn't say what it is for: then nothing can be said of the steps that lack one."""
    return any(str(row.fields.get("subject", "")).startswith("[") for row in _approvals(reading))
