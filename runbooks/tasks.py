"""Doors of the broker. A message is a ring: safe when it comes twice, late or never."""

from celery import shared_task

from runbooks.engine import due, shell, worker
from runbooks.services import previewing


@shared_task(name="runbooks.attend", ignore_result=True)
def attend(subject: str) -> None:
    """Look at an attempt (`id` or `id:fence`): perform it when it is due, call it lost when its lease ran out."""
    worker.attend(int(subject.partition(":")[0]))


@shared_task(name="runbooks.work", ignore_result=True)
def work(subject: str) -> None:
    """Do what a run (`uid` or `uid@executor`) has for this worker."""
    worker.work_on(subject.partition("@")[0])


@shared_task(name="runbooks.advance_run", ignore_result=True)
def advance_run(run_uid: str) -> None:
    """Take a run as far as it can go now."""
    shell.advance(run_uid)


@shared_task(name="runbooks.fire_timer", ignore_result=True)
def fire_timer(timer_id: str) -> None:
    """Do what a timer is for, if it is due and nobody has done it."""
    due.fire(int(timer_id))


@shared_task(name="runbooks.tell_preview", ignore_result=True)
def tell_preview(subject: str) -> None:
    """Tell what a step would do (`id` or `id@executor`), if nobody has and this worker may."""
    previewing.tell_preview(int(subject.partition("@")[0]))
