"""It breaks between a change and its entry: neither is stored. Row 5 of the fault matrix (runtime.md, section 7)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps

from audit import ledger
from audit.models import Entry
from audit.verify import verify_ledger
from catalog.models import User
from runbooks import services
from runbooks.actions.base import Done
from runbooks.engine import shell, worker
from runbooks.models import Run
from tests.runbooks.conftest import due, work_off

PLAN = """name: halfway
title: Halfway
inputs: {word: {type: string, default: old}}
steps:
  - {id: hand, title: By hand, action: manual}
  - {id: act, title: Act, action: scripted, with: {say: "{{ inputs.word }}"}}
  - {id: after, title: After, action: scripted, needs: [hand, act]}
"""
Act = Callable[[Run, User], object]


class Broke(Exception):
    """The failpoint."""


def everything() -> dict[str, Any]:
    """All rows of the engine, and how long the ledger is."""
    rows: dict[str, Any] = {
        model.__name__: sorted(map(str, model.objects.values_list()))
        for model in apps.get_app_config("runbooks").get_models()
    }
    return rows | {"entries": Entry.objects.count()}


def seen(run: Run, step: str) -> int:
    return run.steps.get(step=step).seen_at


def _finish(run: Run, who: User) -> None:
    services.finish_step(run.uid, "hand", actor=who, seen_at=seen(run, "hand"), worked=True, note="Done.")


def _skip(run: Run, who: User) -> None:
    services.skip_step(run.uid, "hand", actor=who, seen_at=seen(run, "hand"), reason="Not needed.")


ACTS: dict[str, Act] = {
    "a person begins": lambda run, who: services.start_step(run.uid, "hand", actor=who, seen_at=seen(run, "hand")),
    "a person finishes": _finish,
    "a person skips": _skip,
    "an input changes": lambda run, who: services.change_input(run.uid, "word", "new", actor=who, reason="Typo."),
    "the run is cancelled": lambda run, who: services.cancel_run(
        run.uid, actor=who, reason="Enough.", seen_at=run.seen_at
    ),
    "a worker claims": lambda run, who: worker.claim(due(run)[0]),
}


@pytest.fixture
def broken_ledger(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it, and whatever wants to write an entry breaks."""

    def break_it() -> None:
        def fall(*_: object, **__: object) -> None:
            raise Broke

        monkeypatch.setattr(ledger, "record", fall)
        monkeypatch.setattr(ledger, "record_many", fall)

    return break_it


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_without_its_entry_no_change_is_stored(act: Act, start: Any, commander: User, broken_ledger: Any) -> None:
    run = start(PLAN)
    before = everything()
    broken_ledger()
    with pytest.raises(Broke):
        act(run, commander)
    assert everything() == before
    assert verify_ledger().ok


@pytest.mark.django_db(transaction=True)
def test_a_result_without_its_entry_is_not_stored_and_comes_again(start: Any, broken_ledger: Any, monkeypatch) -> None:
    run = start(PLAN)
    claimed = worker.claim(due(run)[0])
    before = everything()
    with monkeypatch.context() as patch:
        for name in ("record", "record_many"):
            patch.setattr(ledger, name, lambda *_, **__: (_ for _ in ()).throw(Broke()))
        with pytest.raises(Broke):
            worker.finish(claimed.attempt, Done({}))
    assert everything() == before
    worker.finish(claimed.attempt, Done({}))
    assert run.steps.get(step="act").state == "done"
    assert verify_ledger().ok


@pytest.mark.django_db(transaction=True)
def test_without_its_change_no_entry_is_stored(start: Any, commander: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry is written last: what breaks after it takes it along."""
    run = start(PLAN)
    before = everything()
    written = ledger.record_many

    def write_and_fall(*words: Any, **more: Any) -> None:
        written(*words, **more)
        raise Broke

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "record_many", write_and_fall)
        with pytest.raises(Broke):
            _finish(run, commander)
    assert everything() == before
    _finish(run, commander)
    assert work_off(run).state == "succeeded"
    shell.advance(run.uid)
    assert verify_ledger().ok
