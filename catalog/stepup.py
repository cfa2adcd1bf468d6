"""Step-up: which second factor this session has proved, and when. Whatever isn't known for sure counts as none.

A door that wants one asks `fresh_factor`, and sends whoever has none to `stepup_url`. What is read are allauth's
records of the session, stamped with the database's clock as `now` must be. A password is no factor, nor is a recovery
code; a factor that was removed since proves nothing.

Single sign-on isn't built. Its records would have the method `socialaccount`, and count for nothing here; it needs the
provider's own `auth_time` and `acr` (ASVS 6.8.4), and the place to read them is `_factor_in`.
"""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse
from django.utils.http import urlencode
from rest_framework.request import Request

from catalog.models import User
from catalog.states import SIGN_IN

STRONG = frozenset({"totp", "webauthn"})  # a recovery code lets somebody in, and proves no more than a password
RECENT_S = 600  # for one's own factors: how long ago one may have signed in

_purposes: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor that was proved in this session."""

    method: str  # "totp" or "webauthn"
    at: dt.datetime


def fresh_factor(request: HttpRequest | Request, *, now: dt.datetime, within_s: float) -> Factor | None:
    """The latest second factor of the signed-in person, proved at most `within_s` ago. now: by the database's clock."""
    user = request.user
    if not _is_person(user):
        return None
    known = {(pk, str(kind)) for pk, kind in Authenticator.objects.filter(user=user).values_list("pk", "type")}
    found = [factor for record in _records(request) if (factor := _factor_in(record, known))]
    in_time = [factor for factor in found if 0 <= (now - factor.at).total_seconds() <= within_s]
    return max(in_time, key=lambda factor: factor.at, default=None)


def has_factor(user: User | AnonymousUser) -> bool:
    """Whether somebody has an authenticator app or a passkey, so that they could step up."""
    return _is_person(user) and Authenticator.objects.filter(user=user, type__in=STRONG).exists()


def stepup_url(next: str) -> str:  # the name that Django's own addresses have for it
    """The address of the page that asks for the second factor, and then leads to `next`, an address of ours."""
    return f"{reverse('step-up')}?{urlencode({'next': next})}"


def register_purpose(url_name: str, words: str) -> None:
    """Say what a page with this name is for: it stands on the step-up page, after “Next:”."""
    _purposes[url_name] = words


def purpose_of(path: str) -> str:
    """What somebody steps up for, in words; "" where nobody said."""
    try:
        return _purposes.get(resolve(urlsplit(path).path).view_name, "")
    except Resolver404:
        return ""


def factors_of(user: User) -> list[Authenticator]:
    """Somebody's own factors, the oldest first; without recovery codes."""
    return list(Authenticator.objects.filter(user=user, type__in=STRONG).order_by("created_at", "pk"))


def recently_signed_in(request: HttpRequest, *, now: dt.datetime) -> bool:
    """Whether somebody may change their own factors: who has one proved one lately, or used a recovery code; who has
    none gave their password lately."""
    if not _is_person(request.user):
        return False
    method = "mfa" if has_factor(request.user) else "password"
    moments = [_moment(record) for record in _records(request) if record.get("method") == method]
    return any(0 <= (now - at).total_seconds() <= RECENT_S for at in moments if at)


def remember_password(request: HttpRequest, user: User, at: dt.datetime) -> None:
    """Note in the session that somebody's password was right."""
    _remember(request, user, "password", at)


def remember_factor(request: HttpRequest, factor: Authenticator, at: dt.datetime) -> None:
    """Note in the session that a factor was proved."""
    _remember(request, factor.user, "mfa", at, id=factor.pk, type=str(factor.type), reauthenticated=True)


def _remember(request: HttpRequest, user: User, method: str, at: dt.datetime, **more: Any) -> None:
    record_authentication(request, user, method, **more)
    records = get_authentication_records(request, user)
    records[-1]["at"] = at.timestamp()  # allauth took this machine's clock; two clocks would never agree
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = records


def _records(request: HttpRequest | Request) -> list[Mapping[str, Any]]:
    """What this session proved for whoever is signed in. Another's records count for nothing."""
    found = get_authentication_records(request, cast(User, request.user))
    return [record for record in found if isinstance(record, dict)]


def _factor_in(record: Mapping[str, Any], known: set[tuple[int, str]]) -> Factor | None:
    kind, uid, at = record.get("type"), record.get("id"), _moment(record)
    if not isinstance(kind, str) or not isinstance(uid, int) or at is None:
        return None
    if record.get("method") != "mfa" or kind not in STRONG or (uid, kind) not in known:
        return None
    return Factor(kind, at)


def _moment(record: Mapping[str, Any]) -> dt.datetime | None:
    at = record.get("at")
    if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at):
        return None
    try:
        return dt.datetime.fromtimestamp(at, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _is_person(user: object) -> bool:
    return isinstance(user, User) and user.is_active and user.kind in SIGN_IN
