"""The demo's intake: its runbooks, its Alertmanager as a source of signals, and the rules that read them."""

from pathlib import Path

from django.conf import settings

from catalog.models import MachineToken, Team, User
from catalog.services import issue_token, make_machine_user
from incidents.models import IntakeRule, SignalSource
from plumbing.database import atomic
from runbooks.models import Runbook, VersionState
from runbooks.services import make_runbook, publish, save_version

RUNBOOKS = Path(__file__).parent / "runbooks"
TOKEN_FILE = settings.DATA_DIR / "demo-intake-token"  # read by `make drill`; 0600
SOURCE = "demo Alertmanager"

IGNORE_WATCHDOG = {
    "name": "Watchdog proves that alerting works",
    "matches": {"alertname": "Watchdog"},
    "verb": "ignore",
}
SERVICE_DOWN = {
    "name": "A service is down",
    "matches": {"alertname": "InstanceDown"},
    "verb": "open",
    "severity": "SEV2",
    "title": "{{ service.name }} is down",
    "inputs": {"service": "{{ service.slug }}", "health_url": "{{ service.health_url }}"},
}
PROBE_FAILS = {
    "name": "A health probe fails",
    "matches": {"alertname": "HealthProbeFailed"},
    "verb": "open",
    "severity": "SEV2",
    "title": "{{ service.name }} does not answer",
}
HOST_NOISE = {"name": "A host is busy", "matches": {"severity": "warning"}, "verb": "join"}
RULES = (IGNORE_WATCHDOG, SERVICE_DOWN, PROBE_FAILS, HOST_NOISE)


def publish_runbooks(team: Team, author: User, publisher: User) -> dict[str, Runbook]:
    """Every runbook of config/runbooks, published once; a changed file becomes the next version."""
    found = {}
    for file in sorted(RUNBOOKS.glob("*.yaml")):
        source = file.read_text(encoding="utf-8")
        title = next(line for line in source.splitlines() if line.startswith("title:")).partition(":")[2].strip()
        runbook = Runbook.objects.filter(slug=file.stem).first()
        if runbook is None:
            runbook = make_runbook(file.stem, title, team, actor=author)
        version = save_version(runbook, source, author=author)
        if version.state == VersionState.DRAFT:
            publish(version, publisher=publisher)
        found[file.stem] = runbook
    return found


def connect_alertmanager(team: Team, runbooks: dict[str, Runbook], admin: User) -> None:
    """The source with its machine user and token, and the rules in their order. Does nothing the second time."""
    with atomic():
        source = SignalSource.objects.filter(name=SOURCE).select_related("user").first()
        if source is None:
            user = make_machine_user("demo-alertmanager", "Alertmanager (demo)", actor=admin)
            source = SignalSource.objects.create(name=SOURCE, kind="alertmanager", user=user, team=team)
        for position, rule in enumerate(RULES, 1):
            runbook = runbooks["restart-web-service"] if rule is SERVICE_DOWN else None
            IntakeRule.objects.get_or_create(position=position, defaults={**rule, "team": team, "runbook": runbook})
    _keep_token(source, admin)


def _keep_token(source: SignalSource, admin: User) -> None:
    """A token in a file that only we can read: issued anew when the file is gone."""
    living = MachineToken.objects.filter(user=source.user, revoked_at=None)
    if TOKEN_FILE.exists() and living.exists():
        return
    issued = issue_token(source.user, "drill", ["intake"], None, admin)
    TOKEN_FILE.touch(mode=0o600)
    TOKEN_FILE.write_text(issued.secret, encoding="utf-8")
