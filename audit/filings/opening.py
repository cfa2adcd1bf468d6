"""Opening a filing, filling it from the record, and filling it again once the record has grown."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Max

from audit import ledger
from audit.canonical import Json
from audit.filings import contents, prefill, selectors
from audit.filings.editing import locked, recorded
from audit.filings.errors import AlreadyOpen, NotADraft, TooEarly
from audit.filings.exports.report import THOUSANDS
from audit.filings.prefill import Offer
from audit.filings.states import SENT
from audit.ledger import Actor
from audit.models import Filing, FilingValue, Source, Stream
from audit.models.filings import UNSENT
from audit.regimes.rules import regimes
from plumbing.database import atomic


@atomic()
def open_filing(
    stream: Stream, regime: str, stage: str, *, entity: str, entity_name: str, actor: Actor, now: dt.datetime
) -> Filing:
    """Begin a report, filled with what the record knows.

    Raises NoSuchForm, AlreadyOpen, TooEarly for a reclassification of what was never reported."""
    kind = contents.kind_of(regimes(), regime, stage)
    ledger.hold(stream.uid)
    same = Filing.objects.filter(stream=stream, regime=regime, entity=entity)
    if waiting := same.filter(stage=stage, state__in=UNSENT).first():
        raise AlreadyOpen(waiting.uid, kind.stage.name)
    sent = same.filter(state__in=SENT).order_by("-submitted_at").first()
    if stage == contents.RECLASSIFICATION and sent is None:
        raise TooEarly("Nothing was reported that could be reclassified: no report of this incident was submitted.")
    flags = sent.flags if stage == contents.RECLASSIFICATION and sent else kind.flags
    number = (same.filter(stage=stage).aggregate(most=Max("number"))["most"] or 0) + 1
    filing = Filing.objects.create(
        stream=stream, regime=regime, stage=stage, flags=flags, number=number, entity=entity, entity_name=entity_name,
        scale=sent.scale if sent else THOUSANDS, schema=kind.form.schemas[0] if kind.form.schemas else "",
        opened_at=now, opened_by=actor.actor_id, changed_at=now,
    )  # fmt: skip
    told: dict[str, Json] = {
        "filing": filing.uid, "regime": regime, "stage": stage, "number": number, "entity": entity,
        "entity_name": entity_name,
    }  # fmt: skip
    ledger.record(stream, "filing.opened", actor, told)
    _fill(filing, actor, now)
    return filing


@atomic()
def refill(uid: str, *, actor: Actor, now: dt.datetime) -> list[str]:
    """Read the record again: what nobody entered follows it. Returns the keys that changed. Raises NotADraft."""
    filing = locked(uid)
    if not filing.is_draft:
        raise NotADraft(filing.get_state_display().lower())
    return _fill(filing, actor, now)


def _fill(filing: Filing, actor: Actor, now: dt.datetime) -> list[str]:
    """Take what providers offer for every field that no person filled."""
    one = selectors.opened(filing)
    found = prefill.collect(selectors.question_of(one))
    changed: dict[str, Json] = {}
    for key, (offer, value) in found.chosen.items():
        kept = one.rows.get(key)
        if kept is not None and (kept.source == Source.ENTERED or _same(kept, offer, value)):
            continue
        _keep(filing, offer, value, actor, now)
        changed[key] = value
    if changed:
        filing.version += 1
        filing.changed_at = now
        filing.save(update_fields=["version", "changed_at"])
        ledger.record(filing.stream, "filing.filled", actor, _told(filing, changed, found.chosen))
    return sorted(changed)


def _same(kept: FilingValue, offer: Offer, value: Json) -> bool:
    return kept.value == value and kept.supports == [list(each) for each in offer.supports]


def _keep(filing: Filing, offer: Offer, value: Json, actor: Actor, now: dt.datetime) -> None:
    FilingValue.objects.update_or_create(
        filing=filing,
        key=offer.key,
        defaults={
            "value": value,
            "source": Source.CARRIED if offer.is_carried else Source.PREFILLED,
            "provider": offer.provider,
            "supports": [list(each) for each in offer.supports],
            "reason": "",
            "actor": actor.actor_id,
            "at": now,
            "version": filing.version + 1,
        },
    )


def _told(filing: Filing, changed: dict[str, Json], chosen: Mapping[str, Any]) -> dict[str, Json]:
    """What the entry says: the values, and the entries that each was read from."""
    return {
        "filing": filing.uid,
        "values": recorded(changed),
        "supports": [
            {"field": key, "from": chosen[key][0].provider, "entries": [f"{s} {n}" for s, n in chosen[key][0].supports]}
            for key in changed
        ],
    }


def workflow(question: prefill.Question) -> list[Offer]:
    """What the filings themselves know: the type of submission, and what the report before this one said."""
    opened = [row for row in question.rows if row.kind == "filing.opened" and _is_this(row.fields, question)]
    offers: list[Offer] = []
    if question.form.id == contents.DORA_INCIDENT and opened and question.stage in contents.SUBMISSION:
        at = ((question.stream, opened[-1].seq),)
        offers.append(Offer("1.1", contents.SUBMISSION[question.stage], "the kind of report", at))
    return offers


def reference(question: prefill.Question) -> list[Offer]:
    """The authority's own reference, from the latest answer to an earlier report."""
    if question.form.id != contents.DORA_INCIDENT:
        return []
    answers = [
        row for row in question.rows
        if row.kind in ("filing.submitted", "filing.acknowledged") and row.fields.get("reference")
        and row.fields.get("regime") == question.regime and row.fields.get("entity") == question.entity
    ]  # fmt: skip
    if not answers:
        return []
    told, at = str(answers[-1].fields["reference"]), ((question.stream, answers[-1].seq),)
    return [
        Offer("3.1", told, "the authority's answer", at),
        Offer("fact.has_authority_reference", True, "the authority's answer", at),
    ]


def carried(question: prefill.Question) -> list[Offer]:
    """Every value of the last report that the authority has, with the evidence that it had there and the entry that it
    was submitted by."""
    sent = Filing.objects.filter(
        stream__uid=question.stream, regime=question.regime, entity=question.entity, state__in=SENT
    ).order_by("-submitted_at", "-pk").first()  # fmt: skip
    submitted = [
        row.seq for row in question.rows
        if sent is not None and row.kind == "filing.submitted" and row.fields.get("filing") == sent.uid
    ]  # fmt: skip
    if sent is None or not submitted:
        return []
    before = contents.kind_of(regimes(), sent.regime, sent.stage)
    if before.form.id != question.form.id:
        return []
    name = f"the {before.stage.name.lower()}"
    return [
        Offer(row.key, row.value, name, (*map(_pair, row.supports), (question.stream, submitted[-1])), True)
        for row in FilingValue.objects.filter(filing=sent, value__isnull=False)
        if row.key not in ("1.1", "3.1", "fact.has_authority_reference")
    ]


def _pair(support: list[Any]) -> tuple[str, int]:
    return str(support[0]), int(support[1])


def _is_this(fields: Mapping[str, Json], question: prefill.Question) -> bool:
    """Whether an entry is about a report of this kind."""
    wanted = {"regime": question.regime, "stage": question.stage, "entity": question.entity}
    return all(fields.get(name) == value for name, value in wanted.items())
