"""manage.py import_catalog and probes; services and edges as people enter them."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.models import Entry
from catalog import services
from catalog.errors import ServiceNotMade
from catalog.models import Dependency, Service
from catalog.states import DependencyKind, Health

pytestmark = pytest.mark.django_db
BANK = Path(__file__).parents[1] / "data" / "catalog" / "bank.yaml"


def test_import_prints_what_became_of_every_statement(capsys):
    call_command("import_catalog", str(BANK))
    said = capsys.readouterr().out
    assert "Taken     service authoriser  [bank.yaml, document 4, line" in said
    call_command("import_catalog", str(BANK))
    assert "unchanged." in capsys.readouterr().out
    call_command("import_catalog", str(BANK), "--all")
    assert "Unchanged service authoriser" in capsys.readouterr().out


def test_import_of_a_file_that_is_not_there_takes_nothing(tmp_path):
    with pytest.raises(CommandError, match=r"absent.yaml can't be read: No such file"):
        call_command("import_catalog", str(BANK), str(tmp_path / "absent.yaml"))
    assert not Service.objects.exists()


def test_import_with_refusals_ends_with_an_error(tmp_path, capsys):
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [")
    with pytest.raises(CommandError, match="1 refused; the rest was imported"):
        call_command("import_catalog", str(BANK), str(bad))
    assert "Refused   file: it isn't YAML" in capsys.readouterr().out
    assert Service.objects.filter(slug="authoriser").exists()


def test_probes_are_switched_by_service(store, api, capsys):
    probe = services.make_probe(store, "healthz", "http://192.0.2.1/", paused=True)
    call_command("probes", "resume", "store", "api")
    assert capsys.readouterr().out == "store: 1 probe resumed\napi: 0 probes resumed\n"
    probe.refresh_from_db()
    assert probe.health == Health.UNKNOWN
    with pytest.raises(CommandError, match="no service 'ghost'"):
        call_command("probes", "pause", "store", "ghost")
    probe.refresh_from_db()
    assert probe.health == Health.UNKNOWN


def test_a_service_is_entered_once(payments_team, owner):
    made = services.make_service("orders", "Orders", payments_team, owner=owner, actor=owner)
    assert Entry.objects.get(kind="service.made").actor == owner.actor_id
    with pytest.raises(ServiceNotMade, match="'orders' is taken"):
        services.make_service("orders", "Other", payments_team)
    with pytest.raises(ValidationError):
        services.make_service("no slug", "x", payments_team)
    with pytest.raises(ValidationError):
        services.make_service("tierless", "x", payments_team, tier=9)
    assert list(Service.objects.all()) == [made]


def test_an_edge_is_entered_once_and_never_to_itself(store, api):
    Dependency.objects.all().delete()
    first = services.connect(api, store, DependencyKind.READS)
    assert services.connect(api, store, DependencyKind.READS) == first
    assert Entry.objects.filter(kind="dependency.added").count() == 1
    with pytest.raises(ServiceNotMade, match="'api' can't depend on itself"):
        services.connect(api, api)
    assert str(first) == "api reads store"
