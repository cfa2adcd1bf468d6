"""Profiles: what each audience of a pack gets to see, as data (data/<audience>.yaml). Rules are tried in order.

A profile either shows everything but what a rule withholds, or withholds everything but what a rule shows.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from audit.redaction.detecting import DETECTORS
from audit.redaction.errors import BadProfile

FOLDER = Path(__file__).parent / "data" / "profiles"
SHOW, WITHHOLD = "show", "withhold"
NAMED, FUNCTIONS, NUMBERED = "named", "functions", "numbered"
KEYS = {
    "audience",
    "title",
    "for",
    "outside",
    "bare",
    "people",
    "stream_title",
    "files",
    "otherwise",
    "reason",
    "rules",
}
RULE_KEYS = {"then", "kinds", "fields", "values", "reason"}
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Rule:
    """Where it applies (all of what is given must match), and what happens then."""

    then: str  # show, withhold
    kinds: tuple[str, ...] = ("*",)  # patterns of kinds of entries: approval.*
    fields: tuple[str, ...] = ("*",)  # patterns of names of fields
    values: tuple[str, ...] = ()  # detectors, any of which must find something in the value
    reason: str = ""

    def is_about(self, kind: str, field: str) -> bool:
        """Whether the rule speaks of this field, whatever its value."""
        return _any(self.kinds, kind) and _any(self.fields, field)


@dataclass(frozen=True, slots=True)
class Profile:
    """What one audience sees."""

    audience: str
    title: str
    who: str  # whom it is for, in a sentence
    is_outside: bool  # whether it leaves the house
    is_bare: bool  # whether a pack may be made from it as it is; otherwise a second person approves the exact set
    people: str  # named, functions ("Duty manager"), numbered ("Person 3")
    shows_title: bool  # of the stream: people typed it
    files: tuple[str, ...]  # patterns of further files below data/ that go along: versions/*
    otherwise: str  # show or withhold where no rule applies
    reason: str  # of what is withheld where no rule applies
    rules: tuple[Rule, ...]
    digest: str  # SHA-256 of the file

    def shows_file(self, path: str) -> bool:
        """Whether a further file (path below data/) goes along."""
        return _any(self.files, path)


def profiles() -> list[Profile]:
    """Every profile, the one that shows most first."""
    return sorted(_all().values(), key=lambda one: (one.otherwise == WITHHOLD, one.is_outside, -len(one.files)))


def profile(audience: str) -> Profile:
    """The profile of an audience. Raises KeyError."""
    return _all()[audience]


@cache
def _all() -> dict[str, Profile]:
    found = [read(path.read_bytes(), path.name) for path in sorted(FOLDER.glob("*.yaml"))]
    return {one.audience: one for one in found}


def read(content: bytes, file: str) -> Profile:
    """A profile from its file. Raises BadProfile with every mistake."""
    try:
        raw = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise BadProfile(file, [f"It isn't YAML: {error}."]) from None
    if not isinstance(raw, dict):
        raise BadProfile(file, ["It must be a mapping."])
    if problems := _problems(raw):
        raise BadProfile(file, problems)
    return Profile(
        audience=raw["audience"],
        title=raw["title"],
        who=raw["for"],
        is_outside=raw["outside"],
        is_bare=raw["bare"],
        people=raw["people"],
        shows_title=raw["stream_title"],
        files=tuple(raw["files"]),
        otherwise=raw["otherwise"],
        reason=raw.get("reason", ""),
        rules=tuple(_rule(one) for one in raw["rules"]),
        digest=sha256(content).hexdigest(),
    )


def _rule(raw: dict[str, Any]) -> Rule:
    lists = {name: tuple(raw[name]) for name in ("kinds", "fields", "values") if name in raw}
    return Rule(then=raw["then"], reason=raw.get("reason", ""), **lists)


def _problems(raw: dict[str, Any]) -> list[str]:
    wrong = [f"The key {key!r} is not known." for key in sorted(set(map(str, raw)) - KEYS)]
    wrong += [f"The key {key!r} is missing." for key in sorted(KEYS - {"reason"} - set(raw))]
    if wrong:
        return wrong
    wrong += [f"{key} must be a text." for key in ("audience", "title", "for") if not isinstance(raw[key], str)]
    wrong += [
        f"{key} must be true or false." for key in ("outside", "bare", "stream_title") if raw[key] not in (True, False)
    ]
    if raw["people"] not in (NAMED, FUNCTIONS, NUMBERED):
        wrong.append(f"people must be {NAMED}, {FUNCTIONS} or {NUMBERED}, not {raw['people']!r}.")
    if raw["otherwise"] not in (SHOW, WITHHOLD):
        wrong.append(f"otherwise must be {SHOW} or {WITHHOLD}, not {raw['otherwise']!r}.")
    if raw["otherwise"] == WITHHOLD and not raw.get("reason"):
        wrong.append("What is withheld where no rule applies needs a reason.")
    if not _is_texts(raw["files"]):
        wrong.append("files must be a list of patterns.")
    if not isinstance(raw["rules"], list):
        return [*wrong, "rules must be a list."]
    for number, rule in enumerate(raw["rules"], 1):
        wrong += [f"Rule {number}: {problem}" for problem in _rule_problems(rule)]
    return wrong


def _rule_problems(rule: Any) -> list[str]:
    if not isinstance(rule, dict) or rule.get("then") not in (SHOW, WITHHOLD):
        return [f"it must say then: {SHOW} or {WITHHOLD}."]
    wrong = [f"the key {key!r} is not known." for key in sorted(set(map(str, rule)) - RULE_KEYS)]
    wrong += [
        f"{key} must be a list of texts." for key in ("kinds", "fields", "values") if not _is_texts(rule.get(key, []))
    ]
    wrong += [f"there is no detector {name!r}." for name in rule.get("values", []) if name not in DETECTORS]
    if rule["then"] == WITHHOLD and not rule.get("reason"):
        wrong.append("what is withheld needs a reason.")
    if len(str(rule.get("reason", ""))) > LONGEST_REASON:
        wrong.append(f"the reason has more than {LONGEST_REASON} characters.")
    return wrong


def _is_texts(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(item, str) for item in found)


def _any(patterns: tuple[str, ...], text: str) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
