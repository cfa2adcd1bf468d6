"""What a role gives in this release, teams from before have after the migration: once, and on record."""

import pytest
from guardian.models import GroupObjectPermission

from audit.selectors import entries
from catalog.models import Team, User
from catalog.permissions import Right, holds
from catalog.services.teams import ACCESS, give_rights

pytestmark = pytest.mark.django_db
NEW = [Right.BREAK_GLASS, Right.REVIEW, Right.RULE]


def given() -> list[object]:
    return [entry.fields["rights"] for entry in entries(ACCESS) if entry.kind == "team.rights_given"]


def test_a_team_from_before_gets_what_its_roles_give_now(payments_team: Team, commander: User, responder: User) -> None:
    GroupObjectPermission.objects.filter(permission__codename__in=[right.value for right in NEW]).delete()
    assert not holds(commander, Right.BREAK_GLASS, [payments_team])
    give_rights()
    assert holds(commander, Right.BREAK_GLASS, [payments_team])
    assert not holds(responder, Right.BREAK_GLASS, [payments_team])
    give_rights()
    assert given() == [[right.value for right in NEW]], "once"


def test_a_team_of_this_release_lacks_nothing(payments_team: Team) -> None:
    give_rights()
    assert given() == []
