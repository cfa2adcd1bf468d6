"""Signing in: limited tries, one answer to every wrong one, and all of it in the stream `access`."""

import datetime as dt
import math

from django.contrib.auth import authenticate
from django.db.models import Q
from django.utils.crypto import salted_hmac

from audit import ledger
from audit.canonical import Json
from catalog.errors import TooManyTries, WrongCredentials
from catalog.models import SignInFailure, User
from catalog.services.teams import ACCESS
from catalog.states import UserKind
from plumbing import clock
from plumbing.database import atomic

WINDOW = dt.timedelta(minutes=5)
MOST_BY_PAIR = 5  # refused tries of one name from one address within WINDOW
MOST_BY_ADDRESS = 30  # of whatever names: one password tried on everybody
LONGEST_ADDRESS, LONGEST_NAME = 64, 150


def check_credentials(username: str, password: str, address: str) -> User:
    """The person who may sign in with these. Raises WrongCredentials, or TooManyTries before anything is looked up.

    A try counts from the moment it is made, so that tries in parallel don't slip through; a good one is forgotten.
    """
    pair, place = _keys(username, address)
    tries = _count_try(pair, place)
    user = authenticate(username=username, password=password)  # slow on purpose: never inside a transaction
    if not isinstance(user, User) or user.kind != UserKind.PERSON:
        _record_refusal(username, pair, address)
        raise WrongCredentials
    with atomic():
        SignInFailure.objects.filter(Q(key=pair) | Q(pk__in=tries)).delete()
        ledger.record(ACCESS, "session.started", user, {"address": address[:LONGEST_ADDRESS]})
    return user


@atomic()
def record_sign_out(user: User) -> None:
    """Put on record that somebody ended their session."""
    ledger.record(ACCESS, "session.ended", user, {})


@atomic()
def _count_try(pair: str, place: str) -> list[int]:
    """Count a try under both keys. Returns the ids of the rows; raises TooManyTries at a limit, and counts nothing."""
    now = clock.now()
    SignInFailure.objects.filter(at__lte=now - WINDOW).delete()
    for key, most in ((pair, MOST_BY_PAIR), (place, MOST_BY_ADDRESS)):
        moments = list(SignInFailure.objects.filter(key=key).order_by("-at").values_list("at", flat=True)[:most])
        if len(moments) == most:
            raise TooManyTries(math.ceil((moments[-1] + WINDOW - now).total_seconds()))
    return [SignInFailure.objects.create(key=key, at=now).pk for key in (pair, place)]


@atomic()
def _record_refusal(username: str, pair: str, address: str) -> None:
    """What was typed stays out, it may be a password; who was meant is named if such a user exists.

    Tries that are refused for their number alone are not recorded: nobody may fill the ledger by knocking.
    """
    meant = User.objects.filter(username=username[:LONGEST_NAME]).first()
    fields: dict[str, Json] = {
        "user": meant.actor_id if meant else None,
        "address": address[:LONGEST_ADDRESS],
        "blocked": SignInFailure.objects.filter(key=pair).count() >= MOST_BY_PAIR,
    }
    ledger.record(ACCESS, "session.refused", ledger.SYSTEM, fields)


def _keys(username: str, address: str) -> tuple[str, str]:
    """What failures are counted under: keyed hashes, so that the table names nobody."""
    name = username[:LONGEST_NAME].casefold()
    pair = salted_hmac("catalog.sign_in.pair", f"{name}\n{address}", algorithm="sha256").hexdigest()
    return pair, salted_hmac("catalog.sign_in.address", address, algorithm="sha256").hexdigest()
