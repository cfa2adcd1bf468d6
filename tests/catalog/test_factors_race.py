"""One code given at the same moment in several places counts once, on both databases."""

import pytest

from audit.models import Entry
from catalog import services
from catalog.errors import WrongFactor
from tests.factors import code_of, enrol_app
from tests.race import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sealing_key")]
ROUNDS, AT_ONCE = 8, 4


@pytest.fixture(autouse=True)
def no_memory(settings):
    """allauth remembers used codes in the cache of one process: as if each try came to another process."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


@pytest.mark.parametrize("kind", ["totp", "recovery_codes"])
def test_a_code_given_in_four_places_at_once_counts_once(make_user, kind):
    for _ in range(ROUNDS):
        person = make_user()
        secret = enrol_app(person)
        services.renew_recovery_codes(person)
        code = code_of(secret) if kind == "totp" else services.show_recovery_codes(person)[0]

        def give(person=person, code=code):
            return services.use_code(person, code, kinds=[kind], entry="session.confirmed", address="")

        outcomes = at_once(*[give] * AT_ONCE)
        assert [isinstance(each, WrongFactor) for each in outcomes].count(True) == AT_ONCE - 1, outcomes
    assert Entry.objects.filter(kind="session.confirmed").count() == ROUNDS
