"""Checkpoints are made by the sweep: when the ledger grew, at most once a minute; and production has a key."""

from datetime import UTC, datetime, timedelta

import pytest

from audit import checkpoints, keys, listeners, rhythm, tasks
from audit.checks import log_key_is_given
from audit.models import Checkpoint
from plumbing import doorbell, sweep

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_the_ledger_is_due_when_it_grew_and_not_every_second(make_stream):
    due = rhythm.Pace(rhythm.to_sign, checkpoints.EVERY_S).due
    assert list(due(NOON)) == []
    make_stream("inc_1", 1)
    assert list(due(NOON + timedelta(seconds=30))) == []
    assert list(due(NOON + timedelta(seconds=61))) == ["ledger"]
    assert list(due(NOON + timedelta(seconds=62))) == []
    tasks.checkpoint()
    assert list(due(NOON + timedelta(seconds=200))) == []
    assert Checkpoint.objects.get().size == 1


@pytest.mark.django_db
def test_it_is_connected_to_the_sweep_and_to_its_bell(make_stream, monkeypatch, settings):
    listeners.connect()
    make_stream("inc_1", 1)
    rounds = sweep._rounds["checkpoint"]
    assert list(rounds.find(NOON)) == ["ledger"]
    rounds.perform("ledger")
    assert Checkpoint.objects.count() == 1
    sent = []
    monkeypatch.setattr(tasks.checkpoint, "apply_async", lambda **options: sent.append(options))
    doorbell._answers["checkpoint"]("ledger")
    assert sent == [{**doorbell.SENDING, "queue": settings.HOUSE_QUEUE}]


def test_production_without_a_key_does_not_pass_the_check(settings):
    settings.PRODUCTION = True
    (message,) = log_key_is_given()
    assert message.id == "audit.E002"
    assert "is missing" in message.msg
    settings.PRODUCTION = False
    keys.log_key()
    settings.PRODUCTION = True
    assert log_key_is_given() == []
