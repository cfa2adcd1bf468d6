"""Where the engine's time goes, by statement: a whole run done by one worker, in this process, without a broker."""

import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from django.db import connection

from config.bench.engine import Bench
from runbooks.engine import worker

_VALUES = re.compile(r"\b(?:VALUES|IN)\s*\(.*", re.DOTALL)


class Statements:
    """Counts and times statements by their first words and table."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            name = self._name(sql)
            self.count[name] += 1
            self.seconds[name] += time.perf_counter() - began

    @staticmethod
    def _name(sql: str) -> str:
        words = " ".join(_VALUES.sub("", sql).replace('"', "").split())
        verb = words.split(" ", 1)[0]
        table = re.search(r"(?:FROM|INTO|UPDATE)\s+([a-z_]+)", words)
        return f"{verb} {table[1] if table else ''} {'for update' if 'FOR UPDATE' in sql else ''}".strip()


def profile(bench: Bench, plan: dict[str, Any]) -> list[tuple[str, float, float]]:
    """(statement, how often per step, ms per step) of a run that one worker does alone.

    `everything` is the whole time; what no statement explains is Python's: planning, hashing, Celery is not in it."""
    version, statements = bench.published(plan), Statements()
    run = bench.start(version)
    began = time.perf_counter()
    with connection.execute_wrapper(statements):
        while worker.work_on(run.uid):
            pass
    whole, steps = time.perf_counter() - began, plan["step_count"]
    rows = [(name, count / steps, statements.seconds[name] * 1000 / steps) for name, count in statements.count.items()]
    rows.sort(key=lambda row: -row[2])
    told = sum(row[2] for row in rows)
    whole_ms = whole * 1000 / steps
    return [*rows, ("Python, and COMMIT", 0.0, whole_ms - told), ("everything", 0.0, whole_ms)]
