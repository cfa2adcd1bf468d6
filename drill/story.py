"""What Muster does with a broken service, told as it happens. Nothing is simulated: it watches and, if asked, acts.

With `auto`, the people of the demo act through the API as through the pages: the commander takes command, does the
manual steps and resolves; the accountable owner approves. Without, the story says who has to do what, and where.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from drill.errors import NotReady, StillBurning
from drill.muster import Person, Refused
from drill.telling import sentence

OPENED_WITHIN_S = 60
FINISHED_WITHIN_S = {True: 120, False: 1800}  # auto or not: people may read first
ASK_EVERY_S = 0.3
BURNING = ("detection", "mobilization", "diagnosis", "mitigation")
WHY = "Drill: the service was stopped on purpose."


@dataclass
class Cast:
    """Who signs in to the demo: the commander, and everybody who may be asked to decide, by name."""

    commander: Person
    deciders: Callable[[str], Person]


@dataclass
class Story:
    """Follows one incident from the first alert to the end of its run."""

    cast: Cast
    tell: Callable[[str], None]
    auto: bool
    known: set[str] = field(default_factory=set)  # incidents that were there before
    told_to: int = -1
    announced: set[str] = field(default_factory=set)
    incident: dict[str, Any] = field(default_factory=dict)

    @property
    def commander(self) -> Person:
        return self.cast.commander

    def look_around(self, service: str) -> None:
        """Remember which incidents exist, so that the drill's own is recognised.

        Raises StillBurning when one about the service isn't resolved: new alerts would belong to it."""
        for row in self.commander.get("incidents")["results"]:
            self.known.add(row["uid"])
            if service in row["services"] and row["phase"] in BURNING:
                raise StillBurning(row["label"], self.link("incidents", row["uid"]))

    def wait_for_incident(self) -> None:
        """Raises NotReady when no new incident appears."""
        deadline = time.monotonic() + OPENED_WITHIN_S
        while not self.incident:
            new = [row for row in self.commander.get("incidents")["results"] if row["uid"] not in self.known]
            if new:
                self.incident = new[0]
            elif time.monotonic() > deadline:
                raise NotReady("An incident was opened", OPENED_WITHIN_S)
            time.sleep(ASK_EVERY_S)
        self.tell(f"{self.incident['label']} is open: {self.link('incidents', self.incident['uid'])}")

    def link(self, *parts: str) -> str:
        return "/".join((self.commander.url, *parts))

    def follow(self) -> str:
        """Tell everything until the run has ended and the incident is resolved. Returns the run's end.

        Raises NotReady when that takes too long."""
        if self.auto:
            self.commander.post(f"incidents/{self.incident['uid']}/roles", {"role": "commander"})
        limit = FINISHED_WITHIN_S[self.auto]
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            self.tell_entries()
            run = self.run()
            if run and run["state"] != "running" and self.resolved(run):
                self.tell_entries()
                return str(run["state"])
            if run:
                self.serve(run)
            time.sleep(ASK_EVERY_S)
        raise NotReady("The incident was resolved", limit, self.link("incidents", self.incident["uid"]))

    def tell_entries(self) -> None:
        for entry in self.commander.get(f"incidents/{self.incident['uid']}/entries?after={self.told_to}"):
            self.told_to = entry["seq"]
            if line := sentence(entry["kind"], entry["fields"]):
                self.tell(line)

    def run(self) -> dict[str, Any] | None:
        """The newest run of the incident, with its steps."""
        found = self.commander.get(f"runs?stream={self.incident['stream']}")["results"]
        detail: dict[str, Any] | None = self.commander.get(f"runs/{found[0]['id']}") if found else None
        return detail

    def serve(self, run: dict[str, Any]) -> None:
        """Say who has to do what; with `auto`, do it."""
        for request in self.commander.get(f"approvals?stream={self.incident['stream']}&state=pending")["results"]:
            self.ask_owner(request)
        for step in run["steps"]:
            if step["human"] and step["state"] in ("ready", "running"):
                self.ask_person(run, step)

    def ask_owner(self, request: dict[str, Any]) -> None:
        names = [asked["user"]["name"] for asked in request["asked"]]
        self.announce(request["id"], f"WAITS for {' or '.join(names)}: {self.link('approvals', request['id'])}")
        if self.auto and names:
            owner = self.cast.deciders(names[0])
            decision = {"verdict": "approve", "reason": WHY, "seen_digest": request["digest"]}
            owner.post(f"approvals/{request['id']}/decide", decision)

    def ask_person(self, run: dict[str, Any], step: dict[str, Any]) -> None:
        who = step["assignee"]["name"] if step["assignee"] else "its role"
        where = self.link("incidents", self.incident["uid"])
        self.announce(f"{run['id']}/{step['id']}", f"WAITS for {who}: step “{step['title']}” at {where}")
        if self.auto:
            done = {"seen": step["seen"], "worked": True, "note": WHY, "outputs": {}}
            self.try_to(f"runs/{run['id']}/steps/{step['id']}/finish", done)

    def resolved(self, run: dict[str, Any]) -> bool:
        """Whether the incident is resolved; with `auto`, the commander tries until the probes agree."""
        uid = self.incident["uid"]
        phase = self.commander.get(f"incidents/{uid}")["phase"]
        if phase in ("resolution", "review", "closed"):
            return True
        self.announce("resolve", f"WAITS for the commander to resolve it: {self.link('incidents', uid)}")
        if self.auto and run["state"] == "succeeded":
            self.try_to(f"incidents/{uid}/move", {"target": "resolution", "seen_phase": phase, "reason": WHY})
        return self.auto and run["state"] in ("failed", "stopped")

    def try_to(self, path: str, body: dict[str, Any]) -> None:
        """An act that may come too early or too late: the next look will tell. Other refusals are raised."""
        try:
            self.commander.post(path, body)
        except Refused as refusal:
            if refusal.status != 409:
                raise

    def announce(self, key: str, line: str) -> None:
        if key not in self.announced:
            self.announced.add(key)
            self.tell(line)
