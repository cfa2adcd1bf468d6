"""What a worker needs to know to gather the values of a decision or a watch, read while it claims the attempt."""

from collections.abc import Iterable, Mapping
from typing import Any

from plumbing.expressions import ExpressionError, names_in, resolve
from plumbing.secrets import closed
from runbooks.engine.model import Value
from runbooks.engine.values import UNFILLED
from runbooks.engine.work import Work


def question(work: Work, values: Iterable[Value], expressions: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(configuration, its template) of the part that decisions and watches share.

    The template holds the values' own fields as their author wrote them: secrets are opened from it, as the worker
    asks. A field that can't be filled in makes its value an error, not the attempt: that is what fallbacks are for."""
    wanted, sees = tuple(values), work.values()
    filled = [_filled(value, sees) for value in wanted]
    config = {
        "values": filled,
        "stream": work.run.stream,
        "sees": sees,
        "ages": _ages(work, [*expressions, *_sources(wanted)]),
    }
    as_written = [_plain(value, value.config) for value in wanted]
    template = [one if one["source"] == UNFILLED else plain for one, plain in zip(filled, as_written, strict=True)]
    return config, {"values": template}


def _plain(value: Value, config: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": value.name, "source": value.source, "config": dict(config), "max_age_s": value.max_age_s}


def _filled(value: Value, sees: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return _plain(value, resolve(dict(value.config), closed(sees)))
    except ExpressionError as error:
        return {"name": value.name, "source": UNFILLED, "config": {"problem": str(error).replace("{{", "{ {")}}


def _sources(values: Iterable[Value]) -> list[str]:
    return [str(value.config["expression"]) for value in values if value.source == "expression"]


def _ages(work: Work, expressions: Iterable[str]) -> dict[str, float]:
    """Seconds since each step that these expressions read has left its output."""
    read = set[str]()
    for source in expressions:
        try:
            read |= {path[1] for path in names_in(source) if path[0] == "steps" and len(path) > 1}
        except ExpressionError:
            continue  # it is told where it is evaluated
    if not read:
        return {}
    ended = work.run.steps.filter(step__in=read, ended_at__isnull=False).values_list("step", "ended_at")
    return {step: (work.now - at).total_seconds() for step, at in ended if at is not None}
