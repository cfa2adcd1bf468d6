"""How a step asks its accountable owner, bound to exactly what it would do."""

import json
import re
from typing import Any

from approvals import services as approvals
from approvals.models import ApprovalRequest
from approvals.selectors import in_words, latest_of, ruled
from approvals.services import Act
from approvals.states import LIVE
from audit.ledger import Actor
from catalog.models import User
from plumbing.expressions import ExpressionError, render
from runbooks.engine.graph import spec_of
from runbooks.engine.intent import Intent, intent_of
from runbooks.engine.model import Approval, Definition, Step
from runbooks.engine.reading import definition_of_run, scope_of, subject_of, values_of
from runbooks.engine.work import Work
from runbooks.models import Attempt, Run, StepRun
from runbooks.states import Role, RunState, StepState

OUTPUT_OF = re.compile(r"\bsteps\.(\w+)\.")  # as a template names it: {{ steps.look.output.node }}
PERSON = "usr_"


def ask(work: Work, step: str) -> ApprovalRequest:
    """Ask for consent to what the step would do now. Raises ExpressionError when a value is missing."""
    spec = work.spec(step)
    if spec.approval is None:
        raise ValueError(f"step {step} needs no approval")
    values = work.values_for(step)
    return approvals.ask(
        stream=work.run.stream,
        subject=subject_of(work.run, step),
        act=act_of(work.run, spec, work.intent(step), values),
        requester=work.run.starter,
        executor=work.row(step).assignee,
        author=work.run.version.author,
        now=work.now,
        teams=work.run.teams.all(),
        shapers=_shapers(work, step),
        **_texts(spec.approval, spec.title, values),
    )


def act_of(run: Run, spec: Step, intent: Intent, values: dict[str, Any]) -> Act:
    """What the step would do, in the words of approvals."""
    asked = spec.approval
    return Act(
        text=intent.text,
        services=intent.targets,
        action=intent.action,
        environment=run.environment,
        class_=asked.class_ if asked else "",
        runbook=run.version.runbook.slug,
        version=run.version.digest,
        step=spec.id,
        incident_class=str(run.context.get("incident", {}).get("severity", "")),
        within_s=round(asked.within_s) if asked and asked.within_s else None,
        inputs=dict(intent.config),
        values=values,
    )


def _shapers(work: Work, step: str) -> list[User]:
    """On whose acts depends what the step would do: who changed inputs or tries again, and whose outputs it uses."""
    used = sources_of(work.definition, work.spec(step))
    by_hand = Attempt.objects.filter(step_run__run=work.run, step_run__step__in=used, worker__startswith=PERSON)
    uids = [worker.removeprefix(PERSON) for worker in by_hand.values_list("worker", flat=True)] if used else []
    return [*work.run.shapers.all(), *(User.objects.filter(uid__in=uids) if uids else [])]


def sources_of(definition: Definition, step: Step) -> frozenset[str]:
    """The steps whose outputs go into what a step does, directly or through others."""
    found, todo = set[str](), [step]
    while todo:
        spec = todo.pop()
        texts = json.dumps([dict(spec.with_), list(spec.touches)], default=str)
        named = set(OUTPUT_OF.findall(texts)) - found
        found |= named
        todo += [definition.by_id[name] for name in named if name in definition.by_id]
    return frozenset(found)


def _texts(approval: Approval, title: str, values: dict[str, Any]) -> dict[str, str]:
    def filled(text: str, otherwise: str) -> str:
        return str(render(text, values)) if text else otherwise

    return {
        "question": shortened(filled(approval.reason, f"{title}?"), 200),
        "effect": shortened(filled(approval.effect, "Not described by the runbook's author."), 500),
        "undo": shortened(filled(approval.undo, "No undo is described."), 500),
        "proof": shortened(filled(approval.proof, "No proof is described."), 500),
    }


def shortened(text: str, longest: int) -> str:
    """The text, with a visible end where it was cut. What is bound is never cut: that is `binds`."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def binding_of(subject: str) -> Act | None:
    """What the step named by `run/<uid>/<step>` would do now; None when it waits for nobody or can't be said."""
    _, uid, step = subject.split("/", 2)
    waiting = StepRun.objects.filter(run__uid=uid, step=step, state=StepState.APPROVAL, run__state=RunState.RUNNING)
    row = waiting.select_related("run__version__runbook").first()
    if row is None:
        return None
    spec = spec_of(definition_of_run(row.run), step, Role(row.role), row.of)
    values = {**values_of(row.run), **scope_of(row)}
    try:
        found = intent_of(spec, values, version=row.run.version.digest, environment=row.run.environment)
    except ExpressionError:
        return None
    return act_of(row.run, spec, found, values)


def use(work: Work, step: str, actor: Actor) -> str:
    """Use the approval of a step that begins now. "" when it may begin; else why not, and it must be asked anew."""
    spec = work.spec(step)
    if spec.approval is None:
        return ""
    work.flush()
    act = act_of(work.run, spec, work.intent(step), work.values_for(step))
    return approvals.use(subject_of(work.run, step), act=act, actor=actor, now=work.now)


def withdraw(work: Work, step: str, why: str, actor: Actor, *, unless_same: bool = False) -> bool:
    """Void the step's request, pending or approved; with `unless_same` only where it is bound to something else than
    the step would do now, saying what differs. True when it did."""
    request = latest_of(subject_of(work.run, step))
    if request is None or request.state not in LIVE:
        return False
    if unless_same:
        now_bound = ruled(act_of(work.run, work.spec(step), work.intent(step), work.values_for(step)))
        if now_bound.digest == request.digest:
            return False
        why = f"{why} {in_words(request.binds, now_bound.binds)}".strip()
    approvals.void(request, reason=why, actor=actor, now=work.now)
    return True
