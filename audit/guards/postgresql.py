"""Guards as PostgreSQL triggers, ENABLE ALWAYS: they hold even for a superuser with session_replication_role = replica.

Old rows are not looked at when a guard is put back (`not valid`): that is what audit.verify is for.
Functions name the schema of the ledger, so that a table of the same name in pg_temp can't stand in for it.
"""

from typing import Any

from audit.guards.rules import ERASABLE, LEAVES, MOVES_FORWARD, TABLES

REFUSE = """
begin
  raise exception 'the ledger is append-only (% on %)', lower(tg_op), tg_table_name
    using errcode = 'restrict_violation';
end
"""
STREAM_STARTS_EMPTY = """
begin
  if new.size <> 0 or new.head <> decode(repeat('00', 32), 'hex') or new.time is not null then
    raise exception 'a ledger stream starts empty' using errcode = 'restrict_violation';
  end if;
  return new;
end
"""
STREAM_MOVES_FORWARD = """
begin
  if new.id <> old.id or new.uid <> old.uid or new.size <= old.size
     or not exists (select 1 from {schema}.ledger_entry where stream_id = new.id and seq = new.size - 1
                    and leaf = new.head and time = new.time)
     or exists (select 1 from {schema}.ledger_entry where stream_id = new.id and seq = new.size) then
    raise exception 'a ledger stream moves forward to its last recorded entry only'
      using errcode = 'restrict_violation';
  end if;
  return new;
end
"""
ENTRY_FOLLOWS = """
declare
  reached bigint;
begin
  select size into reached from {schema}.ledger_stream where id = new.stream_id;
  if new.seq is distinct from reached and (new.seq < reached or not exists (
       select 1 from {schema}.ledger_entry where stream_id = new.stream_id and seq = new.seq - 1)) then
    raise exception 'a ledger entry follows the last one of its stream: seq %, not %', reached, new.seq
      using errcode = 'restrict_violation';
  end if;
  return new;
end
"""
DISCLOSURE_ONLY_ERASED = """
begin
  if not exists (select 1 from {schema}.ledger_erasure where entry_id = old.entry_id and name = old.name) then
    raise exception 'a disclosure is deleted only after its erasure is recorded' using errcode = 'restrict_violation';
  end if;
  return old;
end
"""
DISCLOSURE_STAYS_ERASED = """
begin
  if exists (select 1 from {schema}.ledger_erasure where entry_id = new.entry_id and name = new.name) then
    raise exception 'an erased disclosure does not come back' using errcode = 'restrict_violation';
  end if;
  return new;
end
"""
HEAD_FOLLOWS = """
begin
  if new.idx <> 0 and not exists (select 1 from {schema}.ledger_head where idx = new.idx - 1) then
    raise exception 'a head follows the last one of the heads log' using errcode = 'restrict_violation';
  end if;
  return new;
end
"""
FUNCTIONS = {
    "ledger_refuse": REFUSE,
    "ledger_stream_starts_empty": STREAM_STARTS_EMPTY,
    "ledger_stream_moves_forward": STREAM_MOVES_FORWARD,
    "ledger_entry_follows": ENTRY_FOLLOWS,
    "ledger_disclosure_only_erased": DISCLOSURE_ONLY_ERASED,
    "ledger_disclosure_stays_erased": DISCLOSURE_STAYS_ERASED,
    "ledger_head_follows": HEAD_FOLLOWS,
}
EVENTS = {  # function and trigger of the same name -> (when, table)
    "ledger_stream_starts_empty": ("before insert", "ledger_stream"),
    "ledger_stream_moves_forward": ("before update", "ledger_stream"),
    "ledger_entry_follows": ("before insert", "ledger_entry"),
    "ledger_disclosure_only_erased": ("before delete", "ledger_disclosure"),
    "ledger_disclosure_stays_erased": ("before insert", "ledger_disclosure"),
    "ledger_head_follows": ("before insert", "ledger_head"),
}


def triggers(schema: str) -> dict[str, tuple[str, str]]:
    """Every trigger by name: its table and the statement that makes it."""
    made = {
        name: (
            table,
            f"create trigger {name} {when} on {schema}.{table} for each row execute function {schema}.{name}()",
        )
        for name, (when, table) in EVENTS.items()
    }
    for table in TABLES:
        refused = [("truncate", "statement")]
        if table != MOVES_FORWARD:
            refused.append(("update", "row"))
        if table != ERASABLE:
            refused.append(("delete", "row"))
        for verb, each in refused:
            name = f"{table}_no_{verb}"
            text = f"create trigger {name} before {verb} on {schema}.{table} for each {each}"
            made[name] = (table, f"{text} execute function {schema}.ledger_refuse()")
    return made


def statements(cursor: Any) -> list[str]:
    """What to execute so that every guard stands as written here."""
    schema = _schema(cursor)
    wanted = []
    for name, source in FUNCTIONS.items():
        body = source.format(schema=schema)
        wanted.append(
            f"create or replace function {schema}.{name}() returns trigger language plpgsql as $guard${body}$guard$"
        )
    for name, (table, create) in triggers(schema).items():
        always = f"alter table {schema}.{table} enable always trigger {name}"
        wanted += [f"drop trigger if exists {name} on {schema}.{table}", create, always]
    for table in LEAVES:
        test = r"check (leaf = sha256('\x00'::bytea || body)) not valid"
        wanted.append(
            f"alter table {schema}.{table} drop constraint if exists {table}_leaf, add constraint {table}_leaf {test}"
        )
    return wanted


def problems(cursor: Any) -> list[str]:
    """Guards that are missing, disabled or altered, one sentence each."""
    schema = _schema(cursor)
    wrong = []
    cursor.execute(
        "select t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid"
        " where c.relnamespace = current_schema()::regnamespace and not t.tgisinternal"
    )
    found = {name: (enabled, text) for name, enabled, text in cursor.fetchall()}
    for name, (_, create) in triggers(schema).items():
        enabled, text = found.get(name, ("", ""))
        if not text:
            wrong.append(f"trigger {name} is missing")
        elif enabled != "A":
            wrong.append(f"trigger {name} is not enabled always")
        elif _plain(text, schema) != _plain(create, schema):
            wrong.append(f"trigger {name} is altered")
    cursor.execute("select proname, prosrc from pg_proc where pronamespace = current_schema()::regnamespace")
    sources = dict(cursor.fetchall())
    for name, source in FUNCTIONS.items():
        if sources.get(name) != source.format(schema=schema):
            wrong.append(f"function {name} is missing or altered")
    cursor.execute("select conname from pg_constraint where connamespace = current_schema()::regnamespace")
    checks = {name for (name,) in cursor.fetchall()}
    wrong += [f"constraint {table}_leaf is missing" for table in LEAVES if f"{table}_leaf" not in checks]
    return wrong


def _schema(cursor: Any) -> str:
    cursor.execute("select quote_ident(current_schema())")
    (schema,) = cursor.fetchone()
    return str(schema)


def _plain(create: str, schema: str) -> str:
    """A trigger definition without the differences between what we write and what the server prints."""
    return create.lower().replace(f"{schema}.", "")
