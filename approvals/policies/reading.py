"""The text of a policy to a Policy, or every mistake in it with its line and what would be right. Pure.

policy: restart-critical
title: Restart or failover of a critical system
applies: {classes: [restart-critical]}
seats: [{who: owner}, {who: role, role: approver, team: payments, count: 2}]
within: 10m
escalate: [{after: 5m, to: deputy}, {after: 8m, to: {who: role, role: commander}}]
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from approvals.errors import PolicyRefused
from approvals.policies.model import Allowed, Applies, Conflict, Escalation, Policy, Reason, Risk, Seat, Who
from catalog.errors import UnreadableFile
from catalog.states import Role, ServiceKind
from catalog.yaml_text import Items, Table, Text, Value, documents
from plumbing.durations import duration_s
from plumbing.expressions import suggestion

SLUG = re.compile(r"[a-z][a-z0-9-]{0,59}")
HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LONGEST_TEXT = 16_384  # characters of a policy
LONGEST_CLOCK_S = 30 * 86_400
MOST_PEOPLE = 20  # that one seat may need
FIELDS = (
    "policy", "title", "why", "applies", "risk", "seats", "exclude", "within", "remind", "escalate", "reason", "typed",
    "factor", "order", "lasts", "hold", "allow", "enabled",
)  # fmt: skip
APPLIES = ("classes", "environments", "actions", "kinds", "tiers")
KNOWN_NAMES: dict[str, Sequence[str]] = {"kinds": ServiceKind.values, "tiers": ("1", "2", "3", "4")}
SEATED = (Who.OWNER, Who.ROLE, Who.PERSON)
ESCALATED = (Who.DEPUTY, Who.MANAGER, Who.ROLE, Who.PERSON)
TOGETHER, IN_TURN = "together", "in-turn"
Word = TypeVar("Word", bound=StrEnum)


class Reader:
    """Takes fields out of one text; what is wrong goes to `problems` with its line, and the field takes its default."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[str] = []

    def refuse(self, line: int, field: str, message: str) -> None:
        self.problems.append(f"{self.file}, line {line}, {field}: {message}")

    def known(self, table: Table, path: str, names: Iterable[str]) -> None:
        """Refuse fields that nobody knows, and suggest those that are meant."""
        for name, line in table.lines.items():
            if name not in names:
                hint = suggestion(name, names) or f"Known: {', '.join(names)}."
                self.refuse(line, f"{path}{name}", f"There is no such field. {hint}")

    def text(self, table: Table, name: str, default: str = "", *, path: str = "", longest: int = 200) -> str:
        value = table.get(name)
        if value is None:
            return default
        if not isinstance(value, Text) or len(value) > longest:
            self.refuse(table.lines[name], path + name, f"Expected a text of at most {longest} characters.")
            return default
        if hidden := HIDDEN.search(value):
            self.refuse(table.lines[name], path + name, f"It has a character that nobody sees: {hidden[0]!a}.")
            return default
        return str(value)

    def word(self, table: Table, name: str, words: type[Word], default: Word) -> Word:
        return self._one(table.get(name), table.lines.get(name, table.line), name, words) or default

    def _one(self, value: Value, line: int, name: str, words: type[Word]) -> Word | None:
        if value is None:
            return None
        known = [word.value for word in words]
        if not isinstance(value, Text) or value not in known:
            self.refuse(line, name, f"Found {_shown(value)}, expected one of: {', '.join(known)}.")
            return None
        return words(str(value))

    def words(self, table: Table, name: str, words: type[Word]) -> frozenset[Word]:
        found = (self._one(each, line, name, words) for each, line in self.items(table, name))
        return frozenset(word for word in found if word is not None)

    def items(self, table: Table, name: str, path: str = "") -> list[tuple[Value, int]]:
        """(item, line) of a list; nothing when it isn't there."""
        value = table.get(name)
        if value is None:
            return []
        if not isinstance(value, Items):
            self.refuse(table.lines[name], path + name, f"Found {_shown(value)}, expected a list such as [a, b].")
            return []
        return [(each, getattr(each, "line", value.line)) for each in value]

    def length(self, table: Table, name: str, default: Any = None, path: str = "") -> Any:
        """A length of time in whole seconds."""
        return self.seconds(table.get(name), table.lines.get(name, table.line), path + name, default)

    def seconds(self, value: Value, line: int, name: str, default: Any = None) -> Any:
        if value is None or value == "none":
            return default
        try:
            return round(duration_s(str(value) if isinstance(value, Text) else value, longest_s=LONGEST_CLOCK_S))
        except ValueError as error:
            self.refuse(line, name, f"{str(error).capitalize()}.")
            return default

    def flag(self, table: Table, name: str, default: bool) -> bool:
        value = table.get(name)
        if value is None:
            return default
        if value not in ("true", "false"):
            self.refuse(table.lines[name], name, f"Found {_shown(value)}, expected true or false.")
        return value == "true"


def read_policy(text: str, *, number: int = 1, file: str = "policy") -> Policy:
    """The policy that the text describes. `digest` is the SHA-256 of the text.

    Raises PolicyRefused with every mistake found."""
    if len(text) > LONGEST_TEXT:
        raise PolicyRefused([f"{file}: It has {len(text):,} characters; the limit is {LONGEST_TEXT:,}."])
    try:
        found = documents(text.encode(), file)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise PolicyRefused(
            [f"{file}, line {line}: It has a character that is no text: {text[error.start]!a}."]
        ) from None
    except UnreadableFile as error:
        raise PolicyRefused([str(error)]) from None
    if len(found) != 1 or not isinstance(found[0], Table):
        raise PolicyRefused([f"{file}: Expected one table of fields, beginning with “policy: a-name”."])
    reader = Reader(file)
    policy = _policy(reader, found[0], number, hashlib.sha256(text.encode()).hexdigest())
    if reader.problems:
        raise PolicyRefused(reader.problems)
    return policy


def _policy(reader: Reader, table: Table, number: int, digest: str) -> Policy:
    reader.known(table, "", FIELDS)
    slug = reader.text(table, "policy")
    if not SLUG.fullmatch(slug):
        reader.refuse(
            table.lines.get("policy", table.line), "policy", "Expected a name of a-z, 0-9 and -, such as restart."
        )
    title = reader.text(table, "title", longest=120).strip()
    if not title or "\n" in title:
        reader.refuse(table.lines.get("title", table.line), "title", "Say in a line what it is about.")
    order = reader.text(table, "order", TOGETHER)
    if order not in (TOGETHER, IN_TURN):
        reader.refuse(table.lines["order"], "order", f"Found {order!r}, expected {TOGETHER} or {IN_TURN}.")
    policy = Policy(
        slug=slug, title=title, number=number, digest=digest, why=reader.text(table, "why", longest=2_000),
        applies=_applies(reader, table),
        risk=reader.word(table, "risk", Risk, Risk.LOW),
        seats=_seats(reader, table),
        exclude=reader.words(table, "exclude", Conflict),
        within_s=reader.length(table, "within"),
        remind_s=tuple(sorted(_lengths(reader, table, "remind"))),
        escalate=_escalations(reader, table),
        reason=reader.word(table, "reason", Reason, Reason.ON_REJECT),
        typed=reader.flag(table, "typed", default=False),
        factor_s=reader.length(table, "factor"),
        in_turn=order == IN_TURN,
        lasts_s=reader.length(table, "lasts", 86_400),
        hold_s=reader.length(table, "hold", 0),
        allow=reader.words(table, "allow", Allowed),
        enabled=reader.flag(table, "enabled", default=True),
    )  # fmt: skip
    _check_clocks(reader, table, policy)
    return policy


def _check_clocks(reader: Reader, table: Table, policy: Policy) -> None:
    """What would never happen: the time to decide is over by then, or there is no time at all."""
    later = {"remind": policy.remind_s, "escalate": tuple(link.after_s for link in policy.escalate)}
    once = {"within": policy.within_s, "lasts": policy.lasts_s, "factor": policy.factor_s}
    for name, lengths in (later | {name: (length,) for name, length in once.items() if length is not None}).items():
        if any(length < 1 for length in lengths):
            reader.refuse(table.lines[name], name, "Expected a second at least.")
        elif name in later and policy.within_s and any(length >= policy.within_s for length in lengths):
            reader.refuse(table.lines[name], name, "It comes when the time to decide (within) is over already.")
    if table.get("lasts") == "none":
        reader.refuse(table.lines["lasts"], "lasts", "A yes always ends: expected a length of time such as 1h.")


def _applies(reader: Reader, table: Table) -> Applies:
    inner = table.get("applies")
    if inner is None:
        return Applies()
    if not isinstance(inner, Table):
        reader.refuse(table.lines["applies"], "applies", f"Expected fields: {', '.join(APPLIES)}.")
        return Applies()
    reader.known(inner, "applies.", APPLIES)
    names = {name: _names(reader, inner, name) for name in APPLIES}
    tiers = frozenset(int(tier) for tier in names.pop("tiers"))
    return Applies(**names, tiers=tiers)


def _names(reader: Reader, table: Table, name: str) -> frozenset[str]:
    found, known = set[str](), KNOWN_NAMES.get(name, ())
    for each, line in reader.items(table, name, "applies."):
        if not isinstance(each, Text) or not each or HIDDEN.search(each):
            reader.refuse(line, f"applies.{name}", f"Found {_shown(each)}, expected a name.")
        elif known and each not in known:
            hint = suggestion(each, known) or f"Known: {', '.join(known)}."
            reader.refuse(line, f"applies.{name}", f"Found {_shown(each)}. {hint}")
        else:
            found.add(str(each))
    return frozenset(found)


def _lengths(reader: Reader, table: Table, name: str) -> set[int]:
    found = {reader.seconds(each, line, name) for each, line in reader.items(table, name)}
    return {length for length in found if length is not None}


def _seats(reader: Reader, table: Table) -> tuple[Seat, ...]:
    if "seats" not in table:
        return (Seat(Who.OWNER),)
    found = [_seat(reader, each, line, "seats", SEATED) for each, line in reader.items(table, "seats")]
    if not found:
        reader.refuse(table.lines["seats"], "seats", "Somebody must decide: name a seat, such as {who: owner}.")
    return tuple(seat for seat in found if seat is not None)


def _escalations(reader: Reader, table: Table) -> tuple[Escalation, ...]:
    found: list[Escalation] = []
    for each, line in reader.items(table, "escalate"):
        if not isinstance(each, Table) or not {"after", "to"} <= each.keys():
            reader.refuse(line, "escalate", "Expected {after: 5m, to: deputy}.")
            continue
        reader.known(each, "escalate.", ("after", "to"))
        after_s = reader.length(each, "after", path="escalate.")
        target = _seat(reader, each["to"], line, "escalate.to", ESCALATED)
        if after_s is not None and target is not None:
            found.append(Escalation(after_s, target))
    return tuple(sorted(found))


def _seat(reader: Reader, value: Value, line: int, path: str, allowed: tuple[Who, ...]) -> Seat | None:
    """A seat as fields, or as one word where it needs no more: deputy."""
    table = value
    if isinstance(value, Text):
        table = Table({"who": value})
        table.line, table.lines = line, {"who": line}
    if not isinstance(table, Table):
        reader.refuse(line, path, "Expected fields such as {who: role, role: approver}.")
        return None
    reader.known(table, f"{path}.", ("who", "role", "team", "person", "count"))
    who = reader.text(table, "who", path=f"{path}.")
    if who not in allowed:
        reader.refuse(line, f"{path}.who", f"Found {who!r}, expected one of: {', '.join(allowed)}.")
        return None
    texts = {name: reader.text(table, name, path=f"{path}.") for name in ("role", "team", "person")}
    count = reader.text(table, "count", "1", path=f"{path}.")
    wrong = list(_wrong_in_seat(who, texts, count, is_link="count" in table and path != "seats"))
    for name, message in wrong:
        reader.refuse(table.lines.get(name, line), f"{path}.{name}", message)
    if wrong:
        return None
    return Seat(Who(who), **texts, count=int(count))


def _wrong_in_seat(who: str, texts: dict[str, str], count: str, *, is_link: bool) -> Iterator[tuple[str, str]]:
    """(field, what would be right) of everything that doesn't fit. is_link: a count where people are escalated to."""
    is_role = who == Who.ROLE
    if is_role and texts["role"] not in Role.values:
        yield "role", f"Expected one of: {', '.join(Role.values)}."
    if who == Who.PERSON and not texts["person"]:
        yield "person", "Name the person, by user name."
    for name in ("role", "team"):
        if texts[name] and not is_role:
            yield name, "Only {who: role} has a role and a team."
    if texts["person"] and who != Who.PERSON:
        yield "person", "Only {who: person} names one."
    if is_link:
        yield "count", "All of them are asked; how many must agree is what the seat says."
    if not (count.isdecimal() and 1 <= int(count) <= MOST_PEOPLE):
        yield "count", f"Expected 1 to {MOST_PEOPLE}."
    elif count != "1" and not is_role:
        yield "count", "Only a role can have more than one; name each person."


def _shown(value: Value) -> str:
    if isinstance(value, Text):
        return repr(str(value))
    return "fields" if isinstance(value, Table) else "a list" if isinstance(value, Items) else "nothing"
