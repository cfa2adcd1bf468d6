"""Packs that are asked for: who makes one, what becomes of it when its maker is lost, and who takes it away."""

import datetime as dt
import itertools
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from audit import permissions
from audit.errors import NothingToPack
from audit.ledger import open_stream
from audit.models import Pack, PackJob, PackState
from audit.packs import asking, issue, jobs, keeping, making, running
from audit.packs.bundle import verify
from audit.packs.errors import IllegalPackMove, NoSuchSubject, NotReady, Superseded
from audit.packs.orders import job_for
from audit.packs.states import MOVES, check_move
from audit.selectors import entries
from audit.trust.holders.errors import NotStamped
from plumbing import clock
from tests.audit.reporting import text_of
from tests.race import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(make_stream, person):
    """A pack of inc_1 that somebody asked for."""
    make_stream("inc_1", 3)
    return jobs.ask(job_for("incident", "inc_1"), actor=person)


@pytest.fixture
def officer(make_user, client, monkeypatch):
    """Signed in; sees and exports inc_ streams."""
    user = make_user("officer")
    gate = lambda who, may: permissions.EVERYTHING if who.username == "officer" else permissions.NOTHING  # noqa: E731
    monkeypatch.setattr(permissions, "_gates", {"inc_": gate})
    client.force_login(user)
    return user


def told(kind: str) -> list:
    return [row for row in entries("portal") if row.kind == kind]


def lose(job: PackJob) -> None:
    """Whoever makes it says nothing more."""
    PackJob.objects.filter(pk=job.pk).update(lease_until=clock.now() - dt.timedelta(seconds=1))


@pytest.mark.parametrize(("current", "target"), list(itertools.product(PackState, PackState)))
def test_a_pack_moves_only_along_the_table(current, target):
    if target in MOVES[current]:
        check_move(current, target)
    else:
        with pytest.raises(IllegalPackMove, match=f"is {current} can't become {target}"):
            check_move(current, target)


def test_a_pack_that_was_asked_for_is_made_kept_and_on_record(job, person):
    running.attend(job.uid)
    job.refresh_from_db()
    assert (job.state, job.percent, job.error) == (PackState.DONE, 100, "")
    path = keeping.path_of(job.pack.zip_sha256)
    assert sha256(path.read_bytes()).hexdigest() == job.pack.zip_sha256
    assert job.file_size == path.stat().st_size
    assert "3 entries" in verify.verify(verify.files_of_zip(path.read_bytes()))
    assert [row.kind for row in entries("portal")] == ["pack.asked", "pack.begun", "pack.issued"]
    assert told("pack.issued")[0].actor == person.actor_id
    assert told("pack.asked")[0].fields == {"job": job.uid, "kind": "incident", "stream": "inc_1"}
    running.attend(job.uid)
    assert Pack.objects.count() == 1, "a second ring makes no second pack"
    assert not list(keeping.path_of("x").parents[1].glob("*.draft"))


def test_progress_is_told_while_it_is_made(job, monkeypatch):
    seen = []
    keep = jobs.keep_claim
    monkeypatch.setattr(
        jobs,
        "keep_claim",
        lambda one, doing="", percent=None: (seen.append((doing, percent)), keep(one, doing, percent)),
    )
    running.attend(job.uid)
    assert [percent for _, percent in seen] == sorted(percent for _, percent in seen)
    assert seen[0][0] == "Verifying inc_1"
    assert "Writing the report" in [doing for doing, _ in seen]


def test_a_job_whose_maker_was_lost_is_taken_up_again_and_the_lost_one_writes_nothing(job):
    first = jobs.claim(job.uid)
    assert jobs.claim(job.uid) is None, "somebody makes it"
    lose(first)
    assert jobs.due_jobs(clock.now() + dt.timedelta(seconds=5)) == [job.uid]
    second = jobs.claim(job.uid)
    assert second.tries == 2
    assert making.make(first.uid, first.tries) is False
    assert making.make(second.uid, second.tries) is True
    assert Pack.objects.count() == 1
    with pytest.raises(Superseded):
        jobs.keep_claim(first)


def test_who_is_overtaken_at_the_last_moment_leaves_neither_pack_nor_file(job, monkeypatch):
    first = jobs.claim(job.uid)
    keep = keeping.keep

    def overtaken(file):
        digest = keep(file)
        PackJob.objects.filter(pk=first.pk).update(tries=2)
        return digest

    monkeypatch.setattr(keeping, "keep", overtaken)
    assert making.make(first.uid, first.tries) is False
    assert not Pack.objects.exists()
    assert not told("pack.issued")
    assert not list(keeping.path_of("x").parents[1].rglob("*.zip"))


def test_a_job_that_loses_everybody_is_given_up(job):
    for number in range(jobs.MOST_TRIES):
        claimed = jobs.claim(job.uid)
        assert claimed.tries == number + 1
        jobs.give_back(claimed)
    job.refresh_from_db()
    assert (job.state, job.error) == (PackState.FAILED, jobs.POISON)
    assert told("pack.failed")[0].fields["error"] == jobs.POISON


def test_an_authority_that_does_not_answer_is_asked_again_later(job, monkeypatch):
    def away(*_, **__):
        raise NotStamped("No time stamp", "tsa.example didn't answer.")

    monkeypatch.setattr(issue, "packed", away)
    running.attend(job.uid)
    job.refresh_from_db()
    assert job.state == PackState.MAKING
    assert "tsa.example didn't answer" in job.error
    assert job.lease_until > clock.now() + dt.timedelta(seconds=20)
    monkeypatch.undo()
    lose(job)
    running.attend(job.uid)
    job.refresh_from_db()
    assert (job.state, job.error) == (PackState.DONE, "")


def test_what_can_not_be_made_says_why(job, monkeypatch):
    def heavy(*_, **__):
        raise MemoryError

    monkeypatch.setattr(issue, "packed", heavy)
    running.attend(job.uid)
    job.refresh_from_db()
    assert (job.state, job.error) == (PackState.FAILED, making.TOO_MUCH_MEMORY)


def test_a_job_that_is_cancelled_while_it_is_made_is_not_sealed(job, person):
    claimed = jobs.claim(job.uid)
    jobs.cancel(job.uid, actor=person)
    assert making.make(claimed.uid, claimed.tries) is False
    with pytest.raises(IllegalPackMove):
        jobs.cancel(job.uid, actor=person)
    assert not Pack.objects.exists()
    assert [row.kind for row in entries("portal")] == ["pack.asked", "pack.begun", "pack.cancelled"]


def test_only_so_many_are_made_at_once(make_stream, person):
    make_stream("inc_1", 1)
    asked = [jobs.ask(job_for("incident", "inc_1"), actor=person) for _ in range(jobs.AT_ONCE + 1)]
    assert [jobs.claim(each.uid) is not None for each in asked] == [True] * jobs.AT_ONCE + [False]


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_a_pack_once(make_stream, person):
    make_stream("inc_1", 2)
    job = jobs.ask(job_for("incident", "inc_1"), actor=person)
    claimed = at_once(*[lambda: jobs.claim(job.uid)] * 2)
    assert sorted(each is None for each in claimed) == [False, True]


def test_a_subject_that_is_not_there_is_refused(make_stream):
    open_stream("inc_9")
    with pytest.raises(NothingToPack):
        job_for("incident", "inc_9")
    for kind, subject in [("incident", "inc_404"), ("person", "usr_1"), ("person", "usr_" + "9" * 32)]:
        with pytest.raises(NoSuchSubject):
            job_for(kind, subject)
    now = clock.now()
    with pytest.raises(NoSuchSubject, match="a later end"):
        job_for("period", since=now, until=now)
    with pytest.raises(NoSuchSubject, match="Nothing happened"):
        job_for("period", since=now, until=now + dt.timedelta(days=1), among=["inc_9"])


def test_the_pages_lead_from_the_question_to_the_zip(officer, client, make_stream):
    make_stream("inc_1", 3)
    assert "No pack was asked for yet" in client.get(reverse("audit:packs")).content.decode()
    page = client.get(reverse("audit:new-pack"), {"stream": "inc_1"}).content.decode()
    assert 'value="inc_1"' in page
    assert '<input type="hidden" name="kind" value="incident"' in page
    sent = {"kind": "incident", "subject": "inc_1", "language": "de", "paper": "letter"}
    answer = client.post(reverse("audit:new-pack"), sent)
    job = PackJob.objects.get()
    assert answer["Location"] == reverse("audit:pack-job", args=[job.uid])
    waiting = client.get(answer["Location"]).content.decode()
    assert "A worker takes it up" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    refused = client.get(reverse("audit:download-pack", args=[job.uid]))
    assert refused.status_code == 409
    running.attend(job.uid)
    ready = client.get(answer["Location"]).content.decode()
    assert "Download the zip" in ready
    assert "hx-trigger" not in ready[ready.index('id="pack-state"') :][:200]
    zipped = client.get(reverse("audit:download-pack", args=[job.uid]))
    assert zipped["Content-Disposition"] == 'attachment; filename="evidence-inc_1-3.zip"'
    assert sha256(zipped.getvalue()).hexdigest() == PackJob.objects.get().pack.zip_sha256
    (handed,) = told("pack.handed_out")
    assert (handed.actor, handed.fields["zip_sha256"]) == (officer.actor_id, PackJob.objects.get().pack.zip_sha256)
    assert "Ready" in client.get(reverse("audit:packs")).content.decode()


def test_a_file_that_is_no_longer_kept_is_said_so(officer, client, job):
    running.attend(job.uid)
    job.refresh_from_db()
    keeping.forget(job.pack.zip_sha256)
    with pytest.raises(NotReady, match="no longer kept"):
        jobs.hand_out(job, actor=officer)
    assert client.get(reverse("audit:download-pack", args=[job.uid])).status_code == 409
    assert "no longer kept" in client.get(reverse("audit:pack-job", args=[job.uid])).content.decode()


def test_what_is_asked_badly_comes_back_with_what_would_be_right(officer, client, make_stream):
    make_stream("inc_1", 1)
    for sent, said in [
        ({"kind": "incident"}, "Say which one the pack is about"),
        ({"kind": "period"}, "Say when the period begins"),
        ({"kind": "period", "since": "2026-01-02T00:00", "until": "2026-01-01T00:00"}, "later than the beginning"),
        ({"kind": "incident", "subject": "inc_404"}, "nothing that a pack of it could hold"),
        ({"kind": "incident", "subject": "inc_1", "audience": "nobody"}, "Select a valid choice"),
    ]:
        answer = client.post(reverse("audit:new-pack"), {"language": "en", "paper": "a4", **sent})
        assert answer.status_code == 422, sent
        page = answer.content.decode()
        assert said in page, page[page.index("<main") :][:3000]
    assert not PackJob.objects.exists()


def test_the_report_gives_the_time_of_whoever_asks_or_of_the_zone_that_they_choose(officer, client, make_stream):
    make_stream("inc_1", 1)
    officer.time_zone = "Asia/Kolkata"
    officer.save()
    page = client.get(reverse("audit:new-pack"), {"stream": "inc_1"}).content.decode()
    assert 'value="Asia/Kolkata"' in page
    about = {"kind": "incident", "subject": "inc_1"}
    for sent, zone in [({}, "Asia/Kolkata"), ({"zone": "America/New_York"}, "America/New_York"), ({"zone": ""}, "")]:
        answer = client.post(reverse("audit-api:packs"), {**about, **sent}, content_type="application/json")
        assert answer.json()["zone"] == zone
    wrong = {**about, "language": "en", "paper": "a4", "zone": "Mars/Olympus"}
    for refused in (
        client.post(reverse("audit:new-pack"), wrong),
        client.post(reverse("audit-api:packs"), wrong, content_type="application/json"),
    ):
        assert refused.status_code == 422
        assert "There is no time zone" in refused.content.decode()
    assert PackJob.objects.count() == 3
    client.post(reverse("audit:new-pack"), {**about, "language": "en", "paper": "a4", "zone": " Europe/Berlin "})
    assert PackJob.objects.first().zone == "Europe/Berlin"


def test_somebody_without_a_zone_gets_the_portals(settings, person):
    settings.TIME_ZONE = "Pacific/Auckland"
    assert asking.own_zone(person) == "Pacific/Auckland"


def test_utc_and_local_time_both_stand_in_the_report(person, make_stream):
    make_stream("inc_1", 1)
    found = {}
    for zone in ("Asia/Kolkata", ""):
        job = jobs.ask(job_for("incident", "inc_1", zone=zone), actor=person)
        running.attend(job.uid)
        job.refresh_from_db()
        files = verify.files_of_zip(keeping.path_of(job.pack.zip_sha256))
        found[zone] = text_of(files["data/report.pdf"].whole("data/report.pdf"))
    (row,) = entries("inc_1")
    utc = f"{row.time:%Y-%m-%d %H:%M:%S} UTC"
    local = f"{row.time.astimezone(ZoneInfo('Asia/Kolkata')):%Y-%m-%d %H:%M:%S} IST"
    assert found["Asia/Kolkata"].index(utc) < found["Asia/Kolkata"].index(local)
    assert utc in found[""] and " IST" not in found[""]


def test_a_large_stream_is_left_to_the_workers(officer, client, make_stream, monkeypatch):
    monkeypatch.setattr(asking, "SMALL", 2)
    make_stream("inc_1", 3)
    answer = client.post(reverse("audit-api:pack", args=["inc_1"]))
    assert answer.status_code == 202
    assert answer["Location"].endswith(reverse("audit-api:pack-job", args=[answer.json()["uid"]]))
    assert answer.json()["state"] == "queued"
    running.attend(answer.json()["uid"])
    found = client.get(answer["Location"]).json()
    assert (found["state"], found["size"]) == ("done", 3)
    zipped = client.get(reverse("audit-api:pack-file", args=[found["uid"]])).getvalue()
    assert sha256(zipped).hexdigest() == found["zip_sha256"]
