"""Values of fields: from what a person typed or a program sent to what is stored, and from there to words. Pure.

Stored values are canonical JSON, so without floats: amounts and percentages are decimal text, times are UTC text.
"""

import datetime as dt
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from audit.canonical import Json, tidy
from audit.filings.errors import BadValue
from audit.filings.model import Field, Form, Kind

LONGEST = 32_767  # characters of a text, as the authorities' schema has it
LONGEST_LINE = 1_000  # of what is one line
MOST_ENTITIES = 500
LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
EUID = re.compile(r"[A-Z]{2}[A-Z0-9]+\.[A-Za-z0-9_./-]+")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
PHONE = re.compile(r"\+[1-9][0-9]{4,14}")
DURATION = re.compile(r"\d{1,3}:(?:[01]\d|2[0-3]):[0-5]\d")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
TIME = "%Y-%m-%dT%H:%M:%SZ"
MOST = Decimal(10) ** 15  # an amount beyond it would lose digits in a JSON number


def lei_is_valid(text: str) -> bool:
    """Whether the check digits of an LEI hold (ISO 7064, MOD 97-10)."""
    if not LEI.fullmatch(text):
        return False
    return int("".join(str(int(character, 36)) for character in text)) % 97 == 1


def parse(form: Form, one: Field, said: Any) -> Json:
    """The value as it is stored; None when nothing was said. Raises BadValue, which says what would be right."""
    if one.is_list:
        return _several(form, one, said)
    if isinstance(said, str):
        said = said.strip()
    if said is None or said == "":
        return None
    match one.kind:
        case Kind.BOOLEAN:
            return _boolean(one.id, said)
        case Kind.INTEGER:
            return _integer(one.id, said)
        case Kind.PERCENT:
            return _percent(one.id, said)
        case Kind.MONEY:
            return _money(one.id, said)
        case Kind.DATETIME:
            return _moment(one.id, said)
    text = _text(one, said)
    return _code(form, one, text) if one.kind == Kind.CHOICE else _shaped(one, text)


def parse_fact(key: str, said: Any) -> bool | None:
    """The answer to a circumstance; None for not known. Raises BadValue."""
    return None if said in (None, "") else _boolean(key, said)


def _several(form: Form, one: Field, said: Any) -> Json:
    if said in (None, ""):
        return None
    parts = said.splitlines() if isinstance(said, str) else said
    if not isinstance(parts, Sequence) or not all(isinstance(part, str) for part in parts):
        raise BadValue(one.id, "a list of texts is expected")
    found = [part.strip() for part in parts if part.strip()]
    if len(found) > MOST_ENTITIES:
        raise BadValue(one.id, f"at most {MOST_ENTITIES} lines")
    if one.kind == Kind.MULTICHOICE:
        chosen = {_code(form, one, part) for part in found}
        return [code.code for code in form.choices(one) if code.code in chosen] or None
    return [_shaped(one, _text(one, part)) for part in found] or None


def _text(one: Field, said: Any) -> str:
    if not isinstance(said, str):
        raise BadValue(one.id, "a text is expected")
    text = str(tidy(said.replace("\r\n", "\n")))
    if CONTROL.search(text):
        raise BadValue(one.id, "there is a control character in it, which no report can carry")
    if one.kind != Kind.TEXT and "\n" in text:
        raise BadValue(one.id, "one line is expected")
    most = LONGEST if one.kind == Kind.TEXT else LONGEST_LINE
    if len(text) > most:
        raise BadValue(one.id, f"it has {len(text)} characters; at most {most} fit")
    return text


def _code(form: Form, one: Field, text: str) -> str:
    if all(text != code.code for code in form.choices(one)):
        raise BadValue(one.id, f"{text!r} is none of the choices of this field")
    return text


def _shaped(one: Field, text: str) -> str:
    """A text that has the form its kind asks for."""
    match one.kind:
        case Kind.LEI | Kind.LEIS if not lei_is_valid(text):
            raise BadValue(one.id, f"{text!r} is no LEI: 18 letters and digits, and two check digits that fit them")
        case Kind.ENTITY_CODE if LEI.fullmatch(text) and not lei_is_valid(text):
            raise BadValue(one.id, f"the check digits of the LEI {text!r} don't fit")
        case Kind.ENTITY_CODE if not (LEI.fullmatch(text) or EUID.fullmatch(text)):
            raise BadValue(one.id, "an LEI (20 letters and digits) or an EUID (such as DEK1101R.HRB116737) is expected")
        case Kind.EMAIL if not EMAIL.fullmatch(text):
            raise BadValue(one.id, "an address such as duty@bank.example is expected")
        case Kind.PHONE:
            number = re.sub(r"[\s()./-]", "", text)
            if not PHONE.fullmatch(number):
                raise BadValue(one.id, "a number with its international prefix is expected, such as +49 69 1234567")
            return number
        case Kind.DURATION if not DURATION.fullmatch(text):
            raise BadValue(one.id, "days:hours:minutes is expected, such as 0:03:16")
    return text


def _boolean(field: str, said: Any) -> bool:
    words = {"yes": True, "no": False, "true": True, "false": False}
    found = said if isinstance(said, bool) else words.get(said.lower()) if isinstance(said, str) else None
    if found is None:
        raise BadValue(field, "yes or no is expected")
    return found


def _integer(field: str, said: Any) -> int:
    if isinstance(said, str) and re.fullmatch(r"\d{1,15}", said.replace(" ", "")):
        return int(said.replace(" ", ""))
    if isinstance(said, int) and not isinstance(said, bool) and 0 <= said < MOST:
        return said
    raise BadValue(field, "a whole number without a sign is expected, such as 1200")


def _decimal(field: str, said: Any) -> Decimal:
    text = str(said) if isinstance(said, int) and not isinstance(said, bool) else said
    try:
        if isinstance(text, str) and re.fullmatch(r"[\d ]+(?:\.\d+)?", text):
            return Decimal(text.replace(" ", ""))
    except InvalidOperation:
        pass
    raise BadValue(field, "a number such as 1250.50 is expected, with a point before the decimals and without a sign")


def _percent(field: str, said: Any) -> str:
    found = _decimal(field, said)
    if found >= 1_000_000:
        raise BadValue(field, "a percentage below 1000000 is expected")
    return str(found.quantize(Decimal("0.1"), ROUND_HALF_UP))


def _money(field: str, said: Any) -> str:
    found = _decimal(field, said)
    if found >= MOST or -int(found.as_tuple().exponent) > 2:
        raise BadValue(field, "an amount in whole units of the currency is expected, at most two decimals")
    return f"{found.normalize():f}"


def _moment(field: str, said: Any) -> str:
    try:
        found = dt.datetime.fromisoformat(said) if isinstance(said, str) else said
    except ValueError:
        found = None
    if not isinstance(found, dt.datetime):
        raise BadValue(field, "a time such as 2026-11-21T09:30:00Z is expected")
    found = found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    return found.strftime(TIME) if found.year > 999 else f"{found.year:04d}{found.strftime(TIME)[4:]}"


def moment_of(value: Any) -> dt.datetime:
    """A stored time as a datetime in UTC."""
    return dt.datetime.strptime(value, TIME).replace(tzinfo=dt.UTC)


def duration(length: dt.timedelta) -> str:
    """A length of time as days:hours:minutes, begun minutes counted whole; 999 days are the most that can be said."""
    minutes = min(max(0, -(-length // dt.timedelta(minutes=1))), 999 * 1440 + 1439)
    return f"{minutes // 1440}:{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def shown(form: Form, one: Field, value: Any) -> str:
    """A stored value as people read it; "" for none."""
    if value is None:
        return ""
    match one.kind:
        case Kind.BOOLEAN:
            return "Yes" if value else "No"
        case Kind.CHOICE:
            return form.label(one, value)
        case Kind.MULTICHOICE:
            return "; ".join(form.label(one, code) for code in value)
        case Kind.STRINGS | Kind.LEIS:
            return "; ".join(value)
        case Kind.DATETIME:
            return f"{moment_of(value):%Y-%m-%d %H:%M:%S} UTC"
        case Kind.PERCENT:
            return f"{value} %"
        case Kind.MONEY:
            whole, _, rest = value.partition(".")
            return f"{int(whole):,}{f'.{rest:0<2}' if rest else ''}".replace(",", " ")
        case Kind.INTEGER:
            return f"{value:,}".replace(",", " ")
    return str(value)


def as_typed(one: Field, value: Any) -> Any:
    """A stored value as a form's widget takes it."""
    if value is None:
        return [] if one.kind == Kind.MULTICHOICE else ""
    match one.kind:
        case Kind.BOOLEAN:
            return "yes" if value else "no"
        case Kind.STRINGS | Kind.LEIS:
            return "\n".join(value)
        case Kind.MULTICHOICE:
            return list(value)
    return str(value)
