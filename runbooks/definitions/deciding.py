"""Reads decisions and watches: what they look at, and what follows from it."""

from runbooks.definitions.fields import Fields, described
from runbooks.definitions.ids import RESERVED, STEP_ID, STEP_ID_HINT, id_path, matches
from runbooks.definitions.parts import read_probe
from runbooks.definitions.problems import Book
from runbooks.definitions.source import Node, Scalar
from runbooks.engine.model import Case, Decision, Json, Value, Watch

DECIDE_FIELDS = ("by", "values", "cases", "fallback")
CASE_FIELDS = ("id", "when", "score", "go", "back", "most", "say")
VALUE_FIELDS = ("expression", "probe", "prometheus", "signal", "max_age")
SOURCES = VALUE_FIELDS[:-1]
WATCH_FIELDS = ("id", "title", "when", "values", "for", "every", "skip", "hold", "first", "mode")
VERBS = ("skip", "hold", "first")
HUMAN = "human"  # as a fallback: a person decides
MOST_CASES = 20
MOST_BACK = 10
MOST_VALUES = 20
SHORTEST_EVERY_S = 1.0


def read_decision(fields: Fields) -> Decision | None:
    """What a decision step looks at and may take; every problem goes to the book."""
    if not fields.has("decide"):
        return None
    spec = Fields(fields.items["decide"], fields.at("decide"), fields.book, DECIDE_FIELDS)
    by = spec.text("by") or "first"
    if by not in ("first", "best"):
        spec.problem("by", f"Found `{by}`, expected first (the first case that is true) or best (the highest score).")
    cases = _cases(spec, by)
    return Decision(cases, read_values(spec), by, _fallback(spec, cases))


def _cases(spec: Fields, by: str) -> tuple[Case, ...]:
    nodes = spec.tables("cases")
    if not nodes:
        spec.problem("cases", "There is nothing to decide.", "Add at least one case: {id, when, go}.")
    if len(nodes) > MOST_CASES:
        spec.problem("cases", f"There are {len(nodes)} cases; the limit is {MOST_CASES}.")
    found: dict[str, Case] = {}
    for index, node in enumerate(nodes):
        case_fields = Fields(node, f"{spec.at('cases')}.{index + 1}", spec.book, CASE_FIELDS)
        case = _case(case_fields, by, is_last=index == len(nodes) - 1)
        if case.id in found:
            case_fields.problem("id", f"`{case.id}` stands there twice.", "Give each case its own id.")
        found[case.id] = case
    return tuple(found.values())


def _case(spec: Fields, by: str, *, is_last: bool) -> Case:
    case = Case(
        id=spec.text("id", required=True, like=STEP_ID, hint=STEP_ID_HINT),
        when=spec.text("when", longest=1_000),
        score=spec.text("score", required=by == "best", longest=1_000),
        go=spec.texts("go", or_one=True),
        back=spec.text("back", longest=40),
        most=spec.integer("most", Case.most, least=1, most=MOST_BACK),
        say=spec.text("say", longest=200),
    )
    if case.id == HUMAN:
        spec.problem("id", "`human` means that a person decides.", "Give the case another id.")
    if by == "first" and not case.when and not is_last:
        spec.problem(
            "when",
            "It is missing, so the cases after this one are never reached.",
            "Add it, or move this case to the end.",
        )
    if by == "first" and case.score:
        spec.problem(
            "score", "The first case that is true is taken, whatever its score.", "Write `by: best`, or leave it out."
        )
    if case.go and case.back:
        spec.problem("back", "A case goes on or back, not both.", "Leave one of them out.")
    if spec.has("most") and not case.back:
        spec.problem("most", "It bounds how often a case goes `back`, and this one doesn't.", "Leave it out.")
    return case


def _fallback(spec: Fields, cases: tuple[Case, ...]) -> str:
    """Id of a case; empty for a person. It must be said: an author who forgets it has not thought of a silent probe."""
    ids = [case.id for case in cases]
    remedy = f"Write `fallback: human`, or the id of a case: {', '.join(ids) or 'none'}."
    if not spec.has("fallback"):
        spec.problem(
            "fallback", "It is missing: nothing says what happens when a value is missing, stale or wrong.", remedy
        )
        return ""
    fallback = spec.text("fallback", longest=40)
    if fallback and fallback != HUMAN and fallback not in ids:
        spec.problem("fallback", f"There is no case `{fallback}`.", remedy)
    return "" if fallback == HUMAN else fallback


def read_values(fields: Fields) -> tuple[Value, ...]:
    """What is looked at, by name. A plain text is an expression."""
    nodes = fields.named("values")
    if len(nodes) > MOST_VALUES:
        fields.problem("values", f"There are {len(nodes)} values; the limit is {MOST_VALUES}.")
    return tuple(_value(name, node, f"{fields.at('values')}.{name}", fields.book) for name, node in nodes.items())


def _value(name: str, node: Node, path: str, book: Book) -> Value:
    if not matches(STEP_ID, name) or name in RESERVED:
        book.add(path, f"Found `{name}`, expected {STEP_ID_HINT}.")
    if isinstance(node, Scalar):
        if not isinstance(node.value, str):
            book.add(
                path, f"Found {described(node)}, expected an expression or a source.", 'Write "output.x > 1" in quotes.'
            )
        return Value(name, "expression", {"expression": node.text})
    spec = Fields(node, path, book, VALUE_FIELDS)
    given = [source for source in SOURCES if spec.has(source)]
    if len(given) != 1:
        book.add(path, "Give one source.", f"There are: {', '.join(SOURCES)}.")
        return Value(name, "expression", {"expression": "null"})
    return Value(name, given[0], _source(spec, given[0]), spec.duration("max_age", 0.0))


def _source(spec: Fields, source: str) -> dict[str, Json]:
    """The fields of one source, as `runbooks.engine.values` reads them."""
    if source == "probe":
        return dict(read_probe(spec, "probe"))
    if source == "expression":
        return {"expression": spec.text("expression", required=True, longest=1_000)}
    if source == "signal" and isinstance(spec.items["signal"], Scalar):
        return {"signal": spec.text("signal", required=True, longest=200)}
    if source == "signal":
        inner = Fields(spec.items[source], spec.at(source), spec.book, ("name", "service"))
        found = {
            "signal": inner.text("name", required=True, longest=200),
            "service": inner.text("service", longest=200),
        }
    else:
        inner = Fields(spec.items[source], spec.at(source), spec.book, ("server", "query", "sampled"))
        found = {name: inner.text(name, required=name == "query", longest=1_000) for name in inner.known}
        found["server"] = found["server"] or "default"
    return {name: text for name, text in found.items() if text}


def read_watches(fields: Fields, book: Book) -> tuple[Watch, ...]:
    """The watches of a runbook, in their order."""
    found: dict[str, Watch] = {}
    for index, node in enumerate(fields.tables("watches")):
        id_, path = id_path("watches", node, index)
        spec = Fields(node, path if id_ not in found else f"watches.{index + 1}", book, WATCH_FIELDS)
        if id_ in found:
            spec.problem("id", f"`{id_}` stands there twice.", "Ids are unique.")
        watch = _watch(spec, node)
        found.setdefault(watch.id, watch)
    return tuple(found.values())


def _watch(spec: Fields, node: Node) -> Watch:
    given = [verb for verb in VERBS if spec.has(verb)]
    if len(given) != 1:
        message = "It says nothing to do." if not given else f"It says {' and '.join(given)}."
        spec.book.add(spec.path, message, "Give one of skip, hold and first, with the steps that it is about.")
    verb = given[0] if given else "hold"
    mode = spec.text("mode") or "propose"
    if mode not in ("propose", "auto"):
        spec.problem("mode", f"Found `{mode}`, expected propose (the commander decides) or auto (at once).")
    every_s = spec.duration("every", Watch.every_s)
    if every_s < SHORTEST_EVERY_S:
        spec.problem("every", f"Found {every_s:g} s, expected at least {SHORTEST_EVERY_S:g} s.")
    return Watch(
        id=spec.text("id", required=True, like=STEP_ID, hint=STEP_ID_HINT),
        title=spec.text("title", required=True, longest=120),
        when=spec.text("when", required=True, longest=1_000),
        values=read_values(spec),
        verb=verb,
        steps=spec.texts(verb, or_one=True),
        for_s=spec.duration("for", 0.0),
        every_s=every_s,
        auto=mode == "auto",
        line=node.line,
    )
