"""Legal entities, as far as reports need them: who owes one, and what the record of the entity gives."""

from collections.abc import Iterator

from audit.filings.contents import DORA_INCIDENT, DORA_THREAT
from audit.filings.prefill import Offer, Question
from audit.filings.reading import shipped
from audit.models import Entry, LegalEntity, Nis2Status
from audit.selectors import row_of

MASTER = "the entity's master data"
STREAM, PREFIX = "regulation", "entity."
KINDS = "financial_entity_type"  # the list of codes of field 1.4


def entities() -> list[LegalEntity]:
    """Those that may owe a report."""
    return list(LegalEntity.objects.filter(is_active=True).order_by("name"))


def entity_of(uid: str) -> LegalEntity | None:
    """The entity with this uid."""
    return LegalEntity.objects.filter(uid=uid).first()


def offers(question: Question) -> Iterator[Offer]:
    """What the entity's master data gives, with the entries that put it there: the last one is how it stands now."""
    entity = entity_of(question.entity)
    supports = _entries(question.entity)
    if entity is None or not supports:
        return
    told: dict[str, object] = {}
    if question.form.id == DORA_INCIDENT:
        told = _incident(entity)
    elif question.form.id == DORA_THREAT:
        told = {"1": entity.name, "2": entity.lei, "fact.filed_by_another": False}
    for key, value in told.items():
        if value not in ("", [], None):
            yield Offer(key, value, MASTER, supports)


def _incident(entity: LegalEntity) -> dict[str, object]:
    known = {code.code for code in shipped(DORA_INCIDENT).codes[KINDS]}
    return {
        "1.2": entity.name,
        "1.3": entity.lei,
        "1.4": [code for code in entity.types if code in known],
        "1.13": entity.parent_name,
        "1.14": entity.parent_lei,
        "1.15": entity.currency,
        "fact.filed_by_another": False,
        "fact.in_group": True if entity.parent_name else None,
        "fact.in_nis2_scope": _nis2(entity),
    }


def _nis2(entity: LegalEntity) -> bool | None:
    return None if entity.nis2 == Nis2Status.UNKNOWN else entity.nis2 != Nis2Status.NONE


def _entries(entity: str) -> tuple[tuple[str, int], ...]:
    """(stream, seq) of the entry that says how the entity stands now."""
    found = Entry.objects.filter(stream__uid=STREAM, kind__startswith=PREFIX).order_by("-seq")
    for entry in found.prefetch_related("disclosures")[:1000]:
        if row_of(entry).fields.get("entity") == entity:
            return ((STREAM, entry.seq),)
    return ()
