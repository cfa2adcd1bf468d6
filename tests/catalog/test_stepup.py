"""What counts as a fresh second factor, and what never does."""

import datetime as dt
from types import SimpleNamespace

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser

from catalog import stepup
from catalog.states import UserKind
from catalog.stepup import Factor, fresh_factor

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
WITHIN_S = 300


def ago(seconds: float) -> float:
    return (NOW - dt.timedelta(seconds=seconds)).timestamp()


@pytest.fixture
def passkey(owner):
    return Authenticator.objects.create(user=owner, type="webauthn", data={"name": "Blue key"})


@pytest.fixture
def app(owner):
    return Authenticator.objects.create(user=owner, type="totp", data={"secret": "sealed"})


def request_of(user, *records, of=None):
    """A request whose session has these records, of `user` unless it says of whom."""
    session = {AUTHENTICATION_METHODS_SESSION_KEY: list(records)}
    session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str((of or user).pk)
    return SimpleNamespace(user=user, session=session)


def used(factor, seconds=10.0, **changes):
    return {"method": "mfa", "type": str(factor.type), "id": factor.pk, "at": ago(seconds), **changes}


def asked(request):
    return fresh_factor(request, now=NOW, within_s=WITHIN_S)


@pytest.mark.parametrize(
    ("seconds", "is_fresh"),
    [(0, True), (299.999, True), (300, True), (300.001, False), (-0.001, False), (-3600, False)],
)
def test_a_factor_is_fresh_from_its_moment_to_the_end_and_never_before(owner, passkey, seconds, is_fresh):
    found = asked(request_of(owner, used(passkey, seconds)))
    assert found == (Factor("webauthn", NOW - dt.timedelta(seconds=seconds)) if is_fresh else None)


def test_both_kinds_count_and_the_latest_is_told(owner, passkey, app):
    found = asked(request_of(owner, used(app, 5), used(passkey, 100), used(app, 200)))
    assert found == Factor("totp", NOW - dt.timedelta(seconds=5))


def test_an_old_one_does_not_hide_a_fresh_one(owner, passkey, app):
    assert asked(request_of(owner, used(app, 20), used(passkey, 4_000), used(app, -50))).method == "totp"


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "password"},
        {"method": "socialaccount"},
        {"method": None},
        {"type": "recovery_codes"},
        {"type": "sms"},
        {"type": ["webauthn"]},
        {"type": None},
        {"at": None},
        {"at": "just now"},
        {"at": True},
        {"at": float("nan")},
        {"at": float("inf")},
        {"at": 1e300},
        {"at": -1e300},
        {"id": None},
        {"id": 987_654},
        {"id": {}},
    ],
    ids=str,
)
def test_whatever_is_not_known_for_sure_counts_as_none(owner, passkey, changes):
    assert asked(request_of(owner, used(passkey, **changes))) is None


@pytest.mark.parametrize("records", ["text", None, {"method": "mfa"}, 7])
def test_records_of_another_shape_count_as_none(owner, passkey, records):
    request = request_of(owner)
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = records
    assert asked(request) is None
    assert asked(request_of(owner, "text", None, ["mfa"])) is None


@pytest.mark.parametrize("missing", ["method", "type", "id", "at"])
def test_a_record_that_lacks_something_counts_as_none(owner, passkey, missing):
    record = used(passkey)
    del record[missing]
    assert asked(request_of(owner, record)) is None


def test_a_password_alone_and_a_session_without_records_prove_nothing(owner, passkey):
    assert asked(request_of(owner)) is None
    assert asked(request_of(owner, {"method": "password", "at": ago(1), "username": "owner"})) is None
    assert asked(SimpleNamespace(user=owner, session={})) is None


def test_somebody_elses_proof_counts_for_nobody_else(owner, deputy, passkey):
    assert asked(request_of(deputy, used(passkey), of=owner)) is None  # their session, the owner's records
    assert asked(request_of(deputy, used(passkey))) is None  # records that name another's factor


def test_a_factor_that_was_removed_proves_nothing(owner, passkey, app):
    request = request_of(owner, used(passkey))
    assert asked(request)
    passkey.delete()
    assert asked(request) is None


def test_a_factor_is_not_taken_for_one_of_another_kind(owner, app):
    assert asked(request_of(owner, used(app, type="webauthn"))) is None


def test_whoever_is_nobody_switched_off_or_a_machine_has_proved_nothing(owner, passkey):
    request = request_of(owner, used(passkey))
    owner.is_active = False
    assert asked(request) is None and not stepup.has_factor(owner)
    owner.is_active, owner.kind = True, UserKind.MACHINE
    assert asked(request) is None and not stepup.has_factor(owner)
    request.user = AnonymousUser()
    assert asked(request) is None and not stepup.has_factor(request.user)


def test_recovery_codes_alone_are_no_factor(owner):
    Authenticator.objects.create(user=owner, type="recovery_codes", data={"seed": "sealed", "used_mask": 0})
    assert not stepup.has_factor(owner)


# ---- one's own factors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "is_recent"), [(1, True), (600, True), (601, False), (-1, False)])
def test_a_password_is_enough_for_the_first_factor_while_it_is_recent(owner, seconds, is_recent):
    request = request_of(owner, {"method": "password", "at": ago(seconds)})
    assert stepup.recently_signed_in(request, now=NOW) is is_recent


def test_who_has_a_factor_must_have_proved_one_and_a_recovery_code_will_do(owner, passkey):
    assert not stepup.recently_signed_in(request_of(owner, {"method": "password", "at": ago(1)}), now=NOW)
    assert stepup.recently_signed_in(request_of(owner, used(passkey, 500)), now=NOW)
    assert stepup.recently_signed_in(request_of(owner, used(passkey, 500, type="recovery_codes")), now=NOW)


# ---- the page -------------------------------------------------------------------------------------------------------


def test_the_page_is_told_where_it_leads():
    assert stepup.stepup_url("/approvals/7/decide?verdict=approve") == (
        "/me/confirm/?next=%2Fapprovals%2F7%2Fdecide%3Fverdict%3Dapprove"
    )


def test_what_it_is_for_is_said_by_whoever_registered_it(monkeypatch):
    monkeypatch.setattr(stepup, "_purposes", {})
    stepup.register_purpose("catalog:services", "Looking at services")
    assert stepup.purpose_of("/services/?q=x") == "Looking at services"
    assert stepup.purpose_of("/evidence/") == stepup.purpose_of("/nowhere/at/all") == ""
