"""What the pages and the API of filings show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse

from audit.access.looks import Door, record_look
from audit.canonical import Json
from audit.filings import consent, selectors
from audit.filings.checking import Finding, Severity
from audit.filings.comparing import Change
from audit.filings.consent import Standing
from audit.filings.entities import entities
from audit.filings.exports import MEDIA, exported
from audit.filings.model import Fact, Field, name_of
from audit.filings.selectors import Line, Opened
from audit.filings.states import GLYPHS, MOVES
from audit.ledger import Actor
from audit.models import Filing, FilingState, FilingValue, Stream
from audit.models.filings import UNSENT
from audit.naming import Label, labels
from audit.regimes.rules import regimes

MOST_STREAMS = 500
MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class FilingRow:
    """A line of the list."""

    filing: Filing
    name: str
    regime: str
    label: Label
    glyph: str


@dataclass(frozen=True, slots=True)
class Part:
    """A section with how far it is."""

    name: str
    title: str
    lines: tuple[Line, ...]
    open: int  # findings that block

    @property
    def filled(self) -> int:
        return sum(bool(line.words) for line in self.lines)


@dataclass(frozen=True)
class Overview:
    """One report as its page shows it."""

    one: Opened
    label: Label
    glyph: str
    findings: tuple[Finding, ...]
    parts: tuple[Part, ...]
    changes: tuple[Change, ...]
    standing: Standing | None
    moves: frozenset[str]
    circumstances: tuple[tuple[Fact, bool | None, str], ...]
    files: tuple[tuple[str, str], ...]  # (format, SHA-256 or "")

    @property
    def blocking(self) -> list[Finding]:
        """What keeps it from review."""
        return selectors.blocking(self.findings)

    @property
    def remarks(self) -> list[Finding]:
        """What is worth a look and keeps nothing up."""
        return [finding for finding in self.findings if finding.severity in (Severity.WARNING, Severity.NOTE)]

    @property
    def conflicts(self) -> list[Line]:
        """Values of which the record says otherwise."""
        return [line for part in self.parts for line in part.lines if line.differing]

    @property
    def section_of(self) -> Mapping[str, str]:
        """Number of a field, or key of a circumstance -> section where it is settled."""
        told = {field.id: field.section for field in self.one.fields}
        for part in self.parts:
            for fact in facts_of(self.one, [line.field for line in part.lines]):
                told.setdefault(fact.key, part.name)
        return told

    @property
    def to_settle(self) -> list[tuple[Finding, str, str]]:
        """What keeps it from review, with the section where it is settled and the place in it."""
        first, sections = next(iter(self.one.form.sections)), self.section_of
        return [(each, sections.get(each.field, first), name_of(each.field)) for each in self.blocking]


def rows(streams: QuerySet[Stream], state: str = "") -> list[FilingRow]:
    """Filings about these streams; those that aren't sent yet first."""
    found = selectors.of_streams(streams)
    if state:
        found = found.filter(state=state)
    shown = list(found[:MOST_ROWS])
    named = labels(each.stream.uid for each in shown)
    told = [
        FilingRow(each, selectors.name_of(each), _regime(each.regime), named[each.stream.uid], GLYPHS[each.state])
        for each in shown
    ]
    return sorted(told, key=lambda row: row.filing.state not in UNSENT)


def _regime(uid: str) -> str:
    found = regimes().get(uid)
    return found.name if found else uid


def overview(filing: Filing) -> Overview:
    """Everything about one report."""
    one = selectors.opened(filing)
    findings = selectors.findings_of(one) if filing.state in UNSENT else []
    told = selectors.lines(one, findings, selectors.differing(one))
    blocking = {finding.field for finding in selectors.blocking(findings)}
    parts = []
    for name, title in one.form.sections.items():
        lines = tuple(line for line in told if line.field.section == name)
        if lines:
            keys = {line.field.id for line in lines} | {fact.key for fact in facts_of(one, [x.field for x in lines])}
            parts.append(Part(name, title, lines, len(keys & blocking)))
    sources = selectors.sources_of(one.rows.values())
    facts = one.facts
    return Overview(
        one=one,
        label=labels([filing.stream.uid])[filing.stream.uid],
        glyph=GLYPHS[filing.state],
        findings=tuple(findings),
        parts=tuple(parts),
        changes=tuple(selectors.compared(one)),
        standing=_standing(filing),
        moves=MOVES[filing.state],
        circumstances=tuple((fact, one.values.get(fact.key), sources.get(fact.key, "")) for fact in facts),
        files=tuple((form, filing.digests.get(form, "")) for form in _formats(one)),
    )


def _formats(one: Opened) -> list[str]:
    return [form for form in MEDIA if form != "json" or one.form.has_json]


def _standing(filing: Filing) -> Standing | None:
    if filing.state not in (FilingState.LEGAL_REVIEW, FilingState.APPROVED):
        return None
    return consent.approver().standing(filing.subject)


def facts_of(one: Opened, fields: Sequence[Field]) -> list[Fact]:
    """The circumstances that some of these fields depend on."""
    depends = repr([(each.when, each.applies) for each in fields])
    return [fact for fact in one.facts if repr(fact.id) in depends]


def form_lines(
    form: Any, seen: Overview, fields: Sequence[Field], facts: Sequence[Fact]
) -> list[tuple[Any, Line | None]]:
    """The bound fields of a section's form, each with what is known of it."""
    by_id = {line.field.id: line for part in seen.parts for line in part.lines}
    return [
        *((form[name_of(fact.key)], None) for fact in facts),
        *((form[name_of(each.id)], by_id[each.id]) for each in fields),
    ]


def choices(streams: Iterable[Stream]) -> dict[str, list[tuple[str, str]]]:
    """What a new report can be about, which report, of which entity."""
    uids = [stream.uid for stream in streams if not stream.uid.startswith(("portal", "access", "catalog"))]
    named = labels(uids)
    reports = [
        (f"{regime.id}/{stage.id}", f"{regime.name}: {stage.name}")
        for regime in regimes().values()
        for stage in regime.stages
    ]
    return {
        "streams": [(uid, named[uid].title) for uid in uids],
        "reports": reports,
        "entities": [(each.uid, each.name) for each in entities()] if uids else [],
    }


def looked(filing: Filing, actor: Actor, *, door: Door, file: str = "") -> None:
    """Put on record that somebody read a report, or took one of its files, before it is shown."""
    shown = FilingValue.objects.filter(filing=filing, value__isnull=False).count()
    sha = "" if filing.is_draft else filing.digests.get(file, "")
    wanted: dict[str, Json] = {"filing": filing.uid, "file": file, "sha256": sha}
    record_look(actor, filing.stream.uid, door=door, wanted=wanted, shown=shown)


def attachment(filing: Filing, form: str) -> HttpResponse:
    """A file of a report as a download. What was sent to review is the kept bytes; a draft is written now."""
    one = selectors.opened(filing)
    if form not in _formats(one):
        raise Http404("The report has no file of this format.")
    content = None if filing.is_draft else selectors.bytes_of(filing, form)
    if content is None:
        content = exported(selectors.report_of(one))[form]
    draft = "-draft" if filing.is_draft else ""
    name = f"{filing.regime}-{filing.stage}-{filing.number}{draft}.{form}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-SHA256": sha256(content).hexdigest(),
        "Cache-Control": "no-store",
    }
    return HttpResponse(content, content_type=MEDIA[form], headers=headers)
