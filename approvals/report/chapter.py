"""The chapter on approvals, the findings for the summary, and the words that need explaining."""

from approvals.report import words_de, words_en
from approvals.report.history import Told, requests_in
from audit.reports.blocks import APPROVALS, Block, Cell, Column, Contribution, Facts, Notice, Paragraph, Section, Table
from audit.reports.chapters import is_hidden, term
from audit.reports.contributions import register
from audit.reports.reading import Reading
from audit.reports.wording import register_words
from audit.selectors import EntryRow

TERMS = ("approval", "digest", "glass", "seat", "standing")


def start() -> None:
    """Register what this room says."""
    register_words("en", words_en.WORDS)
    register_words("de", words_de.WORDS)
    register(contribute)


def contribute(reading: Reading) -> Contribution:
    """Empty where nothing was asked."""
    told = [each for part in reading.material.streams for each in requests_in(reading.rows_of(part))]
    if not told:
        return Contribution()
    words = reading.words
    section = Section(APPROVALS, words("approvals.title"), _blocks(reading, told))
    return Contribution(
        findings=_findings(reading, told),
        sections=[section],
        glossary=[term(words, f"approvals.glossary.{key}") for key in TERMS],
    )


def _blocks(reading: Reading, told: list[Told]) -> list[Block]:
    words = reading.words
    settled = [each for each in told if each.is_approved]
    lead = words("approvals.lead", asked=words.count("approvals.asked", len(told)), approved=words.number(len(settled)))
    columns = [Column(words("approvals.question")), Column(words("approvals.when_asked"), 43)]
    columns += [Column(words("approvals.answer"), 48), Column(words("approvals.bound"), 25)]
    blocks: list[Block] = [Paragraph(lead), Table(columns, [_row(reading, each) for each in told])]
    blocks += [Facts(_glass(reading, each)) for each in told if each.glass]
    return blocks


def _row(reading: Reading, told: Told) -> list[Cell]:
    known = told.asked or told.rows[0]
    said = {name: reading.field(told.asked, name) if told.asked else "" for name in ("effect", "undo")}
    effect = [reading.words(f"approvals.{name}", text=text) for name, text in said.items() if text]
    return [
        Cell(reading.field(known, "question"), "\n".join(effect)),
        _asked(reading, told),
        _answer(reading, told),
        Cell(reading.field(known, "digest"), is_mono=not is_hidden(known.fields.get("digest"))),
    ]


def _asked(reading: Reading, told: Told) -> Cell:
    words, row = reading.words, told.asked
    if row is None:
        return Cell(words("approvals.before"))
    people = row.fields.get("asked")
    who = reading.names(people) if isinstance(people, list) else reading.readable(people)
    as_what = reading.field(row, "because")
    under = words("approvals.of", who=who, because=as_what) if who else words("approvals.of_nobody")
    return Cell(reading.moment(row.time).text, under)


def _answer(reading: Reading, told: Told) -> Cell:
    words, end = reading.words, told.end
    if end is None:
        return Cell(words("approvals.open"), state="approval")
    ground = end.fields.get("ground", "decided")
    kind = end.kind.removeprefix("approval.")
    key = f"approvals.by.{ground}" if kind == "approved" and not is_hidden(ground) else f"approvals.by.{kind}"
    said = words.get(key, words(f"approvals.by.{kind}")).format(who=reading.who(end.actor))
    under = [reading.moment(end.time).text]
    if told.waited:
        under.append(words("approvals.after", span=reading.since(*told.waited)))
    if factor := reading.field(end, "factor"):
        under.append(words("approvals.factor", factor=factor))
    under += [words("approvals.agreed", who=reading.who(row.actor)) for row in told.every("agreed")]
    under += [words("approvals.condition", text=text) for text in _conditions(reading, end)]
    under += [words("approvals.used", at=reading.moment(row.time).text) for row in told.every("used")[:1]]
    state = "failed" if told.glass or kind == "rejected" else "done" if kind == "approved" else "cancelled"
    return Cell(said, "\n".join(under), reading.field(end, "reason"), state)


def _conditions(reading: Reading, end: EntryRow) -> list[str]:
    found = end.fields.get("conditions")
    if not isinstance(found, list):
        return [reading.readable(found)] if found else []
    return [reading.readable(each.get("text")) for each in found if isinstance(each, dict)]


def _glass(reading: Reading, told: Told) -> list[tuple[str, Cell]]:
    """Who went on without the approver, why, and what the review found."""
    words, glass = reading.words, told.glass
    assert glass is not None
    passed = glass.fields.get("passed_over")
    found = [
        (words("approvals.glass"), Cell(reading.field(glass, "question"))),
        (words("approvals.glass.by"), Cell(reading.who(glass.actor), reading.moment(glass.time).text)),
        (words("approvals.glass.why"), Cell(reading.field(glass, "reason"))),
    ]
    if passed:
        who = reading.names(passed) if isinstance(passed, list) else reading.readable(passed)
        found.append((words("approvals.glass.passed"), Cell(who)))
    return [*found, (words("approvals.glass.review"), _review(reading, told))]


def _review(reading: Reading, told: Told) -> Cell:
    row = told.review
    if row is None:
        return Cell(reading.words("approvals.review.none"), state="late")
    how = row.kind.removeprefix("approval.review_")
    said = reading.words(f"approvals.review.{how}", who=reading.who(row.actor))
    under = reading.moment(row.time).text
    return Cell(said, under, reading.field(row, "finding"), "done" if how == "justified" else "failed")


def _findings(reading: Reading, told: list[Told]) -> list[Notice]:
    """What must not be overlooked: glass that was broken, and its review; attempts of people who had no say."""
    words = reading.words
    found = []
    for each in told:
        if each.glass:
            question = reading.field(each.glass, "question")
            text = words(
                "approvals.finding.glass", who=reading.who(each.glass.actor), review=_review(reading, each).text
            )
            found.append(Notice("failed", words("approvals.finding.glass.title", question=question), text))
    if refused := [row for each in told for row in each.every("refused")]:
        who = reading.names(dict.fromkeys(row.actor for row in refused))
        title = words.count("approvals.finding.refused", len(refused))
        found.append(Notice("late", title, words("approvals.finding.refused.text", who=who)))
    return found
