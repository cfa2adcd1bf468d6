"""Import of Backstage files: real ones, a small estate, and what becomes of it the second time."""

from pathlib import Path

import pytest

from audit import ledger
from audit.models import Entry
from catalog import services
from catalog.graph import blast_radius
from catalog.models import Dependency, Membership, Service, Team, User
from catalog.permissions import Right, holds
from catalog.states import DependencyKind, Origin, Outcome, Role, ServiceKind
from tests.race import at_once

pytestmark = pytest.mark.django_db
BANK = Path(__file__).parents[1] / "data" / "catalog" / "bank.yaml"
COMPONENT = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: %s}
spec: {type: service, owner: %s%s}
"""


def component(name: str, owner: str = "payments", more: str = "") -> str:
    return COMPONENT % (name, owner, f", {more}" if more else "")


def bring_in(*texts: str | bytes | Path, actor=ledger.SYSTEM, **options):
    files = []
    for number, text in enumerate(texts, start=1):
        if isinstance(text, Path):
            files.append((text.name, text.read_bytes()))
        else:
            files.append((f"file-{number}.yaml", text.encode() if isinstance(text, str) else text))
    return services.import_files(files, actor, **options)


def outcomes(report) -> dict[str, Outcome]:
    return {line.what: line.outcome for line in report.lines}


def edges() -> set[str]:
    return {str(edge) for edge in Dependency.objects.all()}


def state() -> list[object]:
    """Everything an import may touch, but for when an edge was last seen."""
    return [
        list(Service.objects.order_by("pk").values()),
        list(Dependency.objects.order_by("pk").values_list("consumer", "provider", "kind", "origin", "origin_ref")),
        list(Team.objects.order_by("pk").values()),
        list(User.objects.order_by("pk").values()),
        list(Membership.objects.order_by("pk").values()),
        Entry.objects.count(),
    ]


def test_the_real_files_of_backstage_are_taken(shared_data):
    report = bring_in(*sorted((shared_data / "catalog" / "backstage").rglob("*.yaml")))
    assert report.refused == []
    kinds = dict(Service.objects.values_list("slug", "kind"))
    assert kinds == {
        "artist-lookup": ServiceKind.API,
        "artists-db": ServiceKind.DATABASE,
        "artist-engagement-portal": ServiceKind.SYSTEM,
        "www-artist": ServiceKind.WEBSITE,
        "backstage-demo": ServiceKind.WEBSITE,
        "demo-graphql": ServiceKind.API,
    }
    assert edges() == {
        "artist-lookup reads artists-db",
        "www-artist calls artist-lookup",  # consumesApis that names a component
        "backstage-demo calls demo-graphql",
        "artist-engagement-portal has part artist-lookup",
        "artist-engagement-portal has part artists-db",
        "artist-engagement-portal has part www-artist",
    }
    assert set(Team.objects.values_list("slug", flat=True)) == {"team-a", "backstage-maintainers"}
    hurt = [affected.service.slug for affected in blast_radius(Service.objects.get(slug="artists-db"))]
    assert hurt == ["artist-engagement-portal", "artist-lookup", "www-artist"]


def test_a_small_estate_is_taken_whole():
    report = bring_in(BANK)
    assert report.refused == []
    authoriser = Service.objects.get(slug="authoriser")
    assert (authoriser.name, authoriser.team.slug, authoriser.owner.name) == ("Card authoriser", "cards", "Nora Lind")
    assert authoriser.origin == Origin.BACKSTAGE and authoriser.origin_ref == "component:default/authoriser"
    assert edges() == {
        "authoriser reads cards-db",
        "authoriser calls fraud-score",
        "authoriser has part fraud-score",
        "authorisation runs on authoriser",
        "card-payments has part authoriser",
        "stores-terminal-gateway calls authorisation",
        "authoriser calls cards-db",
    }
    assert Entry.objects.filter(kind="service.imported", stream__uid="catalog").count() == 6
    assert Entry.objects.filter(kind="dependency.added").count() == 7


def test_importing_twice_changes_nothing():
    bring_in(BANK)
    before, seen = state(), set(Dependency.objects.values_list("last_seen", flat=True))
    report = bring_in(BANK)
    assert {line.outcome for line in report.lines} == {Outcome.UNCHANGED}
    assert state() == before
    assert min(Dependency.objects.values_list("last_seen", flat=True)) >= max(seen)


def test_a_file_gives_nobody_a_right():
    bring_in(BANK)
    nora = User.objects.get(username="nora.lind")
    assert not nora.has_usable_password()
    assert not any(holds(nora, right, Team.objects.all()) for right in Right)


def test_what_changed_is_named_and_recorded(payments_team):
    bring_in(component("orders"))
    report = bring_in(
        component("orders").replace("{name: orders}", "{name: orders, title: Order desk, description: x}")
    )
    [line] = report.lines
    assert (line.outcome, line.why) == (Outcome.CHANGED, "changed: name, description")
    assert Service.objects.get().name == "Order desk"
    assert Entry.objects.filter(kind="service.changed").count() == 1


def test_a_dependency_that_the_file_no_longer_names_is_removed_but_never_a_persons(payments_team, make_service):
    by_hand = make_service("ledger-host")
    bring_in(component("orders", more="dependsOn: [component:stock, component:ledger-host]"), component("stock"))
    orders = Service.objects.get(slug="orders")
    Dependency.objects.filter(provider=by_hand).update(origin=Origin.PERSON, origin_ref="")
    report = bring_in(component("orders"))
    assert edges() == {"orders calls ledger-host"}
    assert outcomes(report)["dependency orders calls stock"] == Outcome.REMOVED
    assert Entry.objects.filter(kind="dependency.removed").count() == 1
    assert orders.needs.count() == 1


def test_people_keep_what_a_file_does_not_say(payments_team, owner, deputy):
    bring_in(component("orders"))
    Service.objects.update(owner=owner, deputy=deputy, tier=1)
    report = bring_in(component("orders"))
    service = Service.objects.get()
    assert (service.owner, service.deputy, service.tier) == (owner, deputy, 1)
    assert report.counts["unchanged"] == 1


def test_a_service_entered_by_a_person_is_adopted_under_the_same_name(make_service):
    by_hand = make_service("orders", name="orders")
    report = bring_in(component("orders"))
    by_hand.refresh_from_db()
    assert by_hand.origin_ref == "component:default/orders"
    assert outcomes(report) == {"service orders": Outcome.CHANGED}


def test_a_component_and_an_api_of_one_name_are_two_services(payments_team):
    api = component("orders").replace("kind: Component", "kind: API")
    bring_in(api, component("orders"))
    assert set(Service.objects.values_list("slug", "origin_ref")) == {
        ("orders", "component:default/orders"),
        ("orders-api", "api:default/orders"),
    }


def test_an_owner_who_is_a_user_brings_their_team(payments_team, commander, make_user):
    make_user("homeless")
    report = bring_in(component("a", "user:commander"), component("b", "commander"), component("c", "user:homeless"))
    assert {s.slug: (s.owner, s.team) for s in Service.objects.all()} == {
        "a": (commander, payments_team),
        "b": (commander, payments_team),
    }
    [refused] = report.refused
    assert refused.what == "service c" and "is in no team" in refused.why


def test_an_unknown_user_as_owner_is_refused_and_an_unknown_group_becomes_a_team(db):
    report = bring_in(component("a", "user:nobody"), component("b", "group:new-crew"))
    assert [line.why for line in report.refused] == ["its owner user:nobody is neither in these files nor in Muster"]
    assert Team.objects.get().slug == "new-crew"


def test_a_reference_to_nothing_is_refused_and_the_service_taken(payments_team):
    report = bring_in(component("orders", more="dependsOn: [component:ghost, component:orders]"))
    assert [(line.outcome, line.why) for line in report.lines] == [
        (Outcome.TAKEN, ""),
        (Outcome.REFUSED, "component:ghost is neither in these files nor in Muster"),
        (Outcome.REFUSED, "component:orders is the service itself"),
    ]
    assert not Dependency.objects.exists()


def test_an_entity_that_stands_twice_counts_once(payments_team):
    report = bring_in(component("orders"), component("Orders"))
    assert Service.objects.count() == 1
    assert [line.why for line in report.refused] == ["it stands in file-1.yaml, document 1, line 4 already"]


def test_somebody_changes_only_what_their_teams_own(payments_team, make_team, make_user, stranger):
    theirs = bring_in(component("orders"), actor=ledger.SYSTEM)
    assert theirs.counts["taken"] == 1
    report = bring_in(
        component("orders", "elsewhere"), component("mine", "elsewhere"), component("fresh", "new-crew"),
        actor=stranger, may=lambda team: holds(stranger, Right.ADMINISTER, [team]),
    )  # fmt: skip
    assert outcomes(report) == {
        "service orders": Outcome.REFUSED,
        "service mine": Outcome.TAKEN,
        "service fresh": Outcome.TAKEN,
    }
    assert Service.objects.get(slug="orders").team == payments_team
    assert holds(stranger, Right.ADMINISTER, [Team.objects.get(slug="new-crew")])
    assert stranger.memberships.filter(team__slug="new-crew").values_list("role", flat=True)[0] == Role.ADMINISTRATOR


def test_a_group_is_changed_only_by_its_administrators(payments_team, stranger):
    group = COMPONENT.replace("Component", "Group").replace("%s}", "payments, title: Hijacked}", 1) % ("payments", "")
    report = bring_in(group, actor=stranger, may=lambda team: holds(stranger, Right.ADMINISTER, [team]))
    assert outcomes(report) == {"team payments": Outcome.REFUSED}
    payments_team.refresh_from_db()
    assert payments_team.name == "Payments"
    assert outcomes(bring_in(group)) == {"team payments": Outcome.CHANGED}


def test_a_fault_in_the_middle_leaves_nothing_half_written(payments_team, monkeypatch):
    before = state()

    def no_edges(*_args, **_kwargs):
        raise RuntimeError("power cut")

    monkeypatch.setattr("catalog.services.imports.relate", no_edges)
    with pytest.raises(RuntimeError):
        bring_in(BANK)
    assert state() == before


def test_kinds_of_dependency(payments_team):
    bring_in(BANK)
    found = set(Dependency.objects.values_list("kind", flat=True))
    assert found == {DependencyKind.CALLS, DependencyKind.READS, DependencyKind.HAS_PART, DependencyKind.RUNS_ON}


def test_a_recovery_time_is_taken_changed_and_kept_where_the_file_says_nothing(payments_team):
    text = component("ledger").replace(
        "{name: ledger}", '{name: ledger, annotations: {muster.dev/recovery-time: "4h"}}'
    )
    bring_in(text)
    assert Service.objects.get(slug="ledger").recovery_time_s == 4 * 3_600
    bring_in(text.replace("4h", "30m"))
    bring_in(component("ledger"))
    assert Service.objects.get(slug="ledger").recovery_time_s == 30 * 60
    report = bring_in(text.replace("4h", "soon"))
    assert "expected such as 30m" in str(report)


def test_a_new_owner_is_a_change_that_is_recorded_by_id_alone(payments_team, commander, responder):
    bring_in(component("orders", "user:commander"))
    report = bring_in(component("orders", "user:responder"))
    assert [line.why for line in report.lines] == ["changed: owner"]
    assert Service.objects.get().owner == responder
    entry = Entry.objects.get(kind="service.changed")
    kept = b"".join(bytes(each) for each in entry.disclosures.values_list("payload", flat=True))
    assert responder.actor_id.encode() in kept and b"Jonas" not in kept


def test_a_file_without_entities_touches_nothing(db):
    report = bring_in("# nothing\n", "a: 1\n")
    assert report.sentence() == "1 refused."
    assert bring_in("").sentence() == "The files hold nothing."
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_are_one_after_the_other():
    reports = at_once(*[lambda: bring_in(BANK)] * 2)
    assert sorted(report.counts["taken"] for report in reports) == [0, 15]
    assert sorted(report.counts["unchanged"] for report in reports) == [0, 15]
    assert Service.objects.count() == 6
