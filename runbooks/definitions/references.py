"""Checks what templates and expressions refer to: known inputs, and outputs that are surely there by then."""

import re
from collections.abc import Iterator

from plumbing import secrets
from plumbing.expressions import ExpressionError, Path, names_in, paths_in, suggestion
from runbooks.definitions.places import GUARD, Place, places_of
from runbooks.definitions.presence import Presence
from runbooks.definitions.problems import Book
from runbooks.engine.model import Definition, Step, ValueType

WHOLE = re.compile(r"\s*\{\{[^{}]*\}\}\s*")  # a text that is one value and nothing else
GIVES = {  # what an action leaves besides the outputs that its step declares
    "http": frozenset({"status", "elapsed_ms", "headers", "json", "text"}),
    "wait": frozenset({"waited_s"}),
    "note": frozenset({"note"}),
    "notify": frozenset({"told", "missed"}),
    "webhook": frozenset({"status", "id", "elapsed_ms", "text"}),
    "command": frozenset({"exit_code", "json", "stdout", "stderr", "elapsed_ms"}),
    "sql": frozenset({"value", "row", "rows", "count", "more", "elapsed_ms"}),
    "decide": frozenset({"case", "go", "back", "by", "why", "ask", "values", "scores", "errors"}),
    "manual": frozenset(),
}


def check(definition: Definition, book: Book, *, is_sound: bool) -> None:
    """Note every reference that can't be filled in when it is needed. is_sound: the plan has an order."""
    checker = _Checker(definition, book, Presence(definition) if is_sound else None)
    for place in places_of(definition):
        checker.check(place)


def used_in(place: Place) -> Iterator[Path]:
    """The paths that a text reads; none when it can't be understood."""
    try:
        yield from names_in(place.text) if place.is_expression else paths_in(place.text)
    except ExpressionError:
        return


class _Checker:
    def __init__(self, definition: Definition, book: Book, presence: Presence | None) -> None:
        self.definition, self.book, self.presence = definition, book, presence
        self.inputs = {spec.name: spec for spec in definition.inputs}
        self.parameters = frozenset(name for given in definition.environments.values() for name in given)

    def check(self, place: Place) -> None:
        if not place.is_expression and "{{" not in place.text:
            return
        try:
            paths = sorted(names_in(place.text)) if place.is_expression else paths_in(place.text)
        except ExpressionError as error:
            self.book.add(place.path, str(error))
            return
        for path in paths:
            self._check(path, place)

    def _check(self, path: Path, place: Place) -> None:
        root, whole = path[0], ".".join(path)
        if root == secrets.ROOT and not place.is_expression:
            self._check_secret(path, place)
        elif root not in place.roots:
            self._unknown_root(whole, root, place)
        elif root == "inputs":
            self._check_one_of(path, place, "input", tuple(self.inputs))
            self._check_list(path, place)
        elif root == "env":
            self._check_one_of(path, place, "parameter of the environments", tuple(sorted(self.parameters)))
        elif root in ("values", "ages"):
            self._check_one_of(path, place, "value", place.values)
        elif root == "steps":
            self._check_step(path, place)
        elif root == "output" and place.step is not None:
            self._check_given(path, path[1:2], place.step, place)

    def _unknown_root(self, whole: str, root: str, place: Place) -> None:
        if place.roots == ("output",):
            hint = suggestion(root, place.roots) or "It sees only `output`, what the action gave."
            self.book.add(place.path, f"`{whole}` is unknown here.", hint)
            return
        hint = suggestion(root, place.roots) or f"There are: {', '.join(place.roots)}."
        self.book.add(place.path, f"`{whole}` begins with an unknown name.", hint)

    def _check_one_of(self, path: Path, place: Place, word: str, names: tuple[str, ...]) -> None:
        is_whole = len(path) == 1 and place.is_expression and names
        if is_whole or (len(path) > 1 and path[1] in names):
            return
        hint = suggestion(path[1], names) if len(path) > 1 else ""
        remedy = hint or f"{word.capitalize()}s are: {', '.join(names) or 'none'}."
        if word.startswith("parameter"):
            remedy = hint or f"There are: {', '.join(names) or 'none; write `environments:`'}."
        self.book.add(place.path, f"`{'.'.join(path)}` is no {word}.", remedy)

    def _check_list(self, path: Path, place: Place) -> None:
        """A list can be a value, and no part of a text."""
        spec = self.inputs.get(path[1]) if len(path) == 2 else None
        is_part = not place.is_expression and not WHOLE.fullmatch(place.text)
        if spec is not None and spec.type is ValueType.LIST and is_part:
            remedy = "Loop over it with `for_each`, or give it as a value of its own."
            self.book.add(place.path, f"`{'.'.join(path)}` is a list and can't become part of a text.", remedy)

    def _check_secret(self, path: Path, place: Place) -> None:
        whole = ".".join(path)
        if not place.opens_secrets:
            self.book.add(
                place.path,
                f"`{whole}`: a secret may not stand here.",
                "Secrets go into `with`, `verify` and `undo` alone.",
            )
        elif len(path) != 2 or not secrets.NAME.fullmatch(path[1]):
            self.book.add(place.path, f"`{whole}` is no secret.", "Write secrets.<name>: small letters, digits and _.")

    def _check_step(self, path: Path, place: Place) -> None:
        """An output of a step: it must exist, and be there by then or be asked for with `has`."""
        whole, id_ = ".".join(path), path[1] if len(path) > 1 else ""
        guarded = id_ in place.guarded or (place.is_expression and id_ in GUARD.findall(place.text))
        if not id_ and place.is_expression:
            return
        if id_ not in self.definition.by_id:
            hint = suggestion(id_, self.definition.by_id) or "Write steps.<id>.output.<name>."
            self.book.add(place.path, f"`{whole}`: there is no step `{id_}`.", hint)
        elif not guarded and not self._is_there(id_, whole, place):
            return
        elif len(path) < 4 or path[2] != "output":
            if not (guarded and place.is_expression):
                self.book.add(place.path, f"`{whole}` is no output of a step.", f"Write steps.{id_}.output.<name>.")
        else:
            self._check_given(path, path[3:4], self.definition.by_id[id_], place)

    def _is_there(self, id_: str, whole: str, place: Place) -> bool:
        if self.presence is None or (place.step is not None and place.sees_own and id_ == place.step.id):
            return True
        guard = f"has(steps.{id_})"
        if place.step is None:
            remedy = f"Ask first: {guard} && …"
            self.book.add(place.path, f"`{whole}`: step `{id_}` need not be over yet.", remedy)
            return False
        if not self.presence.is_before(place.step.id, id_):
            remedy = f"Add `{id_}` to its needs."
            self.book.add(place.path, f"`{whole}`: step `{id_}` need not be over when this one starts.", remedy)
            return False
        if why := self.presence.why_missing(place.step, self.definition.by_id[id_]):
            remedy = f"Ask first: {guard} && …" if place.is_expression else f"Give this step `when: {guard}`."
            self.book.add(place.path, f"`{whole}` may be missing: {why}.", remedy)
            return False
        return True

    def _check_given(self, path: Path, name: Path, step: Step, place: Place) -> None:
        """Outputs of actions whose output is known: the declared ones, and what the action itself gives."""
        if step.action not in GIVES or not name or step.loop is not None:
            return
        declared = [output.name for output in step.outputs if not place.path.endswith(".value")]
        names = [*declared, *sorted(GIVES[step.action])]
        if name[0] in names:
            return
        hint = suggestion(name[0], names) or f"Declare it under outputs of `{step.id}`."
        whole = ".".join(path)
        if step.human:
            text = f"`{whole}`: the person who does `{step.id}` isn't asked for `{name[0]}`."
        else:
            text = f"`{whole}`: `{step.id}` has no output `{name[0]}`."
        self.book.add(place.path, text, hint)
