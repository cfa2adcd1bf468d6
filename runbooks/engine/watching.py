"""Watches: what becomes of a plan when a watched condition has held. It never touches what has begun.

`mode: auto` acts at once, `propose` puts it to the commander as a Proposal, which lapses when all that it is about has
begun. A watch acts once in a run. Its row is `watch:<id>`; its attempt calls itself again until the condition held.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from audit import ledger
from audit.ledger import Actor
from runbooks.engine import asking, consent
from runbooks.engine.deciding import told
from runbooks.engine.model import Definition, Watch
from runbooks.engine.work import Work
from runbooks.models import Attempt, Proposal, ProposalState, Run, StepRun
from runbooks.states import AttemptState, Role, StepState

PREFIX = "watch:"
NOT_BEGUN = frozenset({StepState.WAITING, StepState.APPROVAL, StepState.LOCKED, StepState.READY})
LONGEST_WHY = 500
LONGEST_HELD = 300
MOST = 200  # open proposals of one pass of the sweep
DOES = {"skip": "leaves out", "hold": "holds back", "first": "puts first"}


def rows(run: Run, definition: Definition, now: dt.datetime) -> list[StepRun]:
    """The rows of a new run's watches; they stand after all steps."""
    after = len(definition.steps)
    return [
        StepRun(run=run, step=f"{PREFIX}{watch.id}", position=after + place, role=Role.WATCH, changed_at=now)
        for place, watch in enumerate(definition.watches)
    ]


def watch_of(definition: Definition, row: str) -> Watch:
    """What the row `watch:<id>` watches. Raises KeyError."""
    return {f"{PREFIX}{watch.id}": watch for watch in definition.watches}[row]


def order(work: Work, row: StepRun) -> tuple[dict[str, Any], dict[str, Any]]:
    """(configuration, its template) of the action `watch` for this row, as things stand now."""
    watch = watch_of(work.definition, row.step)
    config, template = asking.question(work, watch.values, [watch.when])
    return config | {"when": watch.when, "for_s": watch.for_s, "every_s": watch.every_s}, template


def fired(work: Work, row: StepRun, output: Mapping[str, Any]) -> list[str]:
    """Its condition has held: do what it says, or propose it. Returns the steps that it changed."""
    watch = watch_of(work.definition, row.step)
    about = [step for step in members(work.definition, watch.steps) if not has_begun(work, step)]
    fields = {
        "watch": watch.id,
        "title": watch.title,
        "verb": watch.verb,
        "does": DOES[watch.verb],
        "steps": ", ".join(work.title(step) for step in about),
        "why": str(output.get("why", "")),
        "held_s": str(output.get("held_s", "")),
        "values": told(output.get("values", {})),
    }
    if not about:
        work.say("watch.late", fields)
        return []
    proposal = Proposal.objects.create(
        run=work.run,
        watch=watch.id,
        verb=watch.verb,
        steps=about,
        why=f"{watch.title}: {fields['why']}"[:LONGEST_WHY],
        seen=dict(output.get("values", {})),
        state=ProposalState.TAKEN if watch.auto else ProposalState.OPEN,
        made_at=work.now,
        settled_at=work.now if watch.auto else None,
    )
    if not watch.auto:
        work.say("proposal.made", fields)
        return []
    work.say("watch.acted", fields)
    return carry_out(work, proposal, ledger.SYSTEM, f"Watch “{watch.title}”: {fields['why']}")


def carry_out(work: Work, proposal: Proposal, actor: Actor, why: str) -> list[str]:
    """Do what a proposal says to those of its steps that have not begun. Returns them."""
    about = [step for step in proposal.steps if not has_begun(work, step)]
    for step in about:
        row = work.row(step)
        match proposal.verb:
            case "skip":
                take_back(work, row, why, actor)
                work.move(step, StepState.SKIPPED, why, actor=actor)
            case "hold":
                work.keep(row, held=why[:LONGEST_HELD], seen_at=row.seen_at + 1)
                if row.state == StepState.READY:
                    work.take_back(step, why)
                    work.move(step, StepState.WAITING, why, actor=actor)
            case "first":
                work.keep(row, first=True)
    return about


def take_back(work: Work, row: StepRun, why: str, actor: Actor) -> None:
    """Void what was queued or asked for, so that the step can be left out."""
    work.take_back(row.step, why)
    if row.state == StepState.APPROVAL:
        work.flush()
        consent.withdraw(work, row.step, why, actor)


def has_begun(work: Work, step: str) -> bool:
    """Whether somebody has been at it, in this visit or before: then a watch leaves it alone."""
    row = work.row(step)
    if row.state not in NOT_BEGUN or row.started_at is not None:
        return True
    return Attempt.objects.filter(step_run=row, state=AttemptState.LEASED).exists()


def find_lapsed() -> set[str]:
    """Runs with an open proposal of which all has begun, for the sweep."""
    found = set()
    for proposal in Proposal.objects.filter(state=ProposalState.OPEN).select_related("run")[:MOST]:
        waiting = StepRun.objects.filter(run=proposal.run, step__in=proposal.steps, state__in=NOT_BEGUN)
        if not waiting.filter(started_at=None).exists():
            found.add(proposal.run.uid)
    return found


def lapse(work: Work) -> None:
    """Let go of open proposals when all that they are about has begun. Nothing is asked where no plan is watched."""
    if not work.definition.watches:
        return
    for proposal in Proposal.objects.filter(run=work.run, state=ProposalState.OPEN):
        if all(has_begun(work, step) for step in proposal.steps):
            settle(proposal, ProposalState.LAPSED, work.now)
            titles = ", ".join(work.title(step) for step in proposal.steps)
            work.say("proposal.lapsed", {"watch": proposal.watch, "verb": proposal.verb, "steps": titles})


def settle(proposal: Proposal, state: ProposalState, now: dt.datetime) -> None:
    """Write how a proposal ended."""
    proposal.state, proposal.settled_at = state, now
    proposal.save(update_fields=["state", "settled_at", "by", "reason"])


def members(definition: Definition, names: Iterable[str]) -> tuple[str, ...]:
    """The steps behind names of steps and sections, in the author's order."""
    wanted = set(names)
    inside = {section.id: section.inside for section in definition.sections}

    def is_meant(section: str) -> bool:
        while section:
            if section in wanted:
                return True
            section = inside.get(section, "")
        return False

    return tuple(step.id for step in definition.steps if step.id in wanted or is_meant(step.section))
