"""The world in which every door is tried: one incident of the payments team, with a run that waits for its owner's yes.

Whatever a title or text of it says contains MARK, so that a leak can be seen in any answer. Its slugs don't: a stranger
who guesses one gets it back in "there is no such thing".
"""

from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.test import Client

from approvals.models import ApprovalRequest, Delegation
from audit.models import Clock, Entry, ErasureRequest, Filing, Hold, PackJob, RedactionSet
from catalog.models import Absence, AuditorAccess, ContactPoint, Probe, Service, Team, User
from incidents.models import Incident
from runbooks.models import Proposal, Run, Runbook, RunMigration, Worker

MARK = "Quokka"
SOURCE = f"""\
name: switch-over
title: Switch the {MARK} over
inputs:
  node: {{type: string, description: "{MARK} node"}}
steps:
  - id: look
    title: Look at the {MARK}
    action: manual
    instructions: Look whether the {MARK} breathes.
    timeout: 15m
  - id: switch
    title: Switch the {MARK}
    action: http
    with: {{url: "http://127.0.0.1:1/{{{{ inputs.node }}}}"}}
    touches: [store]
    approval:
      reason: "Switch the {MARK} to {{{{ inputs.node }}}}?"
      effect: "The {MARK} sleeps for 40 s."
      within: 10m
"""
DRAFT = SOURCE.replace("Look whether", "Look again whether")
NEWER = SOURCE.replace("Look whether", "Look thrice whether")

PACK_DOORS = ("pack-job", "download-pack", "pack-file", "cancel-pack")


REPORTING = frozenset(
    {"regime", "rule-regime", "entity", "applies", "about", "moments", "not-needed", "worksheet", "decisions"}
)


@dataclass(frozen=True)
class World:
    """Everything that a door may name, and the clients of those who knock."""

    team: Team
    store: Service
    probe: Probe
    incident: Incident
    runbook: Runbook
    run: Run
    request: ApprovalRequest
    move: RunMigration
    proposal: Proposal
    worker: Worker
    point: ContactPoint  # of the owner
    factor: Authenticator
    delegation: Delegation  # from the owner to the viewer
    access: AuditorAccess  # of an auditor
    absence: Absence  # of the owner, to come
    clock: Clock  # of the incident, which a decision started
    filing: Filing  # a draft of the compliance officer, about the incident
    redaction: RedactionSet  # that the commander asked for
    erasure: ErasureRequest  # likewise
    hold: Hold  # of the runbook's history, to be lifted
    pack: PackJob  # of the incident, that the commander asked for
    clients: dict[str, Client]
    users: dict[str, User]

    @property
    def written(self) -> int:
        """The entry of the note, which may be corrected."""
        return int(Entry.objects.filter(stream__uid=self.incident.stream, kind="note.added").order_by("seq")[0].seq)

    def seen(self, step: str) -> int:
        """What an act on this step must carry."""
        return int(self.run.steps.get(step=step).seen_at)

    def arguments(self, door: str) -> dict[str, Any]:
        """What fills the blanks in the address of a door, by their names."""
        room = door.partition(":")[0].removesuffix("-api")
        filled: dict[str, dict[str, Any]] = {
            "incidents": {"uid": self.incident.uid, "name": "header", "seq": self.written},
            "runbooks": {
                "uid": self.run.uid,
                "step": "look",
                "slug": self.runbook.slug,
                "number": 2,
                "group": "~",
                "move": self.move.uid,
                "proposal": self.proposal.pk,
                "worker": self.worker.pk,
                "resource": "cluster",
            },
            "approvals": {
                "condition": 0,
                "standing": "0" * 32,
                "uid": self.delegation.uid if door.endswith("end-delegation") else self.request.uid,
                "slug": "communication" if door.endswith("propose") else "restart-critical",  # that has version 2
                "number": 2,
                "absence_id": self.absence.pk,
            },
            "reach": {"uid": self.point.uid},
            "audit": {"uid": self.pack.uid if door.partition(":")[2] in PACK_DOORS else self.incident.stream, "seq": 0},
            "regulation": self._of_filing() if "filing" in door else self._of_rules(door),
            "end-auditor": {"uid": self.access.uid},
            "remove-factor": {"factor_id": self.factor.pk},
            "catalog": {"slug": self.store.slug, "probe_id": self.probe.pk},
        }
        if door.startswith("audit-api:") and door.partition(":")[2] in REPORTING:
            filled["audit"] = self._of_rules(door)
        if door.startswith("audit-api:") and "filing" in door:
            filled["audit"] = self._of_filing()
        for thing in ("redaction", "erasure", "hold", "lift"):
            if room == "audit" and thing in door and door.partition(":")[2] not in ("redactions", "erasures", "holds"):
                filled["audit"] = {"uid": getattr(self, "hold" if thing == "lift" else thing).uid}
        return {**filled.get(room, {}), **({"slug": self.team.slug} if door == "catalog-api:team" else {})}

    def _of_rules(self, door: str) -> dict[str, Any]:
        is_sheet = door.partition(":")[2] in ("classify", "decide", "worksheet", "decisions")
        return {
            "uid": self.incident.stream, "entity": self.filing.entity, "clock": self.clock.uid, "number": 1,
            "name": "own_board" if "-regime" in door else "dora_classification" if is_sheet else "eu_gdpr",
        }  # fmt: skip

    def _of_filing(self) -> dict[str, Any]:
        return {"uid": self.filing.uid, "name": "contents", "act": "withdraw", "form": "pdf"}
