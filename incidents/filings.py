"""What an incident's ledger already says of a report to an authority, field by field, each with its entries.

Only what entries say outright is offered: a value that one would have to guess stays a gap for a person.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from audit.filings import prefill
from audit.filings.prefill import Offer, Question, Subject
from audit.filings.values import TIME, duration
from audit.selectors import EntryRow
from catalog.models import Service
from incidents.models import Incident
from incidents.selectors.incidents import PREFIX

TIMELINE = "the incident's timeline"
PROBES = "our own probes"
RUNS = "the runs of the incident"
MOST_LINES = 40  # of actions in a draft text
RED, GREEN = "red", "green"  # of a probe, as entries have it
FORMS = ("eu_dora_major_incident", "eu_dora_cyber_threat")


def subject_of(stream: str) -> Subject | None:
    """What an incident is, for a report about it."""
    incident = Incident.objects.filter(uid=stream.removeprefix(PREFIX)).first()
    if incident is None:
        return None
    services = tuple(incident.services.order_by("slug").values_list("slug", flat=True))
    return Subject(incident.label, incident.title, services)


def offers(question: Question) -> Iterator[Offer]:
    """What the entries of the incident give."""
    opened = next((row for row in question.rows if row.kind == "incident.opened"), None)
    if opened is None or question.form.id not in FORMS:
        return
    if question.form.id == FORMS[1]:
        yield _Teller(question.stream)("12", _utc(opened.time), TIMELINE, [opened])
        return
    yield from _opening(question, opened)
    yield from _ending(question, opened)
    yield from _downtime(question)
    yield from _services(question, opened)
    yield from _actions(question)


class _Teller:
    """Makes offers of one incident."""

    def __init__(self, stream: str) -> None:
        self.stream = stream

    def __call__(self, key: str, value: object, provider: str, rows: Sequence[EntryRow]) -> Offer:
        return Offer(key, value, provider, tuple((self.stream, row.seq) for row in rows))


def _opening(question: Question, opened: EntryRow) -> Iterator[Offer]:
    """What was known when it was opened, and the words of it since."""
    tell = _Teller(question.stream)
    fields = opened.fields
    if "label" in fields:
        yield tell("2.1", fields["label"], TIMELINE, [opened])
    yield tell("2.2", _utc(opened.time), TIMELINE, [opened])
    yield tell("2.7", "monitoring_systems" if "rule" in fields else "staff", TIMELINE, [opened])
    if began := _moment(fields.get("began_at")):
        yield tell("3.2", _utc(began), TIMELINE, [opened])
    told = [opened, *_last(question.rows, "incident.retitled"), *_last(question.rows, "severity.set")]
    titles = [row.fields["title"] for row in told if "title" in row.fields]
    severity = [row.fields["to"] for row in told if row.kind == "severity.set"] or [fields.get("severity", "")]
    if titles:
        services = ", ".join(map(str, _list(fields.get("services")))) or "no service named yet"
        text = f"{titles[-1]}. Severity {severity[-1]} inside the entity. Services: {services}."
        yield tell("2.4", f"{text}{_described(fields)}", TIMELINE, told)


def _described(fields: Mapping[str, object]) -> str:
    return f"\n{fields['description']}" if fields.get("description") else ""


def _ending(question: Question, opened: EntryRow) -> Iterator[Offer]:
    """When it was resolved, and how long it took. A reopened incident isn't resolved."""
    tell = _Teller(question.stream)
    moves = [row for row in question.rows if row.kind == "incident.moved"]
    if not moves or moves[-1].fields.get("to") not in ("resolution", "review", "closed"):
        return
    last = [place for place, row in enumerate(moves) if row.fields.get("to") == "resolution"]
    if not last:
        return
    resolved = moves[last[-1]]
    yield tell("4.8", _utc(resolved.time), TIMELINE, [resolved])
    began = _moment(opened.fields.get("began_at")) or opened.time
    yield tell("3.15", duration(resolved.time - began), TIMELINE, [opened, resolved])
    yield tell("3.17", "actual_figures", TIMELINE, [opened, resolved])


def _downtime(question: Question) -> Iterator[Offer]:
    """How long each service was red by our own probes; the longest one counts, once none is red any more."""
    tell = _Teller(question.stream)
    red: dict[str, EntryRow] = {}
    spans: list[tuple[dt.timedelta, EntryRow, EntryRow]] = []
    seen: list[EntryRow] = []
    for row in question.rows:
        if row.kind != "health.changed":
            continue
        probe, now = str(row.fields.get("probe")), row.fields.get("now")
        if now == RED:
            red.setdefault(probe, row)
            seen.append(row)
        elif now == GREEN and probe in red:
            since = red.pop(probe)
            spans.append((row.time - since.time, since, row))
    if seen:
        yield tell("fact.downtime", True, PROBES, seen[:1])
    if spans and not red:
        length, since, until = max(spans, key=lambda span: (span[0], -span[1].seq))
        yield tell("3.16", duration(length), PROBES, [since, until])
        last = max((span[2] for span in spans), key=lambda row: row.seq)
        yield tell("3.3", _utc(last.time), PROBES, [last])


def _services(question: Question, opened: EntryRow) -> Iterator[Offer]:
    """Which services were affected, with what the catalog says of them now."""
    tell = _Teller(question.stream)
    slugs = [str(slug) for slug in _list(opened.fields.get("services"))]
    found = {service.slug: service for service in Service.objects.filter(slug__in=slugs)}
    named = [found[slug] for slug in slugs if slug in found]
    if named:
        lines = [f"{service.name} (tier {service.tier}, {service.get_kind_display().lower()})" for service in named]
        yield tell("3.22", "\n".join(lines), TIMELINE, [opened])


def _actions(question: Question) -> Iterator[Offer]:
    """Steps that were done, as temporary measures, with the time of each."""
    tell = _Teller(question.stream)
    done = [row for row in question.rows if row.kind == "step.done" and row.fields.get("title")]
    if not done:
        return
    yield tell("3.33", True, RUNS, done[:1])
    lines = [f"{row.time:%Y-%m-%d %H:%M} UTC: {row.fields['title']}" for row in done[:MOST_LINES]]
    if len(done) > MOST_LINES:
        lines.append(f"and {len(done) - MOST_LINES} more steps")
    yield tell("3.34", "\n".join(lines), RUNS, done[:MOST_LINES])


def _last(rows: Iterable[EntryRow], kind: str) -> list[EntryRow]:
    return [row for row in rows if row.kind == kind][-1:]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime(TIME)


def _moment(value: object) -> dt.datetime | None:
    """A time as an entry has it; None for a field that was erased, or is none."""
    try:
        return dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def connect() -> None:
    """Called once, when the app is ready."""
    prefill.register(PREFIX, offers, rank=40)
    prefill.register_subject(PREFIX, subject_of)
