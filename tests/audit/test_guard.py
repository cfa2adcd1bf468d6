# ruff: noqa: S608  (table names come from our own list)
"""The database itself refuses whatever would change the past; and Muster notices when it no longer would."""

import io
import uuid
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.core.checks import Error, Warning
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.db.migrations import Migration
from django.db.models import ProtectedError

from audit import guards
from audit.apps import install_guards, lift_guards
from audit.checks import ledger_is_guarded
from audit.errors import Unguarded
from audit.guards import postgresql, sqlite
from audit.guards.rules import TABLES
from audit.merkle import leaf_hash
from audit.models import (
    Anchor,
    Checkpoint,
    Cosignature,
    Disclosure,
    Entry,
    Erasure,
    Head,
    LedgerEpoch,
    LedgerKey,
    LedgerKeyRetirement,
    Pack,
    PackPart,
    Stream,
    Timestamp,
)
from tests.plugins.ledger_flush import drop_guards

APPEND_ONLY = "append-only|moves forward|starts empty|follows|only after its erasure"


def refused(sql: str, params: list | None = None, because: str = APPEND_ONLY) -> None:
    with pytest.raises(DatabaseError, match=because), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.fixture
def full(make_stream):
    """A row in every table of the ledger."""
    stream = make_stream(count=3)
    checkpoint = Checkpoint.objects.create(size=1, root=bytes(32), note=b"note", key_id="00000000")
    Head.objects.create(idx=0, stream=stream, size=3, root=bytes(32), body=b"{}", leaf=leaf_hash(b"{}"))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    Timestamp.objects.create(checkpoint=checkpoint, gen_time=now, response=b"tsr")
    Cosignature.objects.create(checkpoint=checkpoint, witness="witness.example", line="line")
    Anchor.objects.create(checkpoint=checkpoint, place="file", reference="0", time=now)
    key = LedgerKey.objects.create(public=bytes(32), since=0, added=now)
    LedgerKeyRetirement.objects.create(key=key, until=1, retired=now, entry=uuid.uuid4())
    lost = {"lost_size": 1, "lost_root": bytes(32), "opened": now, "entry": uuid.uuid4()}
    LedgerEpoch.objects.create(number=2, origin="log.example/2", since=1, **lost)
    pack = Pack.objects.create(
        uid=uuid.uuid4(), stream=stream, size=3, root=bytes(32), tagmanifest_sha256="0" * 64, zip_sha256="0" * 64
    )
    PackPart.objects.create(pack=pack, stream=stream, size=3, root=bytes(32))
    Erasure.objects.create(entry=stream.entries.get(seq=0), name="text", stream_seq=2)
    return stream


def of_the_ledger() -> list[type[models.Model]]:
    """Its models: what is called ledger_ is append-only; the room's other tables may change."""
    found = apps.get_app_config("audit").get_models()
    return [model for model in found if model._meta.db_table.startswith("ledger_")]


def test_every_table_of_the_ledger_has_guards():
    ours = {model._meta.db_table for model in of_the_ledger()}
    assert ours == set(TABLES)
    names = " ".join(postgresql.triggers("public"))
    for table in ours:
        assert f"{table}_no_truncate" in names
        assert f"{table}_no_replace" in sqlite.triggers()


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_updated_or_deleted(table, full):
    refused(f"UPDATE {table} SET id = id + 1000")
    refused(f"DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})")


@pytest.mark.django_db
def test_the_orm_is_refused_too(full):
    first = Entry.objects.get(seq=0)
    first.body = b"{}"
    for attempt in (first.save, Entry.objects.all().delete, Disclosure.objects.all().delete):
        with pytest.raises((DatabaseError, ProtectedError)), transaction.atomic():
            attempt()
    with pytest.raises(ProtectedError):
        full.delete()


def test_nothing_in_the_ledger_cascades():
    for model in of_the_ledger():
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey):
                assert field.remote_field.on_delete is models.PROTECT


@pytest.mark.django_db
def test_an_upsert_is_refused(full):
    refused(
        "INSERT INTO ledger_stream (id, uid, size, head) SELECT id, uid, 0, head FROM ledger_stream WHERE uid = 'inc_1'"
        " ON CONFLICT (uid) DO UPDATE SET size = 0",
    )


@pytest.mark.sqlite
@pytest.mark.django_db
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "INSERT OR IGNORE"])
@pytest.mark.parametrize("table", TABLES)
def test_a_replace_is_refused(table, verb, recursive, full):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers={recursive}")
    refused(f"{verb} INTO {table} SELECT * FROM {table} ORDER BY id DESC LIMIT 1")


@pytest.mark.sqlite
@pytest.mark.django_db
def test_a_replace_under_a_new_id_is_refused(full):
    columns = "uid, stream_id, seq, time, kind, actor, body, leaf"
    refused(
        f"REPLACE INTO ledger_entry (id, {columns}) SELECT id + 100, {columns} FROM ledger_entry WHERE seq = 2",
    )


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_a_truncate_is_refused(table, full):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_guards_hold_for_a_superuser_in_replica_mode(full):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    refused("DELETE FROM ledger_entry WHERE seq = 2")
    refused("UPDATE ledger_entry SET kind = 'x.y'")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = default")


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_leaf_that_is_not_the_hash_of_its_body_is_refused(full):
    refused(
        "INSERT INTO ledger_entry (uid, stream_id, seq, time, kind, actor, body, leaf)"
        " VALUES (%s, %s, 3, now(), 'a.b', 'usr_1', 'x', sha256('y'))",
        [uuid.uuid4(), full.pk],
        because="ledger_entry_leaf",
    )


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_table_of_the_same_name_in_the_temporary_schema_fools_nobody(full):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE ledger_erasure (entry_id bigint, name text)")
        cursor.execute("INSERT INTO pg_temp.ledger_erasure SELECT id, 'number' FROM public.ledger_entry")
    refused("DELETE FROM public.ledger_disclosure WHERE name = 'number'")


@pytest.mark.django_db
@pytest.mark.parametrize("seq", [0, 2, 4, 100])
def test_a_gap_or_a_second_entry_at_a_place_is_refused(seq, full):
    body = b"{}"
    with pytest.raises(DatabaseError), transaction.atomic():
        Entry.objects.create(
            uid=uuid.uuid4(),
            stream=full,
            seq=seq,
            time=full.time,
            kind="a.b",
            actor="usr_1",
            body=body,
            leaf=leaf_hash(body),
        )


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"size": 0}, {"size": 2}, {"size": 3}, {"size": 4}, {"head": bytes(32)}])
def test_a_stream_moves_only_forward_and_only_to_a_recorded_entry(change, full):
    with pytest.raises(DatabaseError, match="moves forward"), transaction.atomic():
        Stream.objects.filter(pk=full.pk).update(**change)


@pytest.mark.django_db
def test_a_stream_starts_empty():
    with pytest.raises(DatabaseError, match="starts empty"), transaction.atomic():
        Stream.objects.create(uid="inc_9", size=1)


@pytest.mark.django_db
def test_a_head_follows_the_last_one(full):
    with pytest.raises(DatabaseError, match="follows"), transaction.atomic():
        Head.objects.create(idx=2, stream=full, size=2, root=bytes(32), body=b"{}", leaf=leaf_hash(b"{}"))


@pytest.mark.django_db
def test_a_disclosure_goes_only_after_its_erasure_and_never_comes_back(full):
    text = Disclosure.objects.get(entry__seq=0, name="text")  # its erasure is recorded
    entry, payload = text.entry, bytes(text.payload)
    text.delete()
    with pytest.raises(DatabaseError, match="does not come back"), transaction.atomic():
        Disclosure.objects.create(entry=entry, name="text", payload=payload)
    with pytest.raises(DatabaseError, match="only after its erasure"), transaction.atomic():
        Disclosure.objects.get(entry__seq=0, name="number").delete()


@pytest.mark.django_db
def test_missing_guards_are_named_and_put_back():
    assert guards.problems(connection) == []
    guards.demand()
    with connection.cursor() as cursor:
        table = " ON ledger_entry" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER ledger_entry_no_delete{table}")
    assert guards.problems(connection) == ["trigger ledger_entry_no_delete is missing"]
    (message,) = ledger_is_guarded(databases=["default"])
    assert isinstance(message, Error)
    assert message.id == "audit.E001"
    with pytest.raises(Unguarded, match=r"ledger_entry_no_delete is missing.*guard_ledger"):
        guards.demand()
    out = io.StringIO()
    call_command("guard_ledger", stdout=out)
    assert out.getvalue().splitlines()[0] == "repaired: trigger ledger_entry_no_delete is missing"
    assert ledger_is_guarded(databases=["default"]) == []
    out.truncate(0)
    call_command("guard_ledger", stdout=out)
    assert "already" in out.getvalue()


@pytest.mark.django_db
def test_guards_that_are_weaker_than_written_are_noticed():
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER ledger_entry_no_delete")
            cursor.execute("CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry BEGIN SELECT 1; END")
            expected = ["trigger ledger_entry_no_delete is altered"]
        else:
            nothing = "returns trigger language plpgsql as $$begin return null; end$$"
            cursor.execute(f"CREATE OR REPLACE FUNCTION ledger_refuse() {nothing}")
            cursor.execute("ALTER TABLE ledger_entry ENABLE TRIGGER ledger_entry_no_update")
            cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_no_delete")
            cursor.execute("ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_leaf")
            cursor.execute("DROP TRIGGER ledger_head_no_update ON ledger_head")
            cursor.execute(
                "CREATE TRIGGER ledger_head_no_update AFTER UPDATE ON ledger_head"
                " FOR EACH ROW EXECUTE FUNCTION ledger_refuse()"
            )
            cursor.execute("ALTER TABLE ledger_head ENABLE ALWAYS TRIGGER ledger_head_no_update")
            expected = [
                "constraint ledger_entry_leaf is missing",
                "function ledger_refuse is missing or altered",
                "trigger ledger_entry_no_delete is not enabled always",
                "trigger ledger_entry_no_update is not enabled always",
                "trigger ledger_head_no_update is altered",
            ]
    assert sorted(guards.problems(connection)) == expected
    severities = {type(message) for message in ledger_is_guarded(databases=["default"])}
    assert Warning in severities
    install_guards(using="default")
    assert guards.problems(connection) == []


@pytest.mark.django_db(transaction=True)
def test_guards_stand_again_after_a_table_was_rebuilt():
    """What Django does on SQLite for AlterField: a new table, renamed; its triggers are gone."""
    lift_guards(using="default", plan=[(Migration("0002_wider_kind", "audit"), False)])
    with connection.schema_editor() as editor:
        old, new = Entry._meta.get_field("kind"), models.CharField(max_length=65)
        new.set_attributes_from_name("kind")
        new.model = Entry
        editor.alter_field(Entry, old, new)
        editor.alter_field(Entry, new, old)
    if connection.vendor == "sqlite":
        assert "trigger ledger_entry_no_update is missing" in guards.problems(connection)
    call_command("migrate", "audit", verbosity=0, skip_checks=True)
    assert guards.problems(connection) == []


@pytest.mark.django_db
def test_migrations_of_other_rooms_lift_nothing():
    lift_guards(using="default", plan=[(Migration("0002_more", "catalog"), False)])
    assert guards.problems(connection) == []


@pytest.mark.django_db
def test_where_there_is_no_ledger_yet_nothing_is_demanded(monkeypatch):
    monkeypatch.setattr(connection.introspection, "table_names", list)
    drop_guards()
    assert guards.problems(connection) == []
