"""What is the same for every kind of report: timeline, people, corrections, what is not shown, glossary."""

from collections.abc import Mapping

from audit.naming import Person
from audit.reports import blocks
from audit.reports.blocks import Cell, Column, Facts, Notice, Paragraph, Section, Table
from audit.reports.contributions import Sentence, sentence
from audit.reports.material import StreamPart
from audit.reports.reading import Hidden, Reading, words_of
from audit.reports.wording import Words
from audit.selectors import EntryRow

LATER_S = 60  # recorded this much after it happened, an entry is marked as made later
BRIEF = 320  # characters
LONGEST = 1_200  # characters of one note or quotation in the timeline; the whole is in the ledger files


def timeline(reading: Reading) -> list[Section]:
    """Every entry in a sentence, stream by stream."""
    words, streams = reading.words, reading.material.streams
    found = []
    for part in streams:
        title = words("timeline.title") if len(streams) == 1 else words("timeline.of", title=part.title)
        columns = [Column(words("timeline.entry"), 11, is_number=True), Column(words("timeline.time"), 37)]
        columns.append(Column(words("timeline.what")))
        rows = [_line(reading, row) for row in reading.rows_of(part)]
        said = words("timeline.lead" if rows else "timeline.empty")
        found.append(
            Section(blocks.TIMELINE, title, [Paragraph(said, "small"), *([Table(columns, rows)] if rows else [])])
        )
    return found


def _line(reading: Reading, row: EntryRow) -> list[Cell]:
    told = tell(reading, row)
    when = reading.moment(row.time)
    marks = [mark for mark in (_happened(reading, row), _corrects(reading, row)) if mark]
    note = _cut(reading, "\n".join([*marks, *([told.note] if told.note else [])]))
    return [Cell(str(row.seq)), when, Cell(told.text, note, _cut(reading, told.quote))]


def _happened(reading: Reading, row: EntryRow) -> str:
    """That an entry was made later than what it tells."""
    at = reading.moment_in(row.fields.get("occurred_at"))
    if at is None or (row.time - at).total_seconds() <= LATER_S:
        return ""
    return reading.words("timeline.later", at=both(reading.moment(at)), after=reading.since(at, row.time))


def _corrects(reading: Reading, row: EntryRow) -> str:
    seq = row.fields.get("corrects")
    return reading.words("timeline.corrects", seq=seq) if isinstance(seq, int) else ""


def tell(reading: Reading, row: EntryRow) -> Sentence:
    """An entry in a sentence; where no room has one, its kind and fields in words."""
    names = {actor: reading.who(actor) for actor in [*reading.material.people, "sys_muster"]}
    if found := sentence(row, names, reading.words.language):
        return found
    fields = [f"{words_of(name)}: {reading.readable(value)}" for name, value in row.fields.items()]
    return Sentence(f"{words_of(row.kind)} ({reading.who(row.actor)})", "\n".join(fields))


def _cut(reading: Reading, text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… {reading.words('timeline.cut')}"


def brief(text: str) -> str:
    """What of a text fits the summary, which is one page; all of it stands in the timeline."""
    return text if len(text) <= BRIEF else f"{text[:BRIEF].rsplit(' ', 1)[0]} …"


def both(moment: Cell) -> str:
    """A moment on one line."""
    return f"{moment.text} ({moment.under})" if moment.under else moment.text


def people(reading: Reading) -> Section:
    """Who acts or is named, what they are, and by which id the ledger knows them."""
    words, told = reading.words, sorted(reading.material.people.items(), key=lambda item: (item[1].name, item[0]))
    acts: dict[str, int] = {}
    for part in reading.material.streams:
        for row in part.rows:
            acts[row.actor] = acts.get(row.actor, 0) + 1
    rows = [_person(reading, actor, person, acts.get(actor, 0)) for actor, person in told]
    columns = [Column(words("people.name"), 44), Column(words("people.function"))]
    columns += [Column(words("people.acts"), 20, is_number=True), Column(words("people.id"), 62)]
    if not rows:
        return Section(blocks.PEOPLE, words("people.title"), [Paragraph(words("people.none"))])
    return Section(blocks.PEOPLE, words("people.title"), [Table(columns, rows)])


def _person(reading: Reading, actor: str, person: Person, acts: int) -> list[Cell]:
    title = reading.words("engine.title") if actor == "sys_muster" else person.title
    return [Cell(reading.who(actor)), Cell(title), Cell(reading.words.number(acts)), Cell(actor, is_mono=True)]


def corrections(reading: Reading) -> Section | None:
    """Entries that correct others, with both texts; entries made later, with both times. None where there are none."""
    words, rows = reading.words, []
    for part in reading.material.streams:
        by_seq = {row.seq: row for row in reading.rows_of(part)}
        for row in by_seq.values():
            if mark := _happened(reading, row):
                rows.append([Cell(str(row.seq)), Cell(words("corrections.later")), Cell(tell(reading, row).text, mark)])
            corrected = row.fields.get("corrects")
            if isinstance(corrected, int) and not isinstance(corrected, bool) and corrected in by_seq:
                rows.append(_corrected(reading, row, by_seq[corrected]))
    if not rows:
        return None
    columns = [Column(words("timeline.entry"), 14, is_number=True), Column(words("corrections.kind"), 40)]
    columns.append(Column(words("timeline.what")))
    lead = Paragraph(words("corrections.lead"), "small")
    return Section(blocks.CORRECTIONS, words("corrections.title"), [lead, Table(columns, rows)])


def _corrected(reading: Reading, row: EntryRow, wrong: EntryRow) -> list[Cell]:
    words = reading.words
    was = tell(reading, wrong)
    before = was.quote or was.note or was.text
    told = tell(reading, row)
    under = words("corrections.before", seq=wrong.seq, at=both(reading.moment(wrong.time)), text=_cut(reading, before))
    when = words("corrections.at", at=both(reading.moment(row.time)), who=reading.who(row.actor))
    label = words("corrections.of", seq=wrong.seq)
    return [Cell(str(row.seq)), Cell(label), Cell(when, under, _cut(reading, told.quote or told.note or told.text))]


def hidden(reading: Reading) -> Section:
    """What is not shown, and why: exactly what the pack lists."""
    words, streams, rows = reading.words, reading.material.streams, []
    for part in streams:
        rows += [_hidden(reading, part, each, names_stream=len(streams) > 1) for each in part.redactions]
    others = sum(part.others for part in streams)
    left_out = [Paragraph(words.count("hidden.others", others))] if others else []
    if not rows and others:
        return Section(blocks.HIDDEN, words("hidden.title"), left_out)
    if not rows:
        return Section(
            blocks.HIDDEN, words("hidden.title"), [Notice("done", words("hidden.none"), words("hidden.none.text"))]
        )
    columns = [
        Column(words("timeline.entry"), 30),
        Column(words("hidden.field"), 42),
        Column(words("hidden.state"), 28),
    ]
    columns.append(Column(words("hidden.reason")))
    said = words.count("hidden.lead", len(rows))
    return Section(blocks.HIDDEN, words("hidden.title"), [Paragraph(said), *left_out, Table(columns, rows)])


def _hidden(reading: Reading, part: StreamPart, each: Mapping[str, str | int], *, names_stream: bool) -> list[Cell]:
    state = str(each["state"])
    place = Cell(str(each["seq"]), part.title if names_stream else "")
    return [place, Cell(words_of(str(each["name"]))), Cell(reading.words(f"hidden.{state}")), Cell(str(each["reason"]))]


def glossary(reading: Reading, terms: list[tuple[str, str]]) -> Section:
    """What the words of this document mean, in the order of the alphabet."""
    words = reading.words
    ours = [term(words, f"glossary.{key}") for key in words("glossary.keys").split()]
    told = sorted({*ours, *terms}, key=lambda each: each[0].casefold())
    return Section(blocks.GLOSSARY, words("glossary.title"), [Facts([(name, Cell(text)) for name, text in told])])


def term(words: Words, key: str) -> tuple[str, str]:
    """A term of the glossary and what it means, which stand in one line of the words."""
    name, _, text = words(key).partition("|")
    return name, text


def is_hidden(value: object) -> bool:
    """Whether a field's value is a mark instead of the value."""
    return isinstance(value, Hidden)
