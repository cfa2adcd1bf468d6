"""What this room contributes to a report about an incident, and to one about a period."""

from audit.reports.blocks import PEOPLE, Cell, Column, Contribution, Section, Table
from audit.reports.chapters import term
from audit.reports.contributions import register, register_sentences
from audit.reports.reading import Reading
from audit.reports.wording import register_words
from incidents.report import sentences, words_de, words_en
from incidents.report.history import IncidentTold
from incidents.report.separation import decisions, separation
from incidents.report.summary import facts, lead, measures, milestones
from incidents.selectors.incidents import PREFIX

TERMS = ("severity", "commander", "phase", "detected", "mitigated", "separation", "echo")


def start() -> None:
    """Register what this room says."""
    register_words("en", words_en.WORDS)
    register_words("de", words_de.WORDS)
    register(contribute)
    register_sentences(sentences.speak)


def contribute(reading: Reading) -> Contribution:
    """The story of an incident; of a period, which incidents it holds; of an approval, who decided on their own act."""
    if reading.material.kind == "incident":
        return _of_incident(reading, IncidentTold(reading, reading.rows))
    if reading.material.kind == "period":
        return _of_several(reading)
    if reading.material.kind == "approval" and reading.material.main.uid.startswith(PREFIX):
        return Contribution(findings=separation(IncidentTold(reading, reading.rows))[1])
    return Contribution()


def _of_incident(reading: Reading, told: IncidentTold) -> Contribution:
    chapter, failures = separation(told)
    return Contribution(
        lead=lead(told),
        facts=facts(told),
        milestones=milestones(told),
        findings=failures,
        sections=[*decisions(told), *chapter, *measures(told), *_roles(told)],
        glossary=[term(reading.words, f"incidents.glossary.{key}") for key in TERMS],
    )


def _roles(told: IncidentTold) -> list[Section]:
    """Who held which role, from when to when."""
    reading, words, rows = told.reading, told.reading.words, []
    for row in told.every("role.taken"):
        role, user = row.fields.get("role"), row.fields.get("user")
        left = told.every("role.left", role=str(role), user=str(user))
        ended = next((each.time for each in left if each.seq > row.seq), None)
        until = reading.moment(ended) if ended else Cell(words("incidents.to_the_end"))
        name = words.get(f"incidents.role_name.{role}", str(role))
        rows.append([Cell(name), Cell(reading.who(user)), reading.moment(row.time), until])
    if not rows:
        return []
    columns = [Column(words("incidents.role_held"), 36), Column(words("incidents.who"))]
    columns += [Column(words("incidents.from"), 40), Column(words("incidents.until"), 40)]
    return [Section(PEOPLE - 1, words("incidents.roles"), [Table(columns, rows)])]


def _of_several(reading: Reading) -> Contribution:
    """The incidents among the streams, one line each, and what was decided in them."""
    words = reading.words
    parts = [part for part in reading.material.streams if part.uid.startswith(PREFIX)]
    if not parts:
        return Contribution()
    rows, sections, failures = [], [], []
    for part in parts:
        told = IncidentTold(reading, reading.rows_of(part))
        opened, end = told.opened, told.resolved
        when = reading.moment(opened.time) if opened else Cell(words("incidents.before"))
        took = reading.since(told.began or opened.time, end.time) if opened and end else words("incidents.not_yet")
        rows.append([Cell(part.title), Cell(told.severity), when, Cell(took)])
        failures += separation(told)[1]
        title = words("incidents.decisions.of", title=part.title)
        sections += [Section(each.place, title, each.blocks) for each in decisions(told)]
    columns = [Column(words("incidents.incident")), Column(words("incidents.severity"), 22)]
    columns += [Column(words("incidents.at.declared"), 42)]
    columns.append(Column(words("incidents.measure.resolve"), 30, is_number=True))
    table = Section(15, words("incidents.in_it"), [Table(columns, rows)])
    said = words.count("incidents.lead.several", len(parts))
    terms = [term(reading.words, f"incidents.glossary.{key}") for key in TERMS]
    return Contribution(lead=[said], findings=failures, sections=[table, *sections], glossary=terms)
