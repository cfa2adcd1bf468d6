"""Second factors: added, removed, used. allauth does the cryptography; here each is limited, counted once and recorded.

A code counts once: what was used stands in the factor's row, which is locked while the next one is compared.
"""

import struct
from collections.abc import Callable, Collection
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, validate_totp_code
from allauth.mfa.utils import decrypt, encrypt
from allauth.mfa.webauthn.internal import auth as webauthn
from cryptography.exceptions import UnsupportedAlgorithm
from django.core.exceptions import ValidationError
from django.urls import reverse

from audit import ledger
from audit.canonical import Json
from catalog.errors import FactorNotAdded, WrongFactor
from catalog.models import User, new_uid
from catalog.services.reaching import notify
from catalog.services.sign_in import LONGEST_ADDRESS
from catalog.services.teams import ACCESS
from catalog.services.tries import count_try, forget_tries, is_blocked, key_of
from catalog.states import SIGN_IN
from catalog.stepup import STRONG
from plumbing import clock
from plumbing.database import atomic
from plumbing.sealing import is_fresh

MOST_PASSKEYS = 10
CODES = frozenset({Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES})
APP_ONLY = frozenset({Authenticator.Type.TOTP})
STARTED, CONFIRMED = "session.started", "session.confirmed"  # what a factor is used for
WAS_IT_YOU = "All other sessions have ended. If this wasn't you, call your administrators: somebody is in your account."
MALFORMED = (ValidationError, ValueError, TypeError, LookupError, AttributeError, struct.error, UnsupportedAlgorithm)


# ---- using ----------------------------------------------------------------------------------------------------------


def use_code(user: User, code: str, *, kinds: Collection[str], entry: str, address: str) -> Authenticator:
    """The factor, of these kinds, that this code proves; the code is spent. Raises WrongFactor, TooManyTries."""

    def find() -> Authenticator | None:
        own = Authenticator.objects.select_for_update().filter(user=user, type__in=kinds)
        return next((factor for factor in own if _spend(factor, code)), None)

    return _use(user, find, "code", entry, address)


def use_passkey(user: User, credential: dict[str, Any], *, entry: str, address: str) -> Authenticator:
    """The passkey that answered what the session asked it. Raises WrongFactor, TooManyTries."""

    def find() -> Authenticator | None:
        try:
            webauthn.parse_authentication_response(credential)
            return webauthn.complete_authentication(user, credential)
        except MALFORMED:
            return None

    return _use(user, find, "passkey", entry, address)


def _use(user: User, find: Callable[[], Authenticator | None], what: str, entry: str, address: str) -> Authenticator:
    """The factor that `find` finds, used: limited as passwords are, and on record as `entry`, or as a refusal."""
    key = key_of("factor", user.uid)
    tries = count_try(key, address)
    place: dict[str, Json] = {"address": address[:LONGEST_ADDRESS]}
    with atomic():
        factor = find()
        if factor is None:
            refused: dict[str, Json] = {**place, "user": user.actor_id, "blocked": is_blocked(key)}
            ledger.record(ACCESS, "factor.refused", ledger.SYSTEM, refused)
        else:
            forget_tries(key, tries)
            factor.record_usage()
            ledger.record(ACCESS, entry, user, {**place, **_facts(factor)})
    if factor is None:
        raise WrongFactor(what)
    return factor


def _spend(factor: Authenticator, code: str) -> bool:
    """Whether the code is right, for the first time. Recovery codes allauth strikes out itself."""
    if factor.type == Authenticator.Type.RECOVERY_CODES:
        return bool(factor.wrap().validate_code(code))
    now = clock.now().timestamp()
    valid_s = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    spent = [(used, at) for used, at in factor.data.get("spent", ()) if at > now - 2 * valid_s]
    if code in (used for used, _ in spent) or not factor.wrap().validate_code(code):
        return False
    factor.data["spent"] = [*spent, (code, now)]
    factor.save(update_fields=["data"])
    return True


# ---- one's own ------------------------------------------------------------------------------------------------------


@atomic()
def add_app(user: User, secret: str, code: str) -> Authenticator:
    """An authenticator app that has shown that it knows the secret. Raises FactorNotAdded, WrongFactor."""
    _demand_room(user, Authenticator.Type.TOTP, 1, "there is an authenticator app already; remove it first")
    if not validate_totp_code(secret, code):
        raise WrongFactor("code")
    factor = TOTP.activate(user, secret).instance
    factor.data["spent"] = [(code, clock.now().timestamp())]
    factor.save(update_fields=["data"])
    return _added(user, factor)


@atomic()
def add_passkey(user: User, name: str, credential: dict[str, Any]) -> Authenticator:
    """A passkey that answered what the session asked it. Raises FactorNotAdded, WrongFactor."""
    _demand_room(user, Authenticator.Type.WEBAUTHN, MOST_PASSKEYS, f"{MOST_PASSKEYS} passkeys are enough")
    try:
        webauthn.parse_registration_response(credential)
        webauthn.complete_registration(credential)
    except MALFORMED as error:
        raise WrongFactor("passkey") from error
    return _added(user, webauthn.WebAuthn.add(user, name, credential).instance)


@atomic()
def remove_factor(user: User, factor: Authenticator) -> None:
    """Take a factor of one's own away; without any other the recovery codes go too."""
    facts, gone = _facts(factor), str(factor.pk)
    factor.delete()
    if not Authenticator.objects.filter(user=user, type__in=STRONG).exists():
        Authenticator.objects.filter(user=user).delete()
    _end_sessions(user)
    _tell(user, "removed", gone, "A second factor of yours was removed")
    ledger.record(ACCESS, "factor.removed", user, facts)


@atomic()
def renew_recovery_codes(user: User) -> None:
    """New recovery codes instead of the old ones; not shown yet. Raises FactorNotAdded without another factor."""
    User.objects.select_for_update().get(pk=user.pk)  # one set of codes, however often it is asked for at once
    if not Authenticator.objects.filter(user=user, type__in=STRONG).exists():
        raise FactorNotAdded("recovery codes stand in for a second factor; add one first")
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    RecoveryCodes.activate(user)
    ledger.record(ACCESS, "recovery_codes.made", user, {})


@atomic()
def show_recovery_codes(user: User) -> list[str]:
    """The codes, once: who asks again gets none."""
    own = Authenticator.objects.select_for_update().filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    if own is None or own.wrap().did_view:
        return []
    own.wrap().mark_as_viewed()
    ledger.record(ACCESS, "recovery_codes.shown", user, {})
    codes: list[str] = own.wrap().get_unused_codes()
    return codes


@atomic()
def reset_factors(user: User, *, reason: str, actor: ledger.Actor) -> int:
    """Take all factors and sessions from somebody who lost theirs. Returns how many factors there were."""
    count: int = Authenticator.objects.filter(user=user, type__in=STRONG).count()
    Authenticator.objects.filter(user=user).delete()
    _end_sessions(user)
    _tell(user, "reset", user.session_salt, "An administrator removed all your second factors")
    fields: dict[str, Json] = {"user": user.actor_id, "reason": reason, "factors": count}
    ledger.record(ACCESS, "factor.reset", actor, fields)
    return count


def _demand_room(user: User, kind: str, most: int, why: str) -> None:
    if user.kind not in SIGN_IN:
        raise FactorNotAdded(f"{user} is a machine user; machines have tokens")
    User.objects.select_for_update().get(pk=user.pk)
    if Authenticator.objects.filter(user=user, type=kind).count() >= most:
        raise FactorNotAdded(why)


def _added(user: User, factor: Authenticator) -> Authenticator:
    RecoveryCodes.activate(user)  # leaves codes that are there
    _end_sessions(user)
    _tell(user, "added", str(factor.pk), "A second factor was added to your account")
    ledger.record(ACCESS, "factor.added", user, _facts(factor))
    return factor


def _end_sessions(user: User) -> None:
    """All of them: a door that keeps its own says so to Django (`update_session_auth_hash`)."""
    user.session_salt = new_uid()
    user.save(update_fields=["session_salt"])


def _tell(user: User, what: str, which: str, title: str) -> None:
    """Whoever it was: the owner of the account hears of it where they are reached."""
    notify(
        users=[user], stream=ACCESS, about=user.actor_id, kind="account", title=title, text=WAS_IT_YOU,
        path=reverse("factors"), dedupe=f"factor/{what}/{which}", now=clock.now(),
    )  # fmt: skip


@atomic()
def seal_factors_anew() -> int:
    """Seal the secrets of apps and recovery codes with the key that seals now. Returns how many were."""
    count = 0
    for factor in Authenticator.objects.select_for_update().filter(type__in=CODES):
        name = "secret" if factor.type == Authenticator.Type.TOTP else "seed"
        if not is_fresh(factor.data[name]):
            factor.data[name] = encrypt(decrypt(factor.data[name]))
            factor.save(update_fields=["data"])
            count += 1
    if count:
        ledger.record(ACCESS, "factors.sealed_anew", ledger.SYSTEM, {"count": count})
    return count


def _facts(factor: Authenticator) -> dict[str, Json]:
    return {"method": str(factor.type), "factor": factor.pk}
