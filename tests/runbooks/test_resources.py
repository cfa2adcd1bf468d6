"""Resources: entered and changed on record; who waited may go on."""

import pytest

from audit.selectors import entries
from catalog.models import Team, User
from plumbing import doorbell
from runbooks.errors import ReasonNeeded, ResourceNotMade
from runbooks.services.resources import change_resource, make_resource
from tests.runbooks.test_locks import MakeRun, take
from tests.runbooks.test_locks import make_run as make_run

pytestmark = pytest.mark.django_db


def test_a_resource_is_made_once_and_on_record(payments_team: Team, admin_user: User) -> None:
    make_resource("db-cluster-a", 2, payments_team, actor=admin_user)
    (made,) = [entry for entry in entries("catalog") if entry.kind == "resource.made"]
    assert (made.fields["resource"], made.fields["capacity"]) == ("db-cluster-a", 2)
    with pytest.raises(ResourceNotMade, match="already"):
        make_resource("db-cluster-a", 3, payments_team, actor=admin_user)


@pytest.mark.parametrize(("slug", "capacity"), [("With Space", 1), ("", 1), ("a" * 61, 1), ("a", 0), ("a", 1_001)])
def test_what_makes_no_sense_is_refused(slug: str, capacity: int, payments_team: Team, admin_user: User) -> None:
    with pytest.raises(ResourceNotMade):
        make_resource(slug, capacity, payments_team, actor=admin_user)


def test_more_capacity_lets_the_next_go_on(
    make_run: MakeRun, payments_team: Team, admin_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_resource("cluster", 1, payments_team, actor=admin_user)
    runs = [make_run(resources="cluster") for _ in range(3)]
    assert [take(run) for run in runs] == [True, False, False]
    rung: list[str] = []
    monkeypatch.setattr(doorbell, "ring", lambda kind, subject: rung.append(subject))
    with pytest.raises(ReasonNeeded):
        change_resource("cluster", 2, actor=admin_user, reason=" ")
    change_resource("cluster", 2, actor=admin_user, reason="A second node was added.")
    assert rung == [runs[1].uid]
    (changed,) = [entry for entry in entries("catalog") if entry.kind == "resource.changed"]
    assert (changed.fields["was"], changed.fields["now"]) == (1, 2)
