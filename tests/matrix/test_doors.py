"""Every address x everybody x GET and POST, in a real world, against the table in table.py."""

import typing
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy

import pytest
from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.test import Client
from django.urls import reverse

from audit.models import Entry, Stream
from audit.permissions import May, visible_streams
from audit.selectors import entries
from runbooks.permissions import run_for, visible_runs
from tests.matrix import bodies
from tests.matrix.doors import FORBIDDEN, IN, NO_METHOD, SIGN_IN, doors, meaning, put_away
from tests.matrix.table import API, DOORS, EVERYBODY, OUTSIDERS, STREAMS, Row
from tests.matrix.world import MARK, World

pytestmark = pytest.mark.django_db
METHODS = ("GET", "POST")


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is as if it had not been: every knock meets the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def knock(world: World, who: str, door: str, method: str) -> HttpResponseBase:
    blanks = doors()[door]
    path = reverse(door, kwargs={name: value for name, value in world.arguments(door).items() if name in blanks})
    client = world.clients[who]
    cookies = copy(client.cookies)
    try:
        return client.get(path) if method == "GET" else post(client, world, door, path)
    finally:
        client.cookies = cookies  # who signed out is signed in again


def post(client: Client, world: World, door: str, path: str) -> HttpResponseBase:
    if door in API:
        make = bodies.API.get(door)
        return client.post(path, make(world) if make else {}, content_type="application/json")
    make = bodies.PAGES.get(door)
    return client.post(path + bodies.QUERIES.get(door, ""), make(world) if make else {})


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    known = set(doors())
    missing = [f'  "{door}": {{"GET": …, "POST": …}},' for door in sorted(known - set(DOORS))]
    assert not missing, "New addresses. Say in tests/matrix/table.py who may use them:\n" + "\n".join(missing)
    assert not set(DOORS) - known, f"Rows without an address: {sorted(set(DOORS) - known)}"


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_door_lets_in_whom_the_table_names(who: str, world: World) -> None:
    wrong, tried = [], 0
    for door, methods in DOORS.items():
        for method in METHODS:
            row = methods.get(method)
            with undone():
                told = meaning(knock(world, who, door, method))
            wanted = row.says(who, api=door in API) if row else None
            tried += 1
            if row is None and told not in (NO_METHOD, SIGN_IN, FORBIDDEN):
                wrong.append(f"{method} {door}: no row for this method, but {who} is {told}")
            elif wanted and told != wanted:
                wrong.append(f"{method} {door}: {who} is {told}; the table says {wanted}")
    assert not wrong, "\n".join(wrong)
    assert tried == len(DOORS) * len(METHODS)


@pytest.mark.parametrize("who", sorted(OUTSIDERS))
def test_an_outsider_learns_nothing_and_changes_nothing(who: str, world: World) -> None:
    wrong, before = [], history(world)
    for door, methods in DOORS.items():
        for method in methods:
            with undone():
                said = knock(world, who, door, method).getvalue().decode(errors="replace")
                after = history(world)
            own_words = method == "POST" and door in {*bodies.PAGES, *bodies.API}
            if MARK in said and not own_words:
                wrong.append(f"{method} {door} shows {who}: …{said[max(0, said.index(MARK) - 60) :][:120]}…")
            if after != before and who != "intake machine":
                wrong.append(f"{method} {door} let {who} write: {after - before}")
    assert not wrong, "\n".join(wrong)


def history(world: World) -> set[tuple[str, str, int]]:
    """What is recorded about the team's things: accounts and policies are no team's, nor is a pack that one brings."""
    found = Entry.objects.exclude(stream__uid__in=["access", "policies", "regulation"]).exclude(kind="pack.verified")
    return set(found.values_list("stream__uid", "kind", "seq"))


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_history_is_read_and_taken_away_by_whom_the_table_names(who: str, world: World) -> None:
    make = reverse("audit-api:pack", args=[world.incident.stream])
    put_away(world.clients["compliance"].post(make))  # so that `portal` is there
    client, wrong = world.clients[who], []
    for name, (reading, taking) in STREAMS.items():
        uid = world.runbook.stream if name == "runbook" else name
        rows = dict.fromkeys(("audit:stream", "audit-api:stream", "audit-api:entries"), reading)
        rows |= dict.fromkeys(("audit-api:pack",), _among(taking, reading))
        for door, row in rows.items():
            with undone():
                path = reverse(door, args=[uid])
                told = meaning(client.get(path) if row is reading else client.post(path))
            if told != (wanted := _hidden_unless(reading, row, who, api=door in API)):
                wrong.append(f"{door} of {name}: {who} is {told}; the table says {wanted}")
    assert not wrong, "\n".join(wrong)


def _among(taking: Row, reading: Row) -> Row:
    return Row(taking.may & reading.may)


def _hidden_unless(reading: Row, row: Row, who: str, *, api: bool) -> str:
    """Who may not read a history doesn't learn that it is there."""
    said = row.says(who, api=api)
    if said in (IN, SIGN_IN) or who == "intake machine":
        return said
    return "forbidden" if who in reading.may else "hidden"


def test_what_a_refused_decision_leaves_is_its_refusal(world: World) -> None:
    """The one thing that somebody without the right writes: that they tried."""
    with undone():
        knock(world, "superuser", "approvals:decide", "POST")
        last = entries(world.incident.stream)[-1]
        assert (last.kind, last.actor) == ("approval.refused", world.users["superuser"].actor_id)
        world.request.refresh_from_db()
        assert world.request.is_pending


@pytest.mark.parametrize("may", typing.get_args(May))
def test_who_asks_for_one_history_is_told_what_the_list_of_all_says(may: May, world: World) -> None:
    every = set(Stream.objects.values_list("uid", flat=True))
    for who, user in world.users.items():
        seen = set(visible_streams(user, may).values_list("uid", flat=True))
        assert seen == {uid for uid in every if visible_streams(user, may, among=[uid]).exists()}, who
        assert seen == set(visible_streams(user, may, among=every).values_list("uid", flat=True)), who


def test_who_asks_for_one_run_is_told_what_the_list_of_all_says(world: World) -> None:
    for who, user in world.users.items():
        try:
            told = run_for(user, world.run.uid)
        except Http404:
            told = None
        assert told == visible_runs(user).filter(uid=world.run.uid).first(), who
