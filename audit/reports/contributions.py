"""What higher rooms say in reports: registered here, because this room can't ask upward."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from audit.canonical import Json
from audit.reports.blocks import Contribution
from audit.reports.reading import Reading
from audit.selectors import EntryRow

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sentence:
    """An entry in a sentence. note: a smaller line below. quote: what somebody said, in their own words."""

    text: str
    note: str = ""
    quote: str = ""


Contribute = Callable[[Reading], Contribution]
Speak = Callable[[EntryRow, Mapping[str, str], str], Sentence | None]

_contributors: list[Contribute] = []
_speakers: list[Speak] = []


def register(contribute: Contribute) -> None:
    """Let a room say its part of every report; its Contribution is empty where it has nothing to say."""
    _contributors.append(contribute)


def register_sentences(speak: Speak) -> None:
    """Let a room put its entries into words: speak(entry, names, language) -> Sentence, None for kinds of others.

    names: actor id -> name. The entry has every field; one that may not be shown holds words that say so."""
    _speakers.append(speak)


Table = Mapping[str, Mapping[str, tuple[str, ...]]]  # language -> kind -> (sentence, note, quotation) with {field}


class _Fields(dict[str, str]):
    """Fields for a sentence; one that the entry doesn't have is a dash."""

    def __missing__(self, name: str) -> str:
        return "–"


def speaker(table: Table) -> Speak:
    """A `speak` from plain sentences: `{who}` is who did it, every other name a field of the entry."""

    def speak(row: EntryRow, names: Mapping[str, str], language: str) -> Sentence | None:
        lines = table[language].get(row.kind)
        if lines is None:
            return None
        fields = _Fields({name: _plain(value, names) for name, value in row.fields.items()})
        fields["who"] = names.get(row.actor, row.actor)
        return Sentence(*(line.format_map(fields) for line in lines))

    return speak


def _plain(value: Json, names: Mapping[str, str]) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(each, names) for each in value)
    return names.get(str(value), str(value)) if value is not None else ""


def contributions(reading: Reading) -> list[Contribution]:
    """What all rooms say."""
    return [contribute(reading) for contribute in _contributors]


def sentence(row: EntryRow, names: Mapping[str, str], language: str) -> Sentence | None:
    """An entry in words; None for a kind that no room knows, or whose fields are not what the room expects.

    A pack must be made also of an entry that a later or a third party's version wrote."""
    for speak in _speakers:
        try:
            found = speak(row, names, language)
        except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
            log.warning("No sentence for an entry of kind %s: %s", row.kind, type(error).__name__)
            return None
        if found is not None:
            return found
    return None
