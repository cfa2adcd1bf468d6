"""Who may see the catalog's own histories: the catalog's and that of access."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from audit import ledger
from audit.permissions import labels, stream_for, visible_streams
from catalog import services
from plumbing.database import atomic

pytestmark = pytest.mark.django_db
# who: (sees `catalog`, exports it, sees `access`, exports it)
MAY = {
    "viewer": (False, False, False, False),
    "responder": (False, False, False, False),
    "commander": (True, True, False, False),
    "author": (False, False, False, False),
    "owner": (False, False, False, False),
    "compliance": (True, True, True, True),
    "admin_user": (False, False, True, False),
    "superuser": (True, True, True, True),
}


@pytest.fixture(autouse=True)
def histories(store):
    """Both streams have come into being."""
    services.make_probe(store, "healthz", "http://192.0.2.1/")
    assert {"catalog", "access"} <= set(ledger.Stream.objects.values_list("uid", flat=True))


def tries(user, uid, may):
    try:
        return stream_for(user, uid, may=may).uid == uid
    except (Http404, PermissionDenied):
        return False


@pytest.mark.parametrize("who", list(MAY))
def test_histories_of_the_house_are_for_those_who_keep_the_proof(who, request):
    user = request.getfixturevalue(who)
    found = tuple(tries(user, uid, may) for uid in ("catalog", "access") for may in ("view", "export"))
    assert found == MAY[who]


def test_somebody_without_a_team_sees_neither(make_user):
    assert not visible_streams(make_user()).exists()


def test_the_histories_have_names():
    assert {uid: label.title for uid, label in labels(["catalog", "access"]).items()} == {
        "catalog": "Catalog",
        "access": "Access",
    }


def test_nothing_is_recorded_when_the_change_fails(payments_team, viewer, monkeypatch):
    """A role that could not be recorded is not given, and the other way round."""

    def full(*_args, **_kwargs):
        raise OSError("disk full")

    monkeypatch.setattr("catalog.services.teams.ledger.record", full)
    before = viewer.memberships.count()
    with pytest.raises(OSError, match="disk full"), atomic():
        services.join(payments_team, viewer, "approver", ledger.SYSTEM)
    assert (viewer.memberships.count(), viewer.groups.count()) == (before, before)
