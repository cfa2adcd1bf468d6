"""What the record already knows: rooms register providers, which offer values with the entries that bear them out.

An offer without an entry is refused: a prefilled value that nobody can check is worse than an empty field.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from audit.canonical import Json
from audit.filings.errors import BadValue
from audit.filings.model import Form
from audit.filings.values import parse, parse_fact
from audit.selectors import EntryRow


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that the record gives. key: number of a field, or fact.<circumstance>. value: as parse() takes it.

    provider: where from, in words ("the incident's timeline"). supports: (stream uid, seq), at least one."""

    key: str
    value: object
    provider: str
    supports: tuple[tuple[str, int], ...]
    is_carried: bool = False  # from an earlier report of the same incident


@dataclass(frozen=True)
class Question:
    """What a provider is asked: whose report, under which regime, at which stage; and what the stream says so far."""

    stream: str
    regime: str
    stage: str
    entity: str
    form: Form
    rows: Sequence[EntryRow] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a stream is, for a report about it. services: slugs of what it touches, whose owners answer for it."""

    reference: str
    title: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Collected:
    """What all providers offered. chosen: key -> (offer, stored value). differing: key -> offers that say otherwise."""

    chosen: Mapping[str, tuple[Offer, Json]]
    differing: Mapping[str, list[tuple[Offer, Json]]]
    refused: Sequence[str]


Provide = Callable[[Question], Iterable[Offer]]
Describe = Callable[[str], Subject | None]
_providers: list[tuple[int, str, Provide]] = []
_subjects: dict[str, Describe] = {}


def register(prefix: str, provide: Provide, *, rank: int = 50) -> None:
    """Let a room offer values for reports about streams whose uid starts with `prefix` ("" for all).

    rank: where several offer the same field, the lowest is taken and the others are shown as differing."""
    _providers.append((rank, prefix, provide))


def register_subject(prefix: str, describe: Describe) -> None:
    """Let a room say what its streams are called and which services they touch."""
    _subjects[prefix] = describe


def subject_of(stream: str) -> Subject:
    """What a stream is; its uid where no room knows better."""
    for prefix, describe in _subjects.items():
        if stream.startswith(prefix) and (found := describe(stream)) is not None:
            return found
    return Subject(stream, stream)


def collect(question: Question) -> Collected:
    """Ask every provider, best first."""
    chosen: dict[str, tuple[Offer, Json]] = {}
    differing: dict[str, list[tuple[Offer, Json]]] = {}
    refused: list[str] = []
    for _, prefix, provide in sorted(_providers, key=lambda each: each[0]):
        if not question.stream.startswith(prefix):
            continue
        for offer in provide(question):
            try:
                value = _stored(question.form, offer)
            except BadValue as error:
                refused.append(f"{offer.key}: {offer.provider} offered a value that can't be one: {error}.")
                continue
            if value is None:
                continue
            if offer.key not in chosen:
                chosen[offer.key] = (offer, value)
            elif chosen[offer.key][1] != value:
                differing.setdefault(offer.key, []).append((offer, value))
    return Collected(chosen, differing, refused)


def _stored(form: Form, offer: Offer) -> Json:
    """The offered value as it is stored; None where the form doesn't ask for it. Raises BadValue."""
    if not offer.supports:
        raise BadValue(offer.key, "no entry bears it out")
    if offer.key in form.fact_of:
        return parse_fact(offer.key, offer.value)
    one = form.by_id.get(offer.key)
    return None if one is None else parse(form, one, offer.value)
