"""What a report asks for: its fields, codes, circumstances and rules. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any


class Kind(StrEnum):
    """Type of a field's value, as it is stored: canonical JSON, so no floats."""

    STRING = "string"  # one line
    TEXT = "text"  # several lines
    STRINGS = "strings"  # one a line
    ENTITY_CODE = "entity_code"  # LEI or EUID
    LEI = "lei"
    LEIS = "leis"  # one a line, in the order of the names
    EMAIL = "email"
    PHONE = "phone"
    DATETIME = "datetime"  # YYYY-MM-DDThh:mm:ssZ
    DURATION = "duration"  # DDD:HH:MM
    INTEGER = "integer"
    PERCENT = "percent"  # decimal text with one decimal: "12.5"
    MONEY = "money"  # decimal text in whole units of the reporting currency: "2500000"
    BOOLEAN = "boolean"
    CHOICE = "choice"  # a code
    MULTICHOICE = "multichoice"  # codes, in the order of the list


class Need(StrEnum):
    """Whether a field must be filled at a stage."""

    REQUIRED = "required"
    CONDITIONAL = "conditional"
    NO = "not_required"


def name_of(key: str) -> str:
    """What a field or a circumstance is called in forms and anchors: 3.12 is f3_12, fact.downtime is fact_downtime."""
    return f"f{key.replace('.', '_')}" if key[:1].isdigit() else key.replace(".", "_")


@dataclass(frozen=True, slots=True)
class Code:
    """One choice. parent: the code of another list that it belongs under."""

    code: str
    label: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A circumstance that conditions ask about and no field holds: a question with yes, no, or not known."""

    id: str
    name: str
    about: str  # entity, incident or filing

    @property
    def key(self) -> str:
        """Under which its answer is kept beside the values of fields."""
        return f"fact.{self.id}"


@dataclass(frozen=True, slots=True)
class Field:
    """One data field. need: stage -> whether it must be filled. when, applies: conditions (conditions.py). json: place
    in the JSON report, "" for none. derived: static, computed, assisted, manual or external."""

    id: str
    name: str
    section: str
    kind: Kind
    need: Mapping[str, Need]
    confidence: str
    codes: str = ""
    condition: str = ""
    when: Mapping[str, Any] | None = None
    applies: Mapping[str, Any] | None = None
    json: str = ""
    description: str = ""
    derived: str = "manual"
    how: str = ""
    note: str = ""

    @property
    def is_list(self) -> bool:
        return self.kind in (Kind.MULTICHOICE, Kind.STRINGS, Kind.LEIS)

    def need_at(self, stage: str) -> Need:
        return self.need.get(stage, Need.NO)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule over several fields; checking.py holds the code of each. severity: error or warning."""

    id: str
    severity: str
    fields: tuple[str, ...]
    words: str
    confidence: str


@dataclass(frozen=True)
class Form:
    """What one report asks for."""

    id: str
    title: str
    instrument: str
    url: str
    confidence: str
    reviewed_on: str
    stages: tuple[str, ...]
    sections: Mapping[str, str]
    fields: tuple[Field, ...]
    codes: Mapping[str, tuple[Code, ...]] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    rules: tuple[Rule, ...] = ()
    schemas: tuple[str, ...] = ()  # versions of the authority's JSON schema, the current one first

    @cached_property
    def by_id(self) -> Mapping[str, Field]:
        return {one.id: one for one in self.fields}

    @cached_property
    def fact_of(self) -> Mapping[str, Fact]:
        """By the key under which its answer is kept."""
        return {fact.key: fact for fact in self.facts}

    def choices(self, one: Field) -> tuple[Code, ...]:
        """What may be chosen; () for a field without a list."""
        return self.codes.get(one.codes, ())

    def label(self, one: Field, code: str) -> str:
        """A code in words; the code itself where the list doesn't know it."""
        return next((each.label for each in self.choices(one) if each.code == code), code)

    @property
    def has_json(self) -> bool:
        return any(one.json for one in self.fields)
