"""Reads of filings: one with its form, values and findings; the report that its files are made of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.filings import contents, prefill
from audit.filings.checking import BLOCKS, Duty, Finding, Severity, asked_fields, check, duty_of
from audit.filings.comparing import Change, changes
from audit.filings.entities import entity_of
from audit.filings.errors import NoSuchForm
from audit.filings.exports.report import Report, Row
from audit.filings.model import Fact, Field, Form
from audit.filings.prefill import Collected, Question
from audit.filings.states import SENT
from audit.filings.values import shown
from audit.models import Exported, Filing, FilingValue, Source
from audit.naming import people
from audit.regimes.rules import regimes
from audit.selectors import EntryRow, entries


@dataclass(frozen=True, slots=True)
class Line:
    """One field on the page: what it says, where from, and whether it must be filled. differing: (where, what)."""

    field: Field
    value: FilingValue | None
    words: str
    source: str
    duty: Duty
    findings: tuple[Finding, ...] = ()
    differing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Opened:
    """A filing with everything that is known of it."""

    filing: Filing
    kind: contents.Kindred
    rows: Mapping[str, FilingValue]
    earlier: Filing | None

    @property
    def form(self) -> Form:
        return self.kind.form

    @property
    def name(self) -> str:
        """Such as "Intermediate report" or "Updated intermediate report 2"."""
        number = f" {self.filing.number}" if self.filing.number > 1 else ""
        return f"{self.kind.stage.name}{number}"

    @property
    def values(self) -> dict[str, Any]:
        """key -> value of what is filled in."""
        return {key: row.value for key, row in self.rows.items() if row.value is not None}

    @property
    def fields(self) -> list[Field]:
        """The fields that this report may carry: those of its stage, and others that have a value already."""
        asked = {one.id for one in asked_fields(self.form, self.filing.flags)}
        return [one for one in self.form.fields if one.id in asked or one.id in self.values]

    @property
    def facts(self) -> list[Fact]:
        """The circumstances that some field of this report depends on."""
        depends = str([(one.when, one.applies) for one in self.fields])
        return [fact for fact in self.form.facts if repr(fact.id) in depends]


def every_row(stream: str) -> list[EntryRow]:
    """All entries of a stream, in order."""
    found: list[EntryRow] = []
    while part := entries(stream, after=found[-1].seq if found else -1):
        found.extend(part)
    return found


def opened(filing: Filing) -> Opened:
    """The filing with its values and the report before it."""
    rows = {row.key: row for row in FilingValue.objects.filter(filing=filing)}
    kind = contents.kind_of(regimes(), filing.regime, filing.stage)
    return Opened(filing, kind, rows, earlier_of(filing))


def kin_of(filing: Filing) -> Any:
    """Filings of the same entity under the same regime about the same stream, without this one."""
    same = Filing.objects.filter(stream_id=filing.stream_id, regime=filing.regime, entity=filing.entity)
    return same.exclude(pk=filing.pk)


def name_of(filing: Filing) -> str:
    """What a filing is called; by its stage where a regime of the house's own is no longer in force."""
    try:
        return Opened(filing, contents.kind_of(regimes(), filing.regime, filing.stage), {}, None).name
    except NoSuchForm:
        return filing.stage.replace("_", " ").capitalize()


def earlier_of(filing: Filing) -> Filing | None:
    """The last report that the authority has, sent before this one."""
    before = kin_of(filing).filter(state__in=SENT)
    if filing.submitted_at is not None:
        before = before.filter(submitted_at__lt=filing.submitted_at)
    found: Filing | None = before.order_by("-submitted_at", "-pk").first()
    return found


def values_of(filing: Filing) -> dict[str, Any]:
    """key -> value of what a filing says."""
    return dict(FilingValue.objects.filter(filing=filing, value__isnull=False).values_list("key", "value"))


def findings_of(one: Opened) -> list[Finding]:
    """Everything to settle before it may be sent."""
    must_stay = {}
    if one.earlier is not None and one.form.id == contents.DORA_INCIDENT:
        must_stay = {"2.1": values_of(one.earlier).get("2.1")}
    found = check(one.form, one.filing.flags, one.values, {key: value for key, value in must_stay.items() if value})
    entity = entity_of(one.filing.entity)
    if entity and entity.home_state and entity.home_state in one.values.get("2.6", ()):
        words = f"It names {entity.home_state}, the home state; authorities expect the others alone (second-hand)."
        found.append(Finding(Severity.WARNING, "2.6", words, "home_state"))
    return found


def blocking(found: Iterable[Finding]) -> list[Finding]:
    """Those with which nothing is sent to review."""
    return [finding for finding in found if finding.severity in BLOCKS]


def question_of(one: Opened) -> Question:
    """What providers are asked for this filing."""
    filing = one.filing
    uid = filing.stream.uid
    return Question(uid, filing.regime, filing.stage, filing.entity, one.form, every_row(uid))


def differing(one: Opened) -> Mapping[str, list[tuple[str, Any]]]:
    """key -> (where from, value) of what the record says otherwise than the filing; of a draft alone."""
    if not one.filing.is_draft:
        return {}
    return differing_from(one, prefill.collect(question_of(one)))


def differing_from(one: Opened, found: Collected) -> dict[str, list[tuple[str, Any]]]:
    """The same, for what providers offered."""
    told: dict[str, list[tuple[str, Any]]] = {}
    for key, (offer, value) in found.chosen.items():
        others = [(offer, value), *found.differing.get(key, ())]
        kept = one.rows.get(key)
        if kept is None or (kept.source != Source.ENTERED and kept.value == value and len(others) == 1):
            continue
        if said := [(each.provider, what) for each, what in others if what != kept.value]:
            told[key] = said
    return told


def lines(one: Opened, findings: Iterable[Finding], others: Mapping[str, list[tuple[str, Any]]]) -> list[Line]:
    """The fields as the page shows them."""
    by_field: dict[str, list[Finding]] = {}
    for finding in findings:
        by_field.setdefault(finding.field, []).append(finding)
    values, sources = one.values, sources_of(one.rows.values())
    return [
        Line(
            field=field,
            value=one.rows.get(field.id),
            words=shown(one.form, field, values.get(field.id)),
            source=sources.get(field.id, ""),
            duty=duty_of(one.form, field, one.filing.flags, values),
            findings=tuple(by_field.get(field.id, ())),
            differing=tuple((who, shown(one.form, field, value)) for who, value in others.get(field.id, ())),
        )
        for field in one.fields
    ]


def sources_of(rows: Iterable[FilingValue]) -> dict[str, str]:
    """key -> where its value comes from, in words."""
    found = list(rows)
    known = people({row.actor for row in found})
    told = {}
    for row in found:
        if row.source == Source.ENTERED:
            told[row.key] = f"Entered by {known[row.actor].name}{f': {row.reason}' if row.reason else ''}"
        else:
            told[row.key] = f"From {row.provider}"
    return told


def report_of(one: Opened) -> Report:
    """The report that files are made of: the same values give the same bytes."""
    values, sources = one.values, sources_of(one.rows.values())
    rows = tuple(
        Row(
            field, values.get(field.id), shown(one.form, field, values.get(field.id)), sources.get(field.id, ""),
            tuple(f"{stream} {seq}" for stream, seq in one.rows[field.id].supports) if field.id in one.rows else (),
        )
        for field in one.fields
    )  # fmt: skip
    filing = one.filing
    subject = prefill.subject_of(filing.stream.uid)
    return Report(
        one.form, filing.stage, one.name, filing.entity_name, subject.reference, values, rows, filing.changed_at,
        filing.scale, filing.schema,
    )  # fmt: skip


def compared(one: Opened) -> list[Change]:
    """What it says otherwise than the report before it; nothing where there is none or its form is another."""
    if one.earlier is None:
        return []
    before = contents.kind_of(regimes(), one.earlier.regime, one.earlier.stage)
    return changes(one.form, values_of(one.earlier), one.values) if before.form.id == one.form.id else []


def bytes_of(filing: Filing, form: str) -> bytes | None:
    """The stored bytes of an export that was sent to review; None where there are none of this format."""
    wanted = filing.digests.get(form)
    found = Exported.objects.filter(filing=filing, form=form, sha256=wanted).first() if wanted else None
    return bytes(found.content) if found else None


def of_streams(streams: Any) -> Any:
    """Filings about these streams (a queryset), newest first."""
    return Filing.objects.filter(stream__in=streams).select_related("stream").order_by("-changed_at", "-pk")
