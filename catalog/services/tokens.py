"""Secrets of machine users. The secret is seen once, when it is issued; the database has its SHA-256 alone."""

import datetime as dt
import hmac
import secrets
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from django.db.models import Q

from audit import ledger
from audit.canonical import Json
from catalog.errors import TokenNotIssued, TokenRefused
from catalog.models import MachineToken, User
from catalog.services.teams import ACCESS
from catalog.states import TokenScope, UserKind
from plumbing import clock
from plumbing.database import atomic

MARK = "muster_"  # lets people and scanners recognise a leaked token
RANDOM_BYTES = 32
LONGEST_SECRET = 200
USED_EVERY = dt.timedelta(seconds=60)  # `used_at` is no log: one write a minute is enough


class IssuedToken(NamedTuple):
    """A new token, and the secret that nobody can read again."""

    token: MachineToken
    secret: str


@atomic()
def issue_token(
    user: User, name: str, scopes: Iterable[str], expires_at: dt.datetime | None, actor: ledger.Actor
) -> IssuedToken:
    """A token for a machine user. scopes: of TokenScope, at least one. Raises TokenNotIssued."""
    now, wanted = clock.now(), sorted(set(scopes))
    _check_request(user, wanted, expires_at, now)
    secret = MARK + secrets.token_urlsafe(RANDOM_BYTES)
    token = MachineToken.objects.create(
        user=user,
        name=name,
        prefix=secret[:12],
        hashed=digest(secret),
        scopes=wanted,
        created_at=now,
        expires_at=expires_at,
    )
    until = expires_at.isoformat() if expires_at else None
    fields: dict[str, Json] = {"token": token.prefix, "user": user.actor_id, "name": name, "expires_at": until}
    ledger.record(ACCESS, "token.issued", actor, {**fields, "scopes": list(wanted)})
    return IssuedToken(token, secret)


def _check_request(user: User, scopes: list[str], expires_at: dt.datetime | None, now: dt.datetime) -> None:
    if user.kind != UserKind.MACHINE:
        raise TokenNotIssued(f"{user} is a person; tokens belong to machine users")
    if unknown := [scope for scope in scopes if scope not in TokenScope.values]:
        raise TokenNotIssued(f"there is no scope '{unknown[0]}'; there are: {', '.join(TokenScope.values)}")
    if not scopes:
        raise TokenNotIssued(f"it needs at least one scope of: {', '.join(TokenScope.values)}")
    if expires_at is not None and expires_at <= now:
        raise TokenNotIssued(f"it would have expired at {expires_at:%Y-%m-%d %H:%M} UTC already")


@atomic()
def revoke_token(token: MachineToken, actor: ledger.Actor) -> MachineToken:
    """End a token now. Revoking twice changes nothing."""
    changed = MachineToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now())
    token.refresh_from_db()
    if changed:
        fields: dict[str, Json] = {"token": token.prefix, "user": token.user.actor_id, "name": token.name}
        ledger.record(ACCESS, "token.revoked", actor, fields)
    return token


def token_of(secret: str, now: dt.datetime) -> MachineToken:
    """The living token with this secret, its user loaded. Raises TokenRefused."""
    hashed = digest(secret)
    token = MachineToken.objects.select_related("user").filter(hashed=hashed).first()
    # 1. known (compared in constant time)  2. not revoked  3. not expired  4. its user is active
    if token is None or not hmac.compare_digest(token.hashed, hashed):
        raise TokenRefused("it is unknown")
    if token.revoked_at is not None:
        raise TokenRefused(f"it was revoked at {token.revoked_at:%Y-%m-%d %H:%M} UTC")
    if token.expires_at is not None and token.expires_at <= now:
        raise TokenRefused(f"it expired at {token.expires_at:%Y-%m-%d %H:%M} UTC")
    if not token.user.is_active:
        raise TokenRefused("its machine user is switched off")
    _mark_used(token, now)
    return token


def _mark_used(token: MachineToken, now: dt.datetime) -> None:
    if token.used_at is None or token.used_at < now - USED_EVERY:
        not_lately = Q(used_at=None) | Q(used_at__lt=now - USED_EVERY)
        with atomic():
            MachineToken.objects.filter(not_lately, pk=token.pk).update(used_at=now)


def digest(secret: str) -> str:
    """What is stored of a secret: 64 hex digits. Its 256 random bits need no slow hash."""
    return sha256(secret[:LONGEST_SECRET].encode()).hexdigest()
