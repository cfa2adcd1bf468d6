"""Reads what makes a step run more than once: `for_each` and `until`. Both are bounded, always."""

from runbooks.definitions.fields import Fields
from runbooks.definitions.ids import RESERVED, STEP_ID, STEP_ID_HINT
from runbooks.definitions.source import Scalar
from runbooks.engine.model import Loop, Until

MOST_ITEMS = 1_000
MOST_ROUNDS = 1_000
ROOTS = ("inputs", "steps", "incident", "run", "env", "secrets", "output", "values", "ages", "index")


def read_loop(fields: Fields) -> Loop | None:
    """`for_each: inputs.hosts`, or `{in, as, width, most}`."""
    if not fields.has("for_each"):
        return None
    node = fields.items["for_each"]
    if isinstance(node, Scalar):
        return Loop(fields.text("for_each", longest=1_000))
    spec = Fields(node, fields.at("for_each"), fields.book, ("in", "as", "width", "most"))
    name = spec.text("as", like=STEP_ID, hint=STEP_ID_HINT) or Loop.name
    if name in RESERVED or name in ROOTS:
        spec.problem("as", f"`{name}` means something else already.", f"Write each_{name}, say.")
    most = spec.integer("most", Loop.most, least=1, most=MOST_ITEMS)
    width = spec.integer("width", Loop.width, least=1, most=MOST_ITEMS)
    return Loop(spec.text("in", required=True, longest=1_000), name, min(width, most), most)


def read_until(fields: Fields) -> Until | None:
    """`{condition, most, every}`; how often at most must be said."""
    if not fields.has("until"):
        return None
    node = fields.items["until"]
    spec = Fields(
        node if not isinstance(node, Scalar) else None, fields.at("until"), fields.book, ("condition", "most", "every")
    )
    condition = fields.text("until", longest=1_000) if isinstance(node, Scalar) else ""
    condition = condition or spec.text("condition", required=not condition, longest=1_000)
    if not spec.has("most"):
        fields.problem("until", "It has no bound.", f'Write {{condition: "{condition or "…"}", most: 10, every: 5s}}.')
    most = spec.integer("most", Until.most, least=1, most=MOST_ROUNDS)
    return Until(condition, most, spec.duration("every", Until.every_s))
