"""Decisions as rows: what a worker is given to decide with, and what is kept of how it went."""

import json
from collections.abc import Mapping
from typing import Any

from audit import ledger
from audit.ledger import Actor
from runbooks.engine import asking
from runbooks.engine.judging import ASK
from runbooks.engine.model import Decision
from runbooks.engine.work import Work
from runbooks.models import StepRun

LONGEST_TOLD = 4_000  # characters of the values in an entry


def order(work: Work, row: StepRun, decision: Decision) -> tuple[dict[str, Any], dict[str, Any]]:
    """(configuration, its template) of the action `decide` for this step, as things stand now."""
    expressions = [text for case in decision.cases for text in (case.when, case.score) if text]
    config, template = asking.question(work, decision.values, expressions)
    more = {"cases": decision.cases, "by": decision.by, "fallback": decision.fallback, "visits": row.visits}
    return config | more, template


def chose(output: Mapping[str, Any]) -> bool:
    """Whether a decision's attempt chose a case: what its `holds` says. False when a person is asked."""
    return output.get("by") != ASK


def keep(work: Work, row: StepRun, output: Mapping[str, Any], *, actor: Actor = ledger.SYSTEM) -> None:
    """Keep which way a decision goes, and say it with everything that was seen."""
    work.keep(row, decision=dict(output))
    fields = {
        "step": row.step,
        "title": work.title(row.step),
        "case": output["case"],
        "by": output["by"],
        "why": output["why"],
        "go": ", ".join(output["go"]),
        "back": output["back"],
        "values": told(output["values"]),
        "errors": list(output["errors"]),
    }
    if output.get("scores"):
        fields["scores"] = told(output["scores"])
    work.say("decision.taken" if chose(output) else "decision.asked", fields, actor)


def told(values: Mapping[str, Any]) -> str:
    """Values as an entry carries them: JSON, cut to 4,000 characters."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=True, default=str)
    return text if len(text) <= LONGEST_TOLD else f"{text[: LONGEST_TOLD - 3]}..."
