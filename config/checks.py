"""Checks that refuse an unsafe start: production with demo settings, a demo with production's."""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register, run_checks

from audit.trust import attesting
from plumbing import sealing
from plumbing.egress import allowed_by
from plumbing.errors import MusterError

TAG = "muster"
SHORTEST_SECRET = 50
MODES = ("demo", "production", "test")
THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "[::1]", "testserver"})  # the last is Django's own test client


@register(TAG)
def production_is_safe(app_configs: Iterable[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """What production must not be started with: each problem with what would be right."""
    if not settings.PRODUCTION:
        return []
    vendor = settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[-1]
    layer = settings.CHANNEL_LAYERS["default"]["BACKEND"]
    secret = settings.SECRET_KEY
    problems = [
        (secret == settings.DEFAULT_SECRET or len(secret) < SHORTEST_SECRET,
         "MUSTER_SECRET_KEY is the demo's or shorter than 50 characters", "Set it to 50 or more random characters."),
        (settings.DEBUG, "DEBUG is on", "Remove MUSTER_DEBUG."),
        (vendor != "postgresql", f"the database is {vendor}, which processes on several machines can't share",
         "Set MUSTER_DATABASE_URL=postgresql://…"),
        (settings.CELERY_BROKER_URL.startswith("memory:"), "the broker lives in one process's memory",
         "Set MUSTER_BROKER_URL or MUSTER_REDIS_URL."),
        (layer.endswith("InMemoryChannelLayer"), "the channel layer lives in one process's memory",
         "Set MUSTER_REDIS_URL=redis://…"),
        (not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS, "no host names are set",
         "Set MUSTER_HOSTS=muster.bank.example"),
        (not settings.ORIGIN.startswith("https://"), "the public address is not https",
         "Set MUSTER_ORIGIN=https://muster.bank.example"),
        (not settings.SIGNER and not settings.LEDGER_KEY_FILE.is_file(),
         f"there is no ledger key at {settings.LEDGER_KEY_FILE}",
         "`openssl genpkey -algorithm ed25519 -out FILE`, keep a copy offline, and set MUSTER_LEDGER_KEY=FILE."),
        (bool(settings.SIGNER) and not settings.SIGNER.startswith("unix:/"), f"MUSTER_SIGNER={settings.SIGNER}",
         "Set it to the signer's socket, such as unix:/run/muster/signer.sock, or unset it."),
    ]  # fmt: skip
    return [
        Error(f"Production can't start: {found}.", hint=hint, id=f"muster.E{number:03}")
        for number, (bad, found, hint) in enumerate(problems, 1)
        if bad
    ]


@register(TAG, deploy=True)
def a_signer_is_apart(app_configs: Iterable[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Without a signer of its own production works, but whoever owns its database can have another past signed."""
    if not settings.PRODUCTION or settings.SIGNER:
        return []
    found = "MUSTER_SIGNER is not set: each process signs checkpoints by itself, with the log key in its reach."
    hint = "Run the signer as another user, and set MUSTER_SIGNER to its socket: docs/how-to/run-the-signer.md."
    return [Warning(found, hint=hint, id="muster.W001")]


@register(TAG)
def mode_is_known(app_configs: Iterable[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """A mistyped mode would start with a demo's secret and none of production's rules."""
    if settings.MODE in MODES:
        return []
    hint = f"Set it to one of: {', '.join(MODES)}."
    return [Error(f"Muster can't start: MUSTER_MODE={settings.MODE} is unknown.", hint=hint, id="muster.E021")]


@register(TAG)
def demo_is_a_demo(app_configs: Iterable[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """A demo has known passwords, a test has none of production's rules: both stay on this machine."""
    foreign = sorted(set(settings.ALLOWED_HOSTS) - THIS_MACHINE)
    if settings.PRODUCTION or not (settings.ORIGIN or foreign):
        return []
    found = f"MUSTER_ORIGIN={settings.ORIGIN}" if settings.ORIGIN else f"MUSTER_HOSTS={','.join(foreign)}"
    return [
        Error(
            f"A {settings.MODE} can't start with production settings: {found}.",
            hint="Unset it, or set MUSTER_MODE=production.",
            id="muster.E020",
        )
    ]


@register(TAG)
def egress_is_readable(app_configs: Iterable[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """A broken entry of MUSTER_EGRESS_ALLOW is said at the start, not by the first step that needs it."""
    try:
        allowed_by(None)
    except MusterError as error:
        return [Error(f"MUSTER_EGRESS_ALLOW can't be read: {error}", id="muster.E030")]
    return []


@register(TAG)
def people_can_be_reached(app_configs: Iterable[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """A broken sealing key or mail server is said at the start, not by the first message that isn't sent."""
    problems: list[CheckMessage] = []
    try:
        sealing.check()
    except MusterError as error:
        problems.append(Error(str(error), id="muster.E031"))
    if settings.SIEM.problem:
        problems.append(Error(f"MUSTER_SIEM_URL can't be used. {settings.SIEM.problem}.", id="muster.E033"))
    if settings.MAIL.problem:
        problems.append(Error(f"MUSTER_EMAIL_URL can't be used. {settings.MAIL.problem}.", id="muster.E032"))
    return problems


@register(TAG)
def attestors_are_readable(app_configs: Iterable[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """A broken authority, witness or anchor is said at the start, not by the first checkpoint that needs it."""
    return [Error(problem, id="muster.E034") for problem in attesting.problems()]


def refuse_unsafe_start() -> None:
    """Exit with one sentence per problem when a check fails. Every long-running process calls it first."""
    errors = [message for message in run_checks(tags=[TAG]) if message.is_serious()]
    if errors:
        raise SystemExit("\n".join(f"{error.msg} {error.hint or ''}".strip() for error in errors))
