"""Finds steps that wait for each other in a circle, and says by which fields."""

from itertools import pairwise

from runbooks.definitions.expanding import Edges
from runbooks.engine.model import Definition


def find_circle(definition: Definition) -> list[str]:
    """Ids along a circle of needs, the first one again at its end; [] when there is none. Walks without recursion."""
    try:
        definition.plan_order  # noqa: B018 - it is kept, and finds most plans in order
    except (ValueError, KeyError):
        return _search(definition)
    return []


def _search(definition: Definition) -> list[str]:
    seen: set[str] = set()
    for start in definition.steps:
        way: dict[str, None] = {}
        todo: list[tuple[str, bool]] = [(start.id, True)]
        while todo:
            id_, entering = todo.pop()
            if not entering:
                way.pop(id_)
            elif id_ in way:
                ids = list(way)
                return [*ids[ids.index(id_) :], id_]
            elif id_ not in seen and id_ in definition.by_id:
                seen.add(id_)
                way[id_] = None
                todo.append((id_, False))
                todo.extend((need, True) for need in reversed(definition.by_id[id_].needs))
    return []


def told(circle: list[str], edges: Edges) -> tuple[str, str, str]:
    """(path, message, remedy) of a circle. A step that waits by something else than its own needs says by what."""
    hidden = []
    for step, need in pairwise(circle):
        path = edges[step][need]
        if path != f"steps.{step}.needs":
            hidden.append(f"`{step}` waits for `{need}` by {path}")
    route, notes = " → ".join(circle), f" ({'; '.join(hidden[:5])})" if hidden else ""
    remedy = "Take one of them away." if hidden else "Take one need away."
    return edges[circle[0]][circle[1]], f"Steps need each other in a circle: {route}{notes}.", remedy
