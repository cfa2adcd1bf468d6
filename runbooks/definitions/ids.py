"""How steps, sections, inputs and values may be called."""

import re

from runbooks.definitions.source import Node

STEP_ID = r"[a-z][a-z0-9_]{0,39}"
STEP_ID_HINT = "small letters, digits and _ beginning with a letter, at most 40 (expressions use it as a name)"
RESERVED = frozenset(  # words that CEL keeps for itself
    {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"}
    | {"namespace", "null", "package", "return", "true", "var", "void", "while"}
)
NAME = r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?"
NAME_HINT = "small letters, digits and -, at most 80, as in restart-web-service"
LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?"
LABEL_HINT = "small letters, digits, - and _, at most 40"


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern fits the whole text."""
    return re.fullmatch(pattern, text) is not None


def id_path(list_: str, node: Node, index: int) -> tuple[str, str]:
    """(id, path of its fields): `steps.restart`, or `steps.3` for the third one if it has no usable id."""
    found = getattr(node, "items", {})
    written = getattr(found.get("id"), "value", None) if isinstance(found, dict) else None
    return (written, f"{list_}.{written}") if isinstance(written, str) and written else ("", f"{list_}.{index + 1}")
