"""Builds the world and gives everybody a client: people sign in, machines carry tokens, nobody does neither."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from approvals import services as approvals
from approvals.models import ApprovalRequest
from approvals.policies.shipped import texts
from audit.filings import opening
from audit.models import Filing, LegalEntity, Stream
from audit.packs import jobs
from audit.packs.orders import job_for
from audit.redaction import erasing, holds, sets
from catalog.models import User
from catalog.services import add_contact_point, go_away, make_probe
from catalog.services.auditors import invite
from catalog.states import Role
from incidents import services
from incidents.models import Incident, SignalSource
from incidents.states import Severity
from plumbing import clock
from runbooks import services as services_of_runs
from runbooks.models import Proposal, Resource, Run, Runbook, RunMigration, Worker
from runbooks.services import make_runbook, publish, save_version
from tests.factors import enrol_passkey_of
from tests.matrix import regulation
from tests.matrix.world import DRAFT, MARK, NEWER, SOURCE, World

PEOPLE = {
    "viewer": "viewer",
    "responder": "responder",
    "commander": "commander",
    "author": "author",
    "owner": "owner",  # an approver, whom the request was asked of
    "deputy": "deputy",  # an approver, whom it was not asked of
    "compliance": "compliance",
    "administrator": "admin_user",
    "superuser": "superuser",
    "stranger": "stranger",  # every role, in another team
    "newcomer": "newcomer",  # signed in, in no team
}


@pytest.fixture(autouse=True)
def own_keys(settings, tmp_path):
    settings.LEDGER_KEY_FILE = tmp_path / "ledger-key.pem"
    settings.PACKS_DIR, settings.FILES_DIR = tmp_path / "packs", tmp_path / "files"
    settings.SEALING_KEYS_FILE = tmp_path / "sealing-keys"


@pytest.fixture
def newcomer(make_user) -> User:
    return make_user("newcomer", name="Nele Neu")


@pytest.fixture
def machine(make_user, payments_team) -> User:
    """A program of the team with the rights of a responder."""
    return make_user("machine", machine=True, team=payments_team, roles=[Role.RESPONDER])


@pytest.fixture
def intake_machine(make_user, payments_team) -> User:
    """The Alertmanager of the team. It holds a role by mistake, so that only its scope stands in the way."""
    user = make_user("alertmanager", machine=True, team=payments_team, roles=list(Role))
    SignalSource.objects.create(name="Alertmanager", kind="alertmanager", user=user, team=payments_team)
    return user


@pytest.fixture
def incident(store, commander):
    return services.declare(
        title=f"{MARK} is slow", severity=Severity.SEV2, services=[store], declarer=commander, description=f"{MARK}!"
    )


@pytest.fixture
def runbook(payments_team, author, store):
    """Version 1 is published, version 2 a draft."""
    made = make_runbook("switch-over", f"Switch the {MARK} over", payments_team, actor=author)
    publish(save_version(made, SOURCE, author=author), publisher=author)
    save_version(made, DRAFT, author=author)
    return made


@pytest.fixture
def world(request, payments_team, store, incident, runbook, commander, machine, intake_machine, make_token) -> World:
    probe = make_probe(store, f"{MARK} answers", "http://127.0.0.1:1/healthz", paused=True)
    run = services.start_runbook(incident, runbook, actor=commander, inputs={"node": f"{MARK}-2"})
    services.add_note(incident, f"The {MARK} is awake.", actor=commander)
    incident.refresh_from_db()
    Resource.objects.create(slug="cluster", capacity=2, team=payments_team)
    users = {name: request.getfixturevalue(fixture) for name, fixture in PEOPLE.items()}
    clients = {name: Client() for name in (*users, "anonymous")}
    for name, user in users.items():
        clients[name].force_login(user)
    for name, user, scope in (("machine", machine, "api"), ("intake machine", intake_machine, "intake")):
        secret = make_token(user, scopes=[scope]).secret
        users[name], clients[name] = user, Client(headers={"Authorization": f"Bearer {secret}"})
    asked = ApprovalRequest.objects.get(stream=incident.stream)
    publish(save_version(runbook, NEWER, author=users["author"]), publisher=users["author"])
    more: dict[str, Any] = {
        "move": proposed(run, runbook, users["commander"]),
        "proposal": watched(run),
        "worker": worker(),
    }
    more["point"] = add_contact_point(users["owner"], label=f"{MARK} post", address="lena@bank.example")
    more |= about_approvals(users)
    more |= about_evidence(incident, runbook, users["commander"])
    more["filing"] = about_filings(incident, users["compliance"])
    more["clock"] = regulation.begun(incident.stream, more["filing"].entity, users)
    more["factor"] = enrol_passkey_of(users["viewer"])
    return World(payments_team, store, probe, incident, runbook, run, asked, clients=clients, users=users, **more)


def about_approvals(users: dict[str, User]) -> dict[str, Any]:
    """A version of a policy that waits for its second person; who will stand in, an absence to come, an auditor."""
    now, day = clock.now(), dt.timedelta(days=1)
    text = texts()["restart-critical"].replace("within: 15m", "within: 12m")
    approvals.propose(text, slug="restart-critical", user=users["administrator"], note="Shorter.", now=now)
    owner, where = users["owner"], {"services": [], "classes": []}
    given = approvals.delegate(
        giver=owner, taker=users["viewer"], actor=owner, since=now + day, until=now + 2 * day, reason=f"The {MARK}.",
        now=now, **where,
    )  # fmt: skip
    away = go_away(owner, since=now + 2 * day, until=now + 3 * day, reason=f"The {MARK}.", now=now)
    anna = invite(
        username="auditor", name="Anna", organisation="", scopes=["access"], until=now + day, reason="The audit.",
        may_export=False, actor=users["compliance"], now=now,
    )  # fmt: skip
    return {"delegation": given, "absence": away, "access": anna.access}


def about_evidence(incident: Incident, runbook: Runbook, commander: User) -> dict[str, Any]:
    """What waits for a second person's word on evidence: a redaction, an erasure, the end of a hold."""
    stream = Stream.objects.get(uid=incident.stream)
    redaction = sets.draft(stream, "customer", purpose=f"For the {MARK}.", actor=commander)
    erasure = erasing.ask_for_words([stream], [MARK], reason="It asked.", actor=commander)
    kept = Stream.objects.get(uid=runbook.stream)
    hold = holds.set_hold(kept, matter=f"{MARK} inquiry", reason=f"The {MARK}.", actor=commander)
    holds.ask_to_lift(hold, reason="It is over.", actor=commander)
    pack = jobs.ask(job_for("incident", incident.stream), actor=commander)
    return {"redaction": sets.ask(redaction, actor=commander), "erasure": erasure, "hold": hold, "pack": pack}


def about_filings(incident: Incident, officer: User) -> Filing:
    """A report that the officer began; nothing in it is mandatory, so that it may go to review."""
    entity = LegalEntity.objects.create(name="Nordbank AG", country="DE", changed_at=clock.now())
    return opening.open_filing(
        Stream.objects.get(uid=incident.stream), "eu_gdpr", "data_subject_communication", entity=entity.uid,
        entity_name=entity.name, actor=officer, now=clock.now(),
    )  # fmt: skip


def proposed(run: Run, runbook: Runbook, asker: User) -> RunMigration:
    """A move to the newest version, as the commander proposed it."""
    to = runbook.versions.get(number=3)
    return RunMigration.objects.create(
        run=run, was=run.version, to=to, digest="d" * 64, asker=asker, reason=f"The {MARK} asks.", asked_at=clock.now(),
        difference=services_of_runs.difference_of(run, to).as_json(),
    )  # fmt: skip


def watched(run: Run) -> Proposal:
    """What a watch would do with the last step."""
    return Proposal.objects.create(
        run=run, watch="calm", verb="skip", steps=["switch"], why=f"The {MARK} is calm.", made_at=clock.now()
    )


def worker() -> Worker:
    return Worker.objects.create(name="box/1/main", started_at=clock.now(), seen_at=clock.now())
