"""A person's report: the roles that they had, from when to when, and what they did with them, by kind."""

from collections import Counter

from audit.reports import register, register_sentences, speaker
from audit.reports.blocks import Cell, Column, Contribution, Paragraph, Section, Table
from audit.reports.contributions import sentence
from audit.reports.reading import Reading, words_of
from audit.reports.wording import register_words
from audit.selectors import EntryRow
from catalog.report import words_de, words_en
from catalog.report.sentences import TABLE

RIGHTS, DEEDS = 20, 30  # places: where decisions and separation stand in an incident's report


def start() -> None:
    """Register what this room says."""
    register_words("en", words_en.WORDS)
    register_words("de", words_de.WORDS)
    register(contribute)
    register_sentences(speaker(TABLE))


def contribute(reading: Reading) -> Contribution:
    """Empty unless the report is about a person."""
    if reading.material.kind != "person":
        return Contribution()
    rows = [row for _, row in reading.everywhere()]
    sections = [_roles(reading, rows), _deeds(reading, rows)]
    return Contribution(lead=[reading.words("catalog.lead", title=reading.material.title)], sections=sections)


def _roles(reading: Reading, rows: list[EntryRow]) -> Section:
    """Roles given and taken away. What was given before these entries isn't told by them, and that is said."""
    words, lines = reading.words, []
    left = [row for row in rows if row.kind == "member.left"]
    for row in rows:
        if row.kind != "member.joined":
            continue
        ends = [each for each in left if each.time >= row.time and _place(each) == _place(row)]
        until = (
            Cell(reading.moment(ends[0].time).text, reading.who(ends[0].actor))
            if ends
            else Cell(words("catalog.still"))
        )
        lines.append(
            [
                Cell(reading.field(row, "role"), reading.field(row, "team")),
                Cell(reading.field(row, "user")),
                Cell(reading.moment(row.time).text, reading.who(row.actor)),
                until,
            ]
        )
    lead = Paragraph(words("catalog.roles.lead"), "small")
    if not lines:
        return Section(RIGHTS, words("catalog.roles"), [lead, Paragraph(words("catalog.roles.none"))])
    columns = [Column(words("catalog.role")), Column(words("catalog.who"), 44)]
    columns += [Column(words("catalog.given"), 42), Column(words("catalog.until"), 42)]
    return Section(RIGHTS, words("catalog.roles"), [lead, Table(columns, lines)])


def _place(row: EntryRow) -> tuple[object, ...]:
    return tuple(row.fields.get(name) for name in ("user", "team", "role"))


def _deeds(reading: Reading, rows: list[EntryRow]) -> Section:
    """How often the person did what; the timeline has each."""
    words, uid = reading.words, reading.material.about.get("subject", "")
    theirs = [row for row in rows if uid and row.actor.endswith(uid)]
    counted = Counter(row.kind for row in theirs)
    if not counted:
        return Section(DEEDS, words("catalog.deeds"), [Paragraph(words("catalog.deeds.none"))])
    names = {actor: reading.who(actor) for actor in reading.material.people}
    lines = []
    for kind, count in sorted(counted.items(), key=lambda each: (-each[1], each[0])):
        last = [row for row in theirs if row.kind == kind][-1]
        told = sentence(last, names, words.language)
        what = told.text if told else words_of(kind)
        lines.append([Cell(what, kind), Cell(words.number(count)), Cell(reading.moment(last.time).text)])
    columns = [Column(words("catalog.deed")), Column(words("catalog.count"), 20, is_number=True)]
    columns.append(Column(words("catalog.last"), 44))
    return Section(DEEDS, words("catalog.deeds"), [Table(columns, lines)])
