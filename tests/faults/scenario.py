"""A run with counted effects, begun and looked at from outside: `python -m tests.faults.scenario begin|look ...`.

It talks to the portal's database with the portal's own settings, as a second process; prints one line of JSON.
"""

import json
import os
import sys
from typing import Any

import django


def begin(control_url: str, steps: int) -> dict[str, Any]:
    """Start a run: a chain of `steps` requests to the control service, two side by side at each place."""
    from audit import ledger
    from catalog.models import Team, User, new_uid
    from runbooks import services

    user = User.objects.create(username=f"fault-{new_uid()[:6]}", name="Fault")
    team = Team.objects.create(slug=f"fault-{new_uid()[:6]}", name="Fault")
    slug = f"chain-{new_uid()[:6]}"
    plan = [
        {
            "id": f"s{place}{side}",
            "title": f"Step {place}{side}",
            "action": "http",
            "with": {"method": "POST", "url": f"{control_url}/services/store/start"},
            "needs": [f"s{place - 1}{other}" for other in "ab"] if place else [],
            "idempotent": True,
            "retry": {"attempts": 5, "delay": "1s"},
            "timeout": "10s",
        }
        for place in range(steps // 2)
        for side in "ab"
    ]
    source = json.dumps({"name": slug, "title": "Chain", "steps": plan})
    runbook = services.make_runbook(slug, "Chain", team, actor=user)
    version = services.publish(services.save_version(runbook, source, author=user), publisher=user)
    stream = ledger.open_stream(f"inc_{new_uid()}").uid
    run = services.start_run(version, stream=stream, inputs={}, starter=user, teams=[team])
    return {"run": run.uid}


def look(uid: str) -> dict[str, Any]:
    """The run as it stands, and whether the whole ledger verifies."""
    from audit.selectors import entries
    from audit.verify import verify_ledger
    from runbooks.models import Attempt, Run

    run = Run.objects.get(uid=uid)
    kinds = [entry.kind for entry in entries(run.stream, limit=5000)]
    report = verify_ledger()
    return {
        "state": run.state,
        "steps": dict(run.steps.values_list("step", "state")),
        "kinds": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "keys": sorted(set(Attempt.objects.filter(step_run__run=run).values_list("idempotency_key", flat=True))),
        "intact": report.ok,
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    verb, *rest = sys.argv[1:]
    print(json.dumps(begin(rest[0], int(rest[1])) if verb == "begin" else look(rest[0])))
