"""The dependencies that imported entities declare: added, seen again, or dropped when a file no longer names them."""

import datetime as dt
from collections.abc import Callable, Iterable

from audit.canonical import Json
from catalog.backstage import Entity, Mention, Place, Ref, Relation
from catalog.models import Dependency, Service
from catalog.reports import ImportReport
from catalog.states import Origin, Outcome

Taken = list[tuple[Entity, Service]]
Entry = tuple[str, dict[str, Json]]  # kind and fields for the ledger


def relate(taken: Taken, known: Callable[[Ref], Service | None], report: ImportReport, now: dt.datetime) -> list[Entry]:
    """Bring the catalog's edges to what the taken entities declare. Returns what is to be recorded.

    known: the service that an entity is, None for an unknown one. An edge that a person entered is never dropped.
    """
    work = _Edges(known, report, now)
    for entity, service in taken:
        for relation in entity.relations:
            work.declare(entity, service, relation)
    work.drop_undeclared({str(entity.ref): entity.place for entity, _ in taken})
    Dependency.objects.filter(pk__in=work.seen).update(last_seen=now)
    return work.entries


class _Edges:
    def __init__(self, known: Callable[[Ref], Service | None], report: ImportReport, now: dt.datetime) -> None:
        self.known, self.report, self.now = known, report, now
        rows = Dependency.objects.select_related("consumer", "provider")
        self.edges = {(edge.consumer_id, edge.provider_id, str(edge.kind)): edge for edge in rows}
        self.seen: set[int] = set()
        self.entries: list[Entry] = []

    def declare(self, entity: Entity, service: Service, relation: Relation) -> None:
        """Take one declared relation, or say why not."""
        place = Place(entity.place.file, entity.place.document, relation.other.line)
        other = self._other(relation.other, service, place)
        if other is None:
            return
        consumer, provider = (other, service) if relation.reverse else (service, other)
        key = (consumer.pk, provider.pk, relation.kind.value)
        edge, outcome = self.edges.get(key), Outcome.UNCHANGED
        if edge is None:
            edge, outcome = self._add(consumer, provider, relation, entity.ref), Outcome.TAKEN
            self.edges[key] = edge
        if edge.pk not in self.seen:  # two entities may declare the same edge, from both its ends
            self.report.add(outcome, f"dependency {edge}", place)
            self.seen.add(edge.pk)

    def _other(self, mention: Mention, service: Service, place: Place) -> Service | None:
        found = next((known for ref in mention.candidates if (known := self.known(ref))), None)
        if found is not None and found.pk != service.pk:
            return found
        why = "is the service itself" if found else "is neither in these files nor in Muster"
        self.report.add(Outcome.REFUSED, f"dependency of {service.slug}", place, f"{mention.text} {why}")
        return None

    def _add(self, consumer: Service, provider: Service, relation: Relation, declared_by: Ref) -> Dependency:
        edge = Dependency.objects.create(
            consumer=consumer,
            provider=provider,
            kind=relation.kind,
            origin=Origin.BACKSTAGE,
            origin_ref=str(declared_by),
            last_seen=self.now,
        )
        self.entries.append(("dependency.added", _fields(edge)))
        return edge

    def drop_undeclared(self, places: dict[str, Place]) -> None:
        """Remove the edges that one of these entities declared once, and no longer does."""
        for edge in self._undeclared(places):
            self.entries.append(("dependency.removed", _fields(edge)))
            why = "the file no longer names it"
            self.report.add(Outcome.REMOVED, f"dependency {edge}", places[edge.origin_ref], why)
            edge.delete()

    def _undeclared(self, places: dict[str, Place]) -> Iterable[Dependency]:
        return [edge for edge in self.edges.values() if edge.origin_ref in places and edge.pk not in self.seen]


def _fields(edge: Dependency) -> dict[str, Json]:
    return {"consumer": edge.consumer.slug, "provider": edge.provider.slug, "kind": str(edge.kind)}
