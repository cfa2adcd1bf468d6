"""Where this room holds what is personal, beside the ledger, and how an account is forgotten (audit.redaction)."""

from collections.abc import Iterator

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Q

from audit import ledger
from audit.redaction import subjects
from audit.redaction.copies import Columns, register
from audit.redaction.subjects import FORMER, Subject
from catalog.models import Absence, AuditorAccess, ContactPoint, MachineToken, Notice, Probe, Service, Team, User
from catalog.services.teams import ACCESS
from catalog.states import UserKind
from plumbing import clock
from plumbing.database import atomic

ROOM = "People and services"
CATALOG = "catalog"
MOST_PEOPLE = 20
FORMER_USERNAME = "former-"
TABLES = (
    Columns(ROOM, "Message to somebody", Notice, ("title", "text", "error"), ("", "stream")),
    Columns(ROOM, "Why somebody is away", Absence, ("reason",), ACCESS),
    Columns(ROOM, "Why an auditor was let in", AuditorAccess, ("reason",), ACCESS),
    Columns(ROOM, "Name of a token", MachineToken, ("name",), ACCESS),
    Columns(ROOM, "Name or description of a team", Team, ("name", "description"), CATALOG),
    Columns(ROOM, "Name or description of a service", Service, ("name", "description"), CATALOG),
    Columns(ROOM, "What a probe saw", Probe, ("detail",), CATALOG),
)


def connect() -> None:
    """Called once, when the app is ready."""
    for table in TABLES:
        register(table)
    subjects.register(people_like, forget)


def people_like(words: str) -> Iterator[Subject]:
    """Accounts of people whose name, user name or e-mail holds the words, or whose actor id they are."""
    found = User.objects.filter(kind=UserKind.PERSON).exclude(username__startswith=FORMER_USERNAME)
    asked = Q(name__icontains=words) | Q(username__icontains=words) | Q(email__icontains=words)
    for user in found.filter(asked | Q(uid=words.removeprefix("usr_"))).order_by("name", "pk")[:MOST_PEOPLE]:
        told = (user.name, user.username, user.email, user.get_full_name())
        terms = tuple(dict.fromkeys(term for term in told if term))
        yield Subject(user.actor_id, user.name, terms, user.is_active)


def forget(actor_id: str) -> int:
    """Close an account and take out of it what says who it was. Its id stays, and leads to FORMER. Again: 0."""
    with atomic():
        ledger.hold(ACCESS)
        user = User.objects.select_for_update().filter(uid=actor_id.removeprefix("usr_")).first()
        if user is None or user.username.startswith(FORMER_USERNAME):
            return 0
        gone = _end_sessions(user)
        user.username, user.name = f"{FORMER_USERNAME}{user.uid}", FORMER
        user.first_name = user.last_name = user.email = user.title = user.session_salt = ""
        user.time_zone, user.last_login, user.is_active = "UTC", None, False
        user.manager = None
        user.set_unusable_password()
        user.save()
        gone += EmailAddress.objects.filter(user=user).delete()[0]
        gone += ContactPoint.objects.filter(user=user).delete()[0]
        gone += Authenticator.objects.filter(user=user).delete()[0]
        gone += Absence.objects.filter(user=user).update(reason="")
        gone += user.tokens.filter(revoked_at=None).update(revoked_at=clock.now())
        ledger.record(ACCESS, "user.forgotten", ledger.SYSTEM, {"user": user.actor_id})
    return int(1 + gone)


def _end_sessions(user: User) -> int:
    """Sessions say under which name somebody signed in, and stay in the table when they are over."""
    gone = []
    for session in Session.objects.iterator():
        told = session.get_decoded()
        if told.get(SESSION_KEY) == str(user.pk) or repr(user.username) in str(told):  # or only half signed in
            gone.append(session.pk)
    return Session.objects.filter(pk__in=gone).delete()[0]
