"""The process that makes a pack is killed: nothing half-made is left, and the next one makes it."""

import os
import time
from pathlib import Path

import pytest

from audit.models import Pack, PackJob, PackState
from audit.packs import jobs, keeping, running, strays
from audit.packs.bundle import verify
from audit.packs.issue import build_pack
from audit.packs.orders import job_for
from audit.selectors import entries


@pytest.fixture
def in_children(real_database, settings, monkeypatch):
    """Packs are made by processes of their own, on this test's database and folders."""
    settings.PACKS_IN_CHILD = True
    folders = {"MUSTER_PACKS_DIR": settings.PACKS_DIR, "MUSTER_FILES_DIR": settings.FILES_DIR}
    folders |= {"MUSTER_LEDGER_KEY": settings.LEDGER_KEY_FILE, "MUSTER_LEDGER_ORIGIN": settings.LEDGER_ORIGIN}
    for name, value in {**real_database, **folders, "MUSTER_MODE": "test"}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("MUSTER_TEST_NAME", raising=False)


def test_a_killed_maker_leaves_nothing_and_another_makes_the_pack(in_children, make_stream, person, monkeypatch):
    make_stream("inc_1", 3)
    job = jobs.ask(job_for("incident", "inc_1"), actor=person)
    monkeypatch.setenv("MUSTER_FAIL", "pack_progress:4")  # while the report is written
    running.attend(job.uid)
    job.refresh_from_db()
    assert (job.state, job.tries) == (PackState.MAKING, 1)
    assert job.percent > 0, "it had begun"
    assert not Pack.objects.exists()
    assert not list(keeping.path_of("x").parents[1].rglob("*.zip"))
    monkeypatch.delenv("MUSTER_FAIL")
    running.attend(job.uid)
    job = PackJob.objects.select_related("pack").get(pk=job.pk)
    assert (job.state, job.tries, job.error) == (PackState.DONE, 2, "")
    assert "3 entries" in verify.verify(verify.files_of_zip(keeping.path_of(job.pack.zip_sha256)))
    assert [row.kind for row in entries("portal")] == ["pack.asked", "pack.begun", "pack.begun", "pack.issued"]


@pytest.mark.django_db
def test_what_a_killed_process_left_half_written_is_removed_and_what_is_being_written_is_not(
    make_stream, person, settings
):
    make_stream("inc_1", 1)
    settings.PACKS_DIR.mkdir()
    left = settings.PACKS_DIR / "left.draft"
    left.write_bytes(b"half")
    with keeping.draft() as theirs:
        build_pack("inc_1", actor=person)
        assert not left.exists()
        assert Path(theirs.name).exists()
    assert not Path(theirs.name).exists()


def test_a_maker_that_is_killed_before_it_records_its_pack_leaves_no_file(
    in_children, make_stream, person, monkeypatch
):
    make_stream("inc_1", 3)
    job = jobs.ask(job_for("incident", "inc_1"), actor=person)
    monkeypatch.setenv("MUSTER_FAIL", "pack_kept")
    running.attend(job.uid)
    assert not Pack.objects.exists()
    assert not files_kept()
    monkeypatch.delenv("MUSTER_FAIL")
    running.attend(job.uid)
    job = PackJob.objects.get()
    assert (job.state, job.error) == (PackState.DONE, "")
    assert len(files_kept()) == 1


def files_kept():
    return [file for file in keeping.path_of("x").parents[1].rglob("*") if file.is_file()]


@pytest.mark.django_db
def test_a_whole_pack_that_nobody_recorded_is_left_alone_when_it_is_old(make_stream, person):
    """A database that was restored knows nothing of packs that were made since."""
    make_stream("inc_1", 1)
    old, young = [whole(content) for content in (b"of another day", b"just now")]
    os.utime(old, (0, time.time() - strays.YOUNG_S - 60))
    recorded = build_pack("inc_1", actor=person).path
    with keeping.draft() as file:
        file.write(b"about to be recorded")
        theirs = keeping.path_of(keeping.keep(file))
        assert strays.remove() == 1
        assert [path.exists() for path in (old, young, recorded, theirs)] == [True, False, True, True]


def whole(content):
    """A pack whose maker was killed before it recorded it."""
    with keeping.draft() as file:
        file.write(content)
        return keeping.path_of(keeping.keep(file))


def test_a_pack_that_takes_too_much_memory_fails_with_a_sentence(in_children, make_stream, person, settings):
    make_stream("inc_1", 3)
    settings.PACK_MEMORY_MB = 150  # Django alone wants more
    job = jobs.ask(job_for("incident", "inc_1"), actor=person)
    for _ in range(jobs.MOST_TRIES):
        running.attend(job.uid)
        job.refresh_from_db()
        if job.state == PackState.FAILED:
            break
        PackJob.objects.filter(pk=job.pk).update(lease_until=job.asked_at)
    assert job.state == PackState.FAILED
    assert not Pack.objects.exists()
