"""Letting an auditor in, and out again. Each is in the stream `access`."""

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from django.core.exceptions import ValidationError

from audit import ledger
from audit.canonical import Json
from audit.permissions import visible_streams
from catalog.auditing import ALL, in_scope
from catalog.errors import AlreadyEnded, BadInvitation
from catalog.models import AuditorAccess, User
from catalog.services.teams import ACCESS
from catalog.states import UserKind
from plumbing.database import atomic

LONGEST = dt.timedelta(days=400)
MOST_SCOPES = 50
RANDOM_BYTES = 15


class Invited(NamedTuple):
    """An auditor's access, and the password that nobody can read again; empty for an account that had one."""

    access: AuditorAccess
    password: str


def invite(
    *, username: str, name: str, organisation: str, scopes: Sequence[str], until: dt.datetime, reason: str,
    may_export: bool, actor: User, now: dt.datetime,
) -> Invited:  # fmt: skip
    """Let somebody from outside read the streams of `scopes` until a moment: a new account, or a further access.

    scopes: uids of streams, or beginnings of uids that end in "*". Raises BadInvitation with the field."""
    wanted = sorted(set(scopes))
    _check(wanted, until, reason, actor, now)
    with atomic():
        user, password = _account(username.strip(), name.strip(), organisation.strip(), actor)
        access = AuditorAccess.objects.create(
            user=user, granted_by=actor, scopes=wanted, may_export=may_export, reason=reason.strip(), since=now,
            until=until,
        )  # fmt: skip
        told: dict[str, Json] = {
            "user": user.actor_id,
            "name": user.name,
            "organisation": user.title,
            "scopes": list(wanted),
            "until": until.isoformat(),
            "may_export": may_export,
            "reason": access.reason,
        }
        ledger.record(ACCESS, "auditor.invited", actor, told)
    return Invited(access, password)


@atomic()
def end_access(access: AuditorAccess, *, actor: ledger.Actor, now: dt.datetime) -> None:
    """End an auditor's access now. Raises AlreadyEnded."""
    open_ones = AuditorAccess.objects.filter(pk=access.pk, ended_at=None, until__gt=now)
    if not open_ones.update(ended_at=now):
        raise AlreadyEnded(str(access.user))
    ledger.record(ACCESS, "auditor.ended", actor, {"user": access.user.actor_id, "scopes": list(access.scopes)})


def _check(scopes: Sequence[str], until: dt.datetime, reason: str, actor: User, now: dt.datetime) -> None:
    if not scopes:
        raise BadInvitation("scopes", "Choose at least one kind of evidence, or name a stream.")
    if len(scopes) > MOST_SCOPES:
        raise BadInvitation("scopes", f"Name up to {MOST_SCOPES}; for more, choose the whole kind.")
    if not reason.strip():
        raise BadInvitation("reason", "Say why they are let in: it is on record.")
    if not now < until <= now + LONGEST:
        raise BadInvitation("until", f"It must end after now, and within {LONGEST.days} days.")
    handed_out = visible_streams(actor, "export")
    for scope in scopes:
        if not scope.endswith(ALL) and not handed_out.filter(in_scope([scope])).exists():
            raise BadInvitation("streams", f"There is no stream {scope} whose evidence you may hand out.")


def _account(username: str, name: str, organisation: str, actor: User) -> tuple[User, str]:
    """The auditor with this user name, new if there is none."""
    found = User.objects.select_for_update().filter(username=username).first()
    if found is not None:
        if found.kind != UserKind.AUDITOR or not found.is_active:
            raise BadInvitation("username", f"{username} is the account of somebody who works here; choose another.")
        return found, ""
    if not username or not name:
        raise BadInvitation("username" if not username else "name", "Give it: the ledger and the page name them by it.")
    password = secrets.token_urlsafe(RANDOM_BYTES)
    user = User(username=username, name=name, title=organisation, kind=UserKind.AUDITOR)
    user.set_password(password)
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise BadInvitation({"title": "organisation"}.get(field, field), " ".join(messages)) from None
    user.save()
    fields: dict[str, Json] = {"user": user.actor_id, "kind": user.kind, "name": user.name}
    ledger.record(ACCESS, "user.made", actor, fields)
    return user, password
