"""A well-formed body for every door that takes one: what a role with the right would send."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from approvals.policies.shipped import texts
from incidents.states import Phase
from plumbing import clock
from tests.cast import PASSWORD
from tests.matrix import regulation
from tests.matrix.world import DRAFT, MARK, World

Body = dict[str, Any]
CATALOG = f"""\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {{name: store, description: "{MARK}, taken over"}}
spec: {{type: service, owner: payments, lifecycle: production}}
"""
ALERTS = {
    "version": "4",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "Slow", "service": "store"},
            "annotations": {},
            "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": "f00d",
        }
    ],
}
REASON = "Because the test says so."


def _declaration(world: World) -> Body:
    return {"title": f"{MARK} again", "severity": "SEV3"}


def _move(world: World) -> Body:
    return {"target": Phase.DIAGNOSIS, "seen_phase": world.incident.phase, "reason": REASON}


GLASS: Body = {"reason": REASON, "typed": "break glass"}


def _outside(world: World) -> Body:
    said = {"stream": world.incident.stream, "name": "deploy", "question": f"Deploy the {MARK}?"}
    return {**said, "services": ["store"], "does": {"action": "deploy", "node": f"{MARK}-5"}}


def _verdict(world: World) -> Body:
    return {"verdict": "approve", "reason": REASON}


def _steps(yes: Any) -> dict[str, Callable[[World], Body]]:
    """Of the acts on a step; pages and API differ in how they say yes and whom they mean."""
    why = {"reason": REASON}
    proof = {"evidence": REASON}
    more: dict[str, Body] = {
        "start": {},
        "finish": {"worked": yes, "note": REASON},
        "retry": why,
        "skip": why,
        "replace": proof,
        "give-up": why,
        "hold": why,
        "release": why,
        "take": why,
        "settle": {"found": "happened", **proof},
        "check": {},
        "decide": {"case": "none", **why},
        "override": why,
        "undo-retry": why,
        "undone": proof,
        "undo-branch": why,
        "attach": {"attempt": 1},
    }
    bodies: dict[str, Callable[[World], Body]] = {
        f"step-{act}": lambda world, said=said: {"seen": world.seen("look"), **said}  # type: ignore[misc]
        for act, said in more.items()
    }
    return bodies | {
        "step-reassign": lambda world: {
            "seen": world.seen("look"),
            "to": world.users["responder"].pk if yes == "yes" else "responder",
            **why,
        },
        "step-rerun": lambda world: {"seen": world.run.seen_at, **why},
    }


def _runs() -> dict[str, Callable[[World], Body]]:
    """Of the acts on a run as a whole."""
    more: dict[str, Body] = {"pause": {}, "resume": {}, "speed": {"width": 2}, "cancel": {}, "undo": {}}
    return {
        act: lambda world, said=said: {"seen": world.run.seen_at, "reason": REASON, **said}  # type: ignore[misc]
        for act, said in more.items()
    }


def _undo(world: World) -> Body:
    return {"seen": 0, "reason": REASON}


def _move_run(world: World) -> Body:
    return {"seen": world.run.seen_at, "version": 3, "reason": REASON}


def _agree(yes: Any) -> Callable[[World], Body]:
    return lambda world: {"digest": world.move.digest, "agree": yes, "reason": REASON}


def _assessment(world: World) -> Body:
    return {"seen": 0, "choice": "accept", "reason": REASON}


def _cover(form: str) -> Callable[[World], Body]:
    """Who stands in until tomorrow; pages take the owner's own time."""
    return lambda world: {"taker": "author", "reason": REASON, "until": _tomorrow().strftime(form)}


def _tomorrow() -> dt.datetime:
    return clock.now() + dt.timedelta(days=1)


POLICY: Body = {"text": texts()["communication"].replace("within: 1h", "within: 55m"), "note": REASON}
NEW_POLICY: Body = {"text": "policy: night\ntitle: At night\n", "note": REASON}
CHANGE: Body = {"name": "node", "value": f"{MARK}-3", "reason": REASON}


def _choice(world: World) -> Body:
    return {"seq": 0, "name": "severity", "then": "withhold", "reason": REASON}


def _erasure(words: Any) -> Callable[[World], Body]:
    """Of the incident alone: the word stands in its title."""
    return lambda world: {"words": words, "stream": world.incident.stream, "reason": REASON}


def _of_stream(**more: Any) -> Callable[[World], Body]:
    return lambda world: {"stream": world.incident.stream, "reason": REASON, **more}


def _seen(of: str, **more: Any) -> Callable[[World], Body]:
    return lambda world: {"seen": getattr(world, of).digest, "reason": REASON, **more}


REDACTION: dict[str, Callable[[World], Body]] = {
    "audit:new-redaction": _of_stream(audience="customer", purpose=REASON),
    "audit:choose-redaction": _choice,
    "audit:decide-redaction": _seen("redaction", verdict="approve"),
    "audit:withdraw-redaction": lambda world: {"reason": REASON},
    "audit:new-erasure": _erasure(MARK),
    "audit:decide-erasure": _seen("erasure", verdict="reject"),
    "audit:withdraw-erasure": lambda world: {"reason": REASON},
    "audit:set-hold": _of_stream(matter="Inquiry 9"),
    "audit:choose-class": _of_stream(retention="for_good"),
    "audit:erase-past": lambda world: {"reason": REASON},
    "audit:lift-hold": lambda world: {"reason": REASON},
    "audit:decide-lift": lambda world: {"verdict": "approve", "reason": REASON},
}
REDACTION_API: dict[str, Callable[[World], Body]] = {
    "audit-api:redactions": _of_stream(audience="customer", purpose=REASON),
    "audit-api:choose-redaction": lambda world: {"choices": [_choice(world)]},
    "audit-api:decide-redaction": _seen("redaction", approve=True),
    "audit-api:withdraw-redaction": lambda world: {"reason": REASON},
    "audit-api:erasures": _erasure([MARK]),
    "audit-api:decide-erasure": _seen("erasure", approve=False),
    "audit-api:withdraw-erasure": lambda world: {"reason": REASON},
    "audit-api:holds": _of_stream(matter="Inquiry 9"),
    "audit-api:lift-hold": lambda world: {"reason": REASON},
    "audit-api:decide-lift": lambda world: {"lift": True, "reason": REASON},
    "audit-api:retention": _of_stream(retention="for_good"),
    "audit-api:erase-past": lambda world: {"reason": REASON},
}


def _pack(world: World) -> Body:
    return {"kind": "incident", "subject": world.incident.stream, "language": "en", "paper": "a4"}


SENT: Body = {"at": "2026-01-01T00:00:00Z", "channel": "Portal", "reference": f"{MARK}-7"}
HOW: Body = {"seen": 1, "scale": "units", "schema": ""}
FILING_PAGES: dict[str, Callable[[World], Body]] = {
    "regulation:new-filing": lambda world: {
        "stream": world.incident.stream,
        "report": "eu_gdpr/authority_notification",
        "entity": world.filing.entity,
    },
    "regulation:review-filing": lambda world: {"seen": world.filing.version},
    "regulation:filing-files": lambda world: HOW,
    "regulation:filing-section": lambda world: {"seen": 1, "c1": f"The {MARK} saw it.", "reason": REASON},
    "regulation:submit-filing": lambda world: SENT | {"at": "2026-01-01 00:00"},
    "regulation:acknowledge-filing": lambda world: {"at": "2026-01-01 00:00"},
    "regulation:move-filing": lambda world: {"reason": REASON},
}
FILING_API: dict[str, Callable[[World], Body]] = {
    "audit-api:filings": lambda world: {
        "stream": world.incident.stream,
        "regime": "eu_gdpr",
        "stage": "authority_notification",
        "entity": world.filing.entity,
    },
    "audit-api:filing-values": lambda world: {"values": {"c1": f"The {MARK} saw it."}, "seen": 1, "reason": REASON},
    "audit-api:filing-how": lambda world: HOW,
    "audit-api:review-filing": lambda world: {"seen": world.filing.version},
    "audit-api:submit-filing": lambda world: SENT,
    "audit-api:acknowledge-filing": lambda world: {"at": "2026-01-01T00:00:00Z"},
    "audit-api:move-filing": lambda world: {"reason": REASON},
}
PAGES: dict[str, Callable[[World], Body]] = {
    **FILING_PAGES,
    **REDACTION,
    "audit:new-pack": _pack,
    "audit:verify-pack": lambda world: {"pack": SimpleUploadedFile("pack.zip", b"no zip")},
    "sign-in": lambda world: {"username": "viewer", "password": PASSWORD},
    "invite-auditor": lambda world: {
        "name": "Anna",
        "username": "anna",
        "scopes": ["access"],
        "until": _tomorrow().strftime("%Y-%m-%d"),
        "reason": REASON,
    },
    "confirm-sign-in": lambda world: {"password": PASSWORD},
    "incidents:declare": lambda world: {**_declaration(world), "service": "store", "commander": ""},
    "incidents:write": lambda world: {"kind": "note", "text": f"The {MARK} sleeps."},
    "incidents:move": _move,
    "incidents:severity": lambda world: {"severity": "SEV1", "seen_severity": "SEV2", "reason": REASON},
    "incidents:update": lambda world: {"text": f"We know the {MARK}.", "next_due": "30"},
    "incidents:earlier": lambda world: {
        "kind": "note",
        "text": f"The {MARK} slept.",
        "occurred_at": (clock.now() - dt.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"),
        "source": "paper",
    },
    "incidents:correct": lambda world: {"text": f"The {MARK} dozes."},
    "incidents:give-role": lambda world: {"role": "scribe", "user": "viewer"},
    "incidents:take-role": lambda world: {"role": "scribe"},
    "incidents:leave-role": lambda world: {"role": "scribe"},
    "incidents:start-runbook": lambda world: {"input_node": f"{MARK}-4"},
    "runbooks:change-input": lambda world: CHANGE,
    "runbooks:assess": _assessment,
    "runbooks:undo-group": _undo,
    "runbooks:accept-proposal": lambda world: {"reason": REASON},
    "runbooks:decline-proposal": lambda world: {"reason": REASON},
    "runbooks:move": _move_run,
    "runbooks:decide-move": _agree("yes"),
    "runbooks:drain": lambda world: {"reason": REASON},
    "runbooks:step-preview": lambda world: {},
    **{f"runbooks:{name}": body for name, body in _runs().items()},
    **{f"runbooks:{name}": body for name, body in _steps("yes").items()},
    "reach:add": lambda world: {"address": "somebody@bank.example", "label": "Post"},
    "approvals:new-policy": lambda world: NEW_POLICY,
    "approvals:propose": lambda world: POLICY,
    "approvals:rule-policy": lambda world: {"verdict": "accept", "reason": REASON},
    "approvals:delegate": _cover("%Y-%m-%dT%H:%M"),
    "approvals:end-delegation": lambda world: {"reason": REASON},
    "approvals:away": lambda world: {"until": _tomorrow().strftime("%Y-%m-%dT%H:%M")},
    "approvals:decide": lambda world: {**_verdict(world), "seen": world.request.digest},
    "approvals:cover": lambda world: {"reason": REASON},
    "approvals:ask": lambda world: {"text": REASON},
    "approvals:answer": lambda world: {"text": REASON},
    "approvals:withdraw": lambda world: {"reason": REASON},
    "approvals:break-glass": lambda world: {**GLASS, "seen": world.request.digest},
    "approvals:review": lambda world: {"justified": "yes", "finding": REASON},
    "approvals:standing": lambda world: {"most": 1, "days": 1, "reason": REASON},
    "approvals:end-standing": lambda world: {"reason": REASON},
    "catalog:import": lambda world: {"catalog_files": SimpleUploadedFile("store.yaml", CATALOG.encode())},
    "catalog:switch-probe": lambda world: {"to": "asked"},
}
API: dict[str, Callable[[World], Body]] = {
    **FILING_API,
    **REDACTION_API,
    "audit-api:packs": _pack,
    "incidents-api:intake-alertmanager": lambda world: ALERTS,
    "incidents-api:intake-pagerduty": lambda world: {"event_action": "trigger", "payload": {"summary": "Slow"}},
    "incidents-api:incidents": lambda world: {**_declaration(world), "services": ["store"]},
    "incidents-api:move": _move,
    "incidents-api:notes": lambda world: {"text": f"The {MARK} sleeps."},
    "incidents-api:corrections": lambda world: {"text": f"The {MARK} dozes.", "seq": world.written},
    "incidents-api:decisions": lambda world: {"text": f"The {MARK} may sleep."},
    "incidents-api:roles": lambda world: {"role": "scribe"},
    "incidents-api:runs": lambda world: {"runbook": "switch-over", "inputs": {"node": f"{MARK}-4"}},
    "runbooks-api:list": lambda world: {"slug": "fresh", "title": "Fresh", "team": "payments"},
    "runbooks-api:resources": lambda world: {"slug": "fresh", "capacity": 2, "team": "payments"},
    "runbooks-api:resource": lambda world: {"capacity": 3, "reason": REASON},
    "runbooks-api:versions": lambda world: {"source": DRAFT + "# once more\n"},
    "runbooks-api:change-input": lambda world: CHANGE,
    "runbooks-api:group-assess": _assessment,
    "runbooks-api:group-undo": _undo,
    "runbooks-api:accept-proposal": lambda world: {"reason": REASON},
    "runbooks-api:decline-proposal": lambda world: {"reason": REASON},
    "runbooks-api:moves": _move_run,
    "runbooks-api:decide-move": _agree(True),
    "runbooks-api:drain": lambda world: {"reason": REASON},
    **{f"runbooks-api:{name}": body for name, body in _runs().items()},
    **{f"runbooks-api:{name}": body for name, body in _steps(True).items()},
    "approvals-api:policies": lambda world: POLICY,
    "approvals-api:rule-policy": lambda world: {"accept": True},
    "approvals-api:delegations": _cover("%Y-%m-%dT%H:%M:%SZ"),
    "approvals-api:end-delegation": lambda world: {"reason": REASON},
    "approvals-api:list": _outside,
    "approvals-api:ask": lambda world: {"text": REASON},
    "approvals-api:answer": lambda world: {"text": REASON},
    "approvals-api:withdraw": lambda world: {"reason": REASON},
    "approvals-api:break-glass": lambda world: {**GLASS, "seen_digest": world.request.digest},
    "approvals-api:review": lambda world: {"justified": True, "finding": REASON},
    "approvals-api:use": lambda world: {"digest": world.request.digest},
    "approvals-api:decide": lambda world: {**_verdict(world), "seen_digest": world.request.digest},
    "catalog-api:switch-probes": lambda world: {"paused": False},
    "catalog-api:import": lambda world: {"files": [{"name": "store.yaml", "content": CATALOG}]},
}
PAGES |= regulation.PAGES
API |= regulation.API
QUERIES = {"incidents:start-runbook": "?runbook=switch-over"}
