"""What a step prints while it runs: its end is shown, asked for again while more may come, and never as markup."""

import pytest
from django.urls import reverse
from django.utils import timezone

from runbooks.engine.tail import MOST_CHARACTERS, MOST_CHUNKS, tail_of
from runbooks.models import Attempt, OutputChunk, Run, StepRun
from runbooks.states import AttemptState
from tests.runbooks.test_pages import as_user, body

pytestmark = pytest.mark.django_db
PLAN = "name: talk\ntitle: Talk\nsteps: [{id: say, title: Say it, action: scripted}]\n"


@pytest.fixture
def printing(start) -> tuple[Run, StepRun, Attempt]:
    run = start(PLAN)
    row = run.steps.get(step="say")
    attempt = row.attempts.get()
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.LEASED)
    return run, row, attempt


def say(attempt: Attempt, *texts: str) -> None:
    before = attempt.chunks.count()
    OutputChunk.objects.bulk_create(
        OutputChunk(attempt=attempt, number=before + number, at=timezone.now(), text=text)
        for number, text in enumerate(texts, 1)
    )


def panel(user, run):
    return body(user, reverse("runbooks:step-output", args=[run.uid, "say"]))


def test_it_asks_again_while_the_attempt_is_open_and_not_after(printing, viewer):
    run, _, attempt = printing
    say(attempt, "stopping\n", "stopped <b>now</b>\n")
    shown = panel(viewer, run)
    assert "stopping\nstopped &lt;b&gt;now&lt;/b&gt;" in shown and "2 lines" in shown and "every 1s" in shown
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.SUCCEEDED)
    shown = panel(viewer, run)
    assert "stopping" in shown and "every" not in shown


def test_before_anything_is_printed_it_says_so(printing, viewer):
    run, _, _ = printing
    assert "Nothing printed yet" in panel(viewer, run)


@pytest.mark.parametrize(("chunks", "size"), [(MOST_CHUNKS + 5, 3), (3, MOST_CHARACTERS // 2)])
def test_only_the_newest_part_is_shown_and_it_says_so(printing, viewer, chunks, size):
    run, row, attempt = printing
    say(attempt, *(f"{number:05d}{'x' * size}\n" for number in range(chunks)))
    tail = tail_of(row)
    assert tail.is_cut and len(tail.text) <= MOST_CHARACTERS
    assert f"{chunks - 1:05d}" in tail.text and "00000" not in tail.text
    assert ", the newest" in panel(viewer, run)


def test_a_step_that_never_printed_has_no_panel(printing, viewer):
    run, row, attempt = printing
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.SUCCEEDED)
    assert tail_of(row) is None
    assert 'id="step-output"' not in panel(viewer, run)


def test_strangers_hear_nothing(printing, stranger):
    run, _, attempt = printing
    say(attempt, "secret\n")
    answer = as_user(stranger).get(reverse("runbooks:step-output", args=[run.uid, "say"]))
    assert answer.status_code == 404 and b"secret" not in answer.content
