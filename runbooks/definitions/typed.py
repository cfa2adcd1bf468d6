"""Values of a declared type as people type them, and the way back."""

from math import isfinite
from typing import Any

from runbooks.engine.model import ValueType


class BadText(ValueError):
    """A text that can't be read as the declared type. str() says what would be right."""


def typed_text(text: str, kind: ValueType) -> Any:
    """What somebody typed, as the declared type. A list is one item a line, or with commas. Raises BadText."""
    if kind == ValueType.LIST:
        return [item.strip() for item in text.replace("\n", ",").split(",") if item.strip()]
    text = text.strip() if kind != ValueType.STRING else text
    try:
        match kind:
            case ValueType.INTEGER:
                return int(text)
            case ValueType.NUMBER if isfinite(number := float(text)):
                return number
            case ValueType.NUMBER:
                raise ValueError(text)
            case ValueType.BOOLEAN:
                return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]
    except (ValueError, KeyError):
        wanted = {ValueType.INTEGER: "a whole number", ValueType.NUMBER: "a number"}.get(kind, "true or false")
        raise BadText(f"“{text}” is not {wanted}.") from None
    return text


def text_of(value: Any) -> str:
    """A value as somebody would type it."""
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
