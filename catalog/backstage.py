"""What a Backstage `catalog-info.yaml` says, as plain facts: entities, their owners and relations. Pure.

Form: backstage.io/docs/features/software-catalog/descriptor-format (backstage.io/v1alpha1 and v1beta1).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from catalog import yaml_text
from catalog.states import DependencyKind, ServiceKind
from catalog.yaml_text import Items, Table, Text, Value

NAME = re.compile(r"[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?")
SERVICE_KINDS = ("component", "resource", "system", "api")
KINDS = ("group", "user", *SERVICE_KINDS)
MOST_RELATIONS = 500  # of one entity
LONGEST_TEXT = 2_000
LONGEST_SLUG = 80
RECOVERY_TIME = "muster.dev/recovery-time"  # annotation: 4h
DURATION = re.compile(r"([1-9][0-9]{0,6})(s|m|h|d)")
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
SERVICE_TYPES: dict[tuple[str, str], ServiceKind] = {
    ("component", "service"): ServiceKind.API,
    ("component", "website"): ServiceKind.WEBSITE,
    ("component", "library"): ServiceKind.LIBRARY,
    ("resource", "database"): ServiceKind.DATABASE,
    ("resource", "queue"): ServiceKind.QUEUE,
    ("resource", "topic"): ServiceKind.QUEUE,
    ("resource", "cache"): ServiceKind.CACHE,
    ("resource", "s3-bucket"): ServiceKind.STORAGE,
    ("resource", "bucket"): ServiceKind.STORAGE,
    ("resource", "storage"): ServiceKind.STORAGE,
    ("resource", "cluster"): ServiceKind.HOST,
    ("resource", "kubernetes-cluster"): ServiceKind.HOST,
    ("resource", "host"): ServiceKind.HOST,
}


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Names an entity: kind and namespace in lower case, as Backstage compares them."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.namespace}/{self.name}"


def slug_of(ref: Ref, suffix: str = "") -> str:
    """How an entity is called in addresses: its name, after the namespace unless that is `default`; 80 characters."""
    parts = [ref.namespace if ref.namespace != "default" else "", ref.name, suffix]
    slug = re.sub(r"[^a-z0-9_-]+", "-", "-".join(part for part in parts if part))
    if len(slug) <= LONGEST_SLUG:
        return slug
    return f"{slug[: LONGEST_SLUG - 9]}-{sha256(slug.encode()).hexdigest()[:8]}"


def username_of(ref: Ref) -> str:
    """How a user is called in Muster: like slug_of(), but dots stay."""
    return ref.name if ref.namespace == "default" else f"{ref.namespace}-{ref.name}"


@dataclass(frozen=True, slots=True)
class Mention:
    """A reference as a file writes it: which entities it may mean, the likeliest first."""

    text: str
    line: int
    candidates: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A dependency that an entity declares. `reverse`: the other one is the consumer."""

    kind: DependencyKind
    other: Mention
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: file, number of the document and line, both from 1."""

    file: str
    document: int
    line: int

    def __str__(self) -> str:
        parts = (self.file, self.document and f"document {self.document}", self.line and f"line {self.line}")
        return ", ".join(part for part in parts if part)  # 0: a fault of the whole file


@dataclass(frozen=True, slots=True)
class Entity:
    """One document of a catalog file."""

    ref: Ref
    place: Place
    title: str
    description: str = ""
    service_kind: ServiceKind = ServiceKind.OTHER
    recovery_time_s: int | None = None
    owner: Mention | None = None
    relations: tuple[Relation, ...] = ()
    member_of: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What wasn't understood, where, and what would be right."""

    place: Place
    what: str
    why: str


@dataclass(slots=True)
class Parsed:
    """What a file holds: entities in the order they stand, and the documents that were refused."""

    entities: list[Entity] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


class _Refused(Exception):
    """Ends the reading of one document."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(line, why)
        self.line, self.why = line, why


def parse(content: bytes, file: str) -> Parsed:
    """The entities of one file. Raises UnreadableFile when it isn't YAML or breaks a limit: then none count."""
    parsed = Parsed()
    for number, document in enumerate(yaml_text.documents(content, file), start=1):
        try:
            parsed.entities.append(_entity(document, file, number))
        except _Refused as error:
            parsed.refusals.append(Refusal(Place(file, number, error.line), _what(document), error.why))
    return parsed


def _what(document: Value) -> str:
    """What to call a document that wasn't understood."""
    if not isinstance(document, Table):
        return "document"
    kind, metadata = document.get("kind"), document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Table) else None
    return " ".join(str(part)[:80] for part in (kind, name) if isinstance(part, Text)) or "document"


def _entity(document: Value, file: str, number: int) -> Entity:
    if not isinstance(document, Table):
        raise _Refused(
            getattr(document, "line", 1), "a document must be a mapping with apiVersion, kind, metadata, spec"
        )
    version = _text(document, "apiVersion", required=True)
    if not version.startswith("backstage.io/"):
        raise _Refused(document.lines["apiVersion"], f"apiVersion is '{version}', expected backstage.io/v1alpha1")
    kind = _text(document, "kind", required=True)
    if kind.lower() not in KINDS:
        raise _Refused(document.lines["kind"], f"kind is '{kind}'; taken are: {', '.join(k.title() for k in KINDS)}")
    metadata, spec = _table(document, "metadata"), _table(document, "spec")
    ref = Ref(kind.lower(), _name(metadata, "namespace", "default"), _name(metadata, "name"))
    place = Place(file, number, metadata.lines["name"])
    title = _title(metadata, spec) or _text(metadata, "name")
    if ref.kind in SERVICE_KINDS:
        return _service(ref, place, title, metadata, spec)
    groups = tuple(_mentions(spec, "memberOf", ref.namespace, ("group",))) if ref.kind == "user" else ()
    return Entity(ref, place, title, _text(metadata, "description"), member_of=groups)


def _title(metadata: Table, spec: Table) -> str:
    profile = spec.get("profile")
    return _text(metadata, "title") or (_text(profile, "displayName") if isinstance(profile, Table) else "")


def _service(ref: Ref, place: Place, title: str, metadata: Table, spec: Table) -> Entity:
    owner = _mentions(spec, "owner", ref.namespace, ("group", "user"))
    if not owner:
        raise _Refused(spec.line, "spec.owner is missing; name the group that owns it")
    type_ = _text(spec, "type").lower()
    default = {"api": ServiceKind.API, "system": ServiceKind.SYSTEM}.get(ref.kind, ServiceKind.OTHER)
    return Entity(
        ref=ref,
        place=place,
        title=title,
        description=_text(metadata, "description"),
        service_kind=SERVICE_TYPES.get((ref.kind, type_), default),
        recovery_time_s=_recovery_time(metadata),
        owner=owner[0],
        relations=tuple(_relations(spec, ref.namespace)),
    )


def _recovery_time(metadata: Table) -> int | None:
    """Seconds that the service may be down, from the annotation; None when it says nothing."""
    annotations = metadata.get("annotations")
    if not isinstance(annotations, Table) or RECOVERY_TIME not in annotations:
        return None
    written = _text(annotations, RECOVERY_TIME, required=True)
    if not (found := DURATION.fullmatch(written)):
        raise _Refused(
            annotations.lines[RECOVERY_TIME], f"{RECOVERY_TIME} is '{written[:40]}', expected such as 30m, 4h or 2d"
        )
    return int(found[1]) * UNITS[found[2]]


def _relations(spec: Table, namespace: str) -> Iterable[Relation]:
    anything = ("component", "resource", "api", "system")
    for other in _mentions(spec, "dependsOn", namespace, anything):
        kind = DependencyKind.READS if other.candidates[0].kind == "resource" else DependencyKind.CALLS
        yield Relation(kind, other)
    for other in _mentions(spec, "dependencyOf", namespace, anything):
        yield Relation(DependencyKind.CALLS, other, reverse=True)
    for other in _mentions(spec, "consumesApis", namespace, ("api", "component")):
        yield Relation(DependencyKind.CALLS, other)
    for other in _mentions(spec, "providesApis", namespace, ("api",)):
        yield Relation(DependencyKind.RUNS_ON, other, reverse=True)  # the interface fails with what serves it
    for other in _mentions(spec, "system", namespace, ("system",)):
        yield Relation(DependencyKind.HAS_PART, other, reverse=True)
    for other in _mentions(spec, "subcomponentOf", namespace, ("component",)):
        yield Relation(DependencyKind.HAS_PART, other, reverse=True)


def _mentions(spec: Table, key: str, namespace: str, kinds: tuple[str, ...]) -> list[Mention]:
    value = spec.get(key)
    if value is None:
        return []
    texts = value if isinstance(value, Items) else [value]
    if len(texts) > MOST_RELATIONS:
        raise _Refused(spec.lines[key], f"spec.{key} has {len(texts)} entries; the limit is {MOST_RELATIONS}")
    return [_mention(text, key, spec.lines[key], namespace, kinds) for text in texts]


def _mention(text: Value, key: str, line: int, namespace: str, kinds: tuple[str, ...]) -> Mention:
    """A reference `[kind:][namespace/]name`; what is missing follows from the field and from the entity."""
    if not isinstance(text, Text):
        raise _Refused(getattr(text, "line", line), f"spec.{key} must hold references such as {kinds[0]}:default/name")
    kind, has_kind, rest = text.rpartition(":")
    space, has_space, name = rest.rpartition("/")
    parts = [name, *([kind] if has_kind else []), *([space] if has_space else [])]
    if not all(NAME.fullmatch(part) for part in parts):
        raise _Refused(text.line, f"spec.{key}: '{text[:100]}' isn't a reference; write [kind:][namespace/]name")
    namespace = space.lower() if has_space else namespace
    meant = (kind.lower(),) if has_kind else kinds
    return Mention(str(text), text.line, tuple(Ref(each, namespace, name.lower()) for each in meant))


def _table(document: Table, key: str) -> Table:
    value = document.get(key)
    if not isinstance(value, Table):
        raise _Refused(document.lines.get(key, document.line), f"{key} must be a mapping")
    return value


def _text(table: Table, key: str, *, required: bool = False) -> str:
    value = table.get(key)
    if value is None and not required:
        return ""
    if not isinstance(value, Text) or not value.strip():
        raise _Refused(table.lines.get(key, table.line), f"{key} must be text")
    if "\x00" in value:
        raise _Refused(table.lines[key], f"{key} holds a NUL character")
    return value.strip()[:LONGEST_TEXT]


def _name(metadata: Table, key: str, default: str = "") -> str:
    name = _text(metadata, key, required=not default) or default
    if not NAME.fullmatch(name):
        wanted = "1 to 63 letters, digits, - _ or ., beginning and ending with a letter or digit"
        raise _Refused(metadata.lines[key], f"metadata.{key} is '{name[:100]}', expected {wanted}")
    return name.lower()
