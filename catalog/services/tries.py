"""How often one may try a secret: counted in the database, so that all processes and machines count together.

A try counts from the moment it is made, so that tries in parallel don't slip through; a good one is forgotten.
"""

import datetime as dt
import math

from django.db.models import Q
from django.utils.crypto import salted_hmac

from catalog.errors import TooManyTries
from catalog.models import SignInFailure
from plumbing import clock
from plumbing.database import atomic

WINDOW = dt.timedelta(minutes=5)
MOST_BY_ONE = 5  # refused tries within WINDOW of what is guessed: one name from one address, one person's factor
MOST_BY_ADDRESS = 30  # of whatever names: one password tried on everybody


@atomic()
def count_try(key: str, address: str) -> list[int]:
    """Count a try under `key` and under the address. Returns the ids of the rows; raises TooManyTries at a limit, and
    counts nothing."""
    now, place = clock.now(), key_of("address", address)
    SignInFailure.objects.filter(at__lte=now - WINDOW).delete()
    for each, most in ((key, MOST_BY_ONE), (place, MOST_BY_ADDRESS)):
        moments = list(SignInFailure.objects.filter(key=each).order_by("-at").values_list("at", flat=True)[:most])
        if len(moments) == most:
            raise TooManyTries(math.ceil((moments[-1] + WINDOW - now).total_seconds()))
    return [SignInFailure.objects.create(key=each, at=now).pk for each in (key, place)]


def forget_tries(key: str, tries: list[int]) -> None:
    """The secret was right: what was wrong before it under `key` no longer counts, nor does this try."""
    SignInFailure.objects.filter(Q(key=key) | Q(pk__in=tries)).delete()


def is_blocked(key: str) -> bool:
    """Whether the next try under `key` will be refused unseen."""
    return SignInFailure.objects.filter(key=key).count() >= MOST_BY_ONE


def key_of(kind: str, text: str) -> str:
    """What tries are counted under: a keyed hash, so that the table names nobody."""
    return salted_hmac(f"catalog.sign_in.{kind}", text, algorithm="sha256").hexdigest()
