"""Signing in: limited tries, one answer to every wrong one, and all of it in the stream `access`."""

from django.contrib.auth import authenticate

from audit import ledger
from audit.canonical import Json
from catalog.auditing import may_sign_in
from catalog.errors import WrongCredentials
from catalog.models import User
from catalog.services.teams import ACCESS
from catalog.services.tries import count_try, forget_tries, is_blocked, key_of
from catalog.stepup import has_factor
from plumbing import clock
from plumbing.database import atomic

LONGEST_ADDRESS, LONGEST_NAME = 64, 150


def check_credentials(username: str, password: str, address: str) -> User:
    """The person who may sign in with these. Raises WrongCredentials, or TooManyTries before anything is looked up.

    Who has a second factor has only begun: their session starts, on record, when the factor was right too."""
    name = username[:LONGEST_NAME]
    pair = key_of("pair", f"{name.casefold()}\n{address}")
    tries = count_try(pair, address)
    user = authenticate(username=username, password=password)  # slow on purpose: never inside a transaction
    if not isinstance(user, User) or not may_sign_in(user, clock.now()):
        _record_refusal(name, pair, address)
        raise WrongCredentials
    with atomic():
        forget_tries(pair, tries)
        kind = "session.challenged" if has_factor(user) else "session.started"
        ledger.record(ACCESS, kind, user, {"address": address[:LONGEST_ADDRESS]})
    return user


def confirm_password(user: User, password: str, address: str) -> None:
    """Somebody who is signed in gives their password again. Raises WrongCredentials, TooManyTries."""
    key = key_of("confirm", user.uid)
    tries = count_try(key, address)
    if not user.check_password(password):
        _record_refusal(user.username, key, address)
        raise WrongCredentials
    with atomic():
        forget_tries(key, tries)
        ledger.record(ACCESS, "session.confirmed", user, {"address": address[:LONGEST_ADDRESS], "method": "password"})


@atomic()
def record_sign_out(user: User) -> None:
    """Put on record that somebody ended their session."""
    ledger.record(ACCESS, "session.ended", user, {})


@atomic()
def _record_refusal(username: str, key: str, address: str) -> None:
    """What was typed stays out, it may be a password; who was meant is named if such a user exists.

    Tries that are refused for their number alone are not recorded: nobody may fill the ledger by knocking.
    """
    meant = User.objects.filter(username=username).first()
    fields: dict[str, Json] = {
        "user": meant.actor_id if meant else None,
        "address": address[:LONGEST_ADDRESS],
        "blocked": is_blocked(key),
    }
    ledger.record(ACCESS, "session.refused", ledger.SYSTEM, fields)
