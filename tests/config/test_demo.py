"""The demo organisation: whole, loaded once, quick the second time, and never in production."""

import time

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from audit.models import Entry, LegalEntity
from audit.regimes.entities import Said
from audit.regimes.entities import change as change_entity
from catalog.graph import blast_radius, deepest
from catalog.health import health_of
from catalog.models import Membership, Probe, Service, User
from catalog.permissions import Right, holds
from catalog.states import Health, Role
from config import demo, demo_intake
from config.demo import people
from incidents.services import declare
from incidents.states import Severity
from plumbing import clock
from runbooks.models import Runbook

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def token_file(tmp_path, monkeypatch):
    file = tmp_path / "demo-intake-token"
    monkeypatch.setattr(demo_intake, "TOKEN_FILE", file)
    return file


@pytest.fixture
def report():
    return demo.load(clock.now())


def test_every_role_is_played_and_everybody_can_sign_in(report, client):
    assert set(Membership.objects.values_list("role", flat=True)) == set(Role.values)
    assert len(report.sign_ins) == len(people.PEOPLE) >= 8
    assert client.login(username="lena", password=demo.PASSWORD)
    assert not User.objects.filter(is_superuser=True).exists()


def test_the_store_is_answered_for_by_lena_and_piotr_who_may_approve(report):
    store = report.services["store"]
    assert (store.owner.name, store.deputy.name) == ("Lena Vogt", "Piotr Nowak")
    for service in report.services.values():
        for person in (service.owner, service.deputy):
            assert holds(person, Right.VIEW, [service.team]), f"{person} answers for {service} and can't see it"
        assert holds(service.owner, Right.APPROVE, [service.team]), f"{service.owner} can't approve for {service}"


def test_the_commander_commands_where_the_services_of_the_drill_are(report):
    amara = report.users["amara"]
    for slug in ("edge", "api", "store"):
        assert holds(amara, Right.COMMAND, [report.services[slug].team])
    assert not holds(amara, Right.APPROVE, [report.services["store"].team])


def test_the_drill_stands_in_the_graph_and_rests(report):
    edge, api, store = (report.services[slug] for slug in ("edge", "api", "store"))
    assert [hurt.service.slug for hurt in blast_radius(store)] == ["api", "edge", "online-banking"]
    assert deepest([edge, api, store]) == [store]
    assert set(Probe.objects.values_list("health", flat=True)) == {Health.PAUSED}
    assert health_of(Service.objects.all()).red == 0


def test_the_second_load_changes_nothing_and_is_quick(report):
    entries, members = Entry.objects.count(), Membership.objects.count()
    begun = time.monotonic()
    again = demo.load(clock.now())
    assert time.monotonic() - begun < 1
    assert (again.made, Entry.objects.count(), Membership.objects.count()) == (0, entries, members)


def test_what_somebody_changed_stays(report):
    Membership.objects.filter(user__username="emil").delete()
    Service.objects.filter(slug="api").update(name="Renamed", owner=report.users["mina"])
    demo.load(clock.now())
    assert not Membership.objects.filter(user__username="emil").exists()
    assert Service.objects.get(slug="api").name == "Renamed"


def test_ines_finds_a_worksheet_to_classify(report, client):
    said = {"severity": Severity.SEV1, "services": [report.services["store"]], "description": ""}
    incident = declare(title="Store is down", declarer=report.users["amara"], **said)
    client.force_login(report.users["ines"])
    bank = LegalEntity.objects.get()
    sheet = reverse("regulation:classify", args=[incident.stream, bank.uid, "dora_classification"])
    about = client.get(reverse("regulation:about", args=[incident.stream])).content.decode()
    assert "Musterbank AG" in about
    assert f'href="{sheet}"' in about
    assert client.get(sheet).status_code == 200
    assert client.post(sheet, {"seen": -1, "media_coverage": "yes"}).status_code == 302, "she may state facts"
    assert (
        "DORA major ICT-related incident report"
        in client.get(reverse("regulation:entity", args=[bank.uid])).content.decode()
    )


def test_a_bank_that_was_renamed_is_not_made_anew(report):
    bank = LegalEntity.objects.get()
    said = Said(name="Our Bank", country="DE")
    change_entity(bank.uid, said, seen=bank.version, actor=report.users["ines"], now=clock.now())
    demo.load(clock.now())
    assert list(LegalEntity.objects.values_list("name", flat=True)) == ["Our Bank"]


def test_the_token_of_the_drill_is_for_us_alone(report, token_file):
    assert token_file.stat().st_mode & 0o077 == 0
    assert token_file.read_text().startswith("muster_")


def test_the_command_prints_the_sign_ins(capsys):
    call_command("load_demo")
    said = capsys.readouterr().out
    assert demo.PASSWORD in said and "Lena Vogt, head of data platform" in said


def test_the_demo_is_not_loaded_in_production(settings):
    settings.MODE = "production"
    with pytest.raises(CommandError, match="MUSTER_MODE=production"):
        call_command("load_demo")
    assert not User.objects.exists()


def test_the_pages_of_all_its_runbooks_open(report, client):
    client.force_login(report.users["tom"])
    slugs = list(Runbook.objects.values_list("slug", flat=True))
    assert len(slugs) >= 4
    for slug in slugs:
        answer = client.get(f"/runbooks/{slug}/")
        assert answer.status_code == 200, slug
        assert "svg" in answer.content.decode(), slug
