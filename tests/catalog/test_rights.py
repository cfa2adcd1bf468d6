"""Roles give object permissions on teams; one gate asks for them."""

import itertools

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from audit import ledger
from audit.models import Entry
from catalog import services
from catalog.errors import NotAMember
from catalog.models import Membership, Team
from catalog.permissions import SUPERUSER_RIGHTS, holds, service_for, services_where, team_for, teams_where
from catalog.states import ROLE_RIGHTS, Right, Role

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", list(Role))
def test_a_role_gives_exactly_its_rights_in_its_team(role, make_user, payments_team, make_team):
    user, elsewhere = make_user(team=payments_team, roles=[role]), make_team("elsewhere")
    assert {right for right in Right if holds(user, right, [payments_team])} == ROLE_RIGHTS[role]
    assert not any(holds(user, right, [elsewhere]) for right in Right)
    assert not any(holds(user, right, []) for right in Right)


def test_a_right_in_any_of_the_teams_is_enough(make_user, payments_team, make_team):
    user, elsewhere = make_user(team=payments_team, roles=[Role.VIEWER]), make_team("elsewhere")
    assert holds(user, Right.VIEW, [elsewhere, payments_team])
    assert holds(user, Right.VIEW, Team.objects.all())
    assert not holds(user, Right.VIEW, Team.objects.filter(slug="elsewhere"))


def test_two_roles_add_up(make_user, payments_team):
    user = make_user(team=payments_team, roles=[Role.AUTHOR, Role.APPROVER])
    both = ROLE_RIGHTS[Role.AUTHOR] | ROLE_RIGHTS[Role.APPROVER]
    assert {right for right in Right if holds(user, right, [payments_team])} == both


@pytest.mark.parametrize("right", list(Right))
def test_a_superuser_keeps_house_and_decides_nothing(right, superuser, payments_team):
    assert holds(superuser, right, [payments_team]) == (right in SUPERUSER_RIGHTS)
    assert holds(superuser, right, []) == (right in SUPERUSER_RIGHTS)
    assert teams_where(superuser, right).exists() == (right in SUPERUSER_RIGHTS)


def test_a_superuser_never_approves_by_being_superuser(superuser, payments_team):
    assert not holds(superuser, Right.APPROVE, [payments_team])
    services.join(payments_team, superuser, Role.APPROVER, ledger.SYSTEM)
    assert holds(superuser, Right.APPROVE, [payments_team])


def test_nobody_and_the_switched_off_hold_nothing(commander, superuser, payments_team):
    for user in (commander, superuser):
        user.is_active = False
        user.save()
    for user, right in itertools.product((AnonymousUser(), commander, superuser), Right):
        assert not holds(user, right, [payments_team])


def test_joining_twice_is_one_membership_and_one_entry(make_user, payments_team, admin_user):
    user, before = make_user(), Entry.objects.filter(kind="member.joined").count()
    services.join(payments_team, user, Role.VIEWER, admin_user)
    services.join(payments_team, user, Role.VIEWER, admin_user)
    assert user.memberships.count() == user.groups.count() == 1
    entry = Entry.objects.filter(kind="member.joined").order_by("-seq").first()
    assert Entry.objects.filter(kind="member.joined").count() == before + 1
    assert entry.actor == admin_user.actor_id


def test_leaving_takes_the_rights_of_that_role_alone(make_user, payments_team, admin_user):
    user = make_user(team=payments_team, roles=[Role.VIEWER, Role.APPROVER])
    services.leave(payments_team, user, Role.APPROVER, admin_user)
    assert not holds(user, Right.APPROVE, [payments_team])
    assert holds(user, Right.VIEW, [payments_team])
    assert Entry.objects.get(kind="member.left").actor == admin_user.actor_id


def test_leaving_a_role_one_does_not_have_is_refused(viewer, payments_team, admin_user):
    with pytest.raises(NotAMember, match="Rafa Ortega is no approver in Payments"):
        services.leave(payments_team, viewer, Role.APPROVER, admin_user)
    assert Membership.objects.filter(user=viewer).count() == 1
    assert not Entry.objects.filter(kind="member.left").exists()


def test_a_role_nobody_knows_is_refused(make_user, payments_team):
    with pytest.raises(ValueError, match="emperor"):
        services.join(payments_team, make_user(), "emperor", ledger.SYSTEM)


def test_the_gate_answers_strangers_404_and_others_by_right(store, viewer, stranger, admin_user):
    assert service_for(viewer, "store") == store
    assert service_for(admin_user, "store", may=Right.ADMINISTER) == store
    for user in (stranger, AnonymousUser()):
        with pytest.raises(Http404):
            service_for(user, "store")
    with pytest.raises(Http404):
        service_for(viewer, "no-such-service")
    with pytest.raises(PermissionDenied, match="manage members"):
        service_for(viewer, "store", may=Right.ADMINISTER)


def test_the_gate_of_teams(payments_team, viewer, stranger):
    assert team_for(viewer, "payments") == payments_team
    with pytest.raises(Http404):
        team_for(stranger, "payments")
    with pytest.raises(PermissionDenied):
        team_for(viewer, "payments", may=Right.ADMINISTER)


def test_lists_are_filtered_in_one_query(store, api, viewer, stranger, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert {service.slug for service in services_where(viewer, Right.VIEW)} == {"store", "api"}
    assert not services_where(stranger, Right.VIEW).exists()
