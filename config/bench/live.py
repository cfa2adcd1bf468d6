"""From a commit to a browser: many watchers of one room hear the bell and fetch what is new, as the page does.

The portal runs in a process of its own; the watchers are clients here: a WebSocket for the bell, HTTP for the feed.
What is measured is the time from an entry's own timestamp, taken just before its commit, to its arrival in the answer.
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import httpx
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management import call_command
from websockets.asyncio.client import connect

from audit.selectors import entries
from catalog.models import Service, Team, User, new_uid
from catalog.services import issue_token, join, make_machine_user, make_person, make_team
from catalog.states import Role
from incidents.models import Incident
from incidents.services.opening import declare

NOTES = 40
PAUSE_S = 0.1
READY_WITHIN_S = 60


def figures(watchers: int) -> dict[str, str]:
    """Median, 95th and 99th percentile over all watchers and notes, in milliseconds."""
    call_command("collectstatic", interactive=False, verbosity=0)
    team = make_team(f"live-{new_uid()[:6]}", "Live")
    people = [_person(team, number) for number in range(3)]
    incident = _incident(team, people[0])
    secret = _token(team, people[0])
    with _portal() as port:
        cookies = [_session(people[number % len(people)]) for number in range(watchers)]
        arrivals = asyncio.run(_watch(port, incident.uid, cookies, secret))
    written = {entry.seq: entry.time.timestamp() for entry in entries(incident.stream)}
    delays = [(moment - written[seq]) * 1000 for seq, moment in arrivals]
    cuts = statistics.quantiles(delays, n=100)
    figure = f"p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, p99 {cuts[98]:.0f} ms, {len(delays)} arrivals"
    return {f"live: commit to feed answer, {watchers} watchers": figure}


def _person(team: Team, number: int) -> User:
    user = make_person(f"watcher-{number}-{new_uid()[:6]}", f"Watcher {number}")
    join(team, user, Role.COMMANDER, user)
    return user


def _incident(team: Team, user: User) -> Incident:
    service = Service.objects.create(slug=f"live-{new_uid()[:6]}", name="Live", team=team)
    return declare(title="Live bench", severity="SEV4", services=[service], declarer=user, team=team)


def _token(team: Team, admin: User) -> str:
    machine = make_machine_user(f"writer-{new_uid()[:6]}", "Writer", actor=admin)
    join(team, machine, Role.RESPONDER, admin)
    return issue_token(machine, "bench", ["api"], None, admin).secret


def _session(user: User) -> str:
    """A signed-in session, as the sign-in page would make it."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


@contextmanager
def _portal() -> Iterator[int]:
    """The portal on a free port: its web process is all that this needs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port), "--log-level", "error"]
    child = subprocess.Popen(command, cwd=settings.BASE_DIR, env=os.environ.copy())  # noqa: S603
    try:
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            try:
                httpx.get(f"http://127.0.0.1:{port}/sign-in/", timeout=2)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield port
    finally:
        child.terminate()
        child.wait(10)


async def _watch(port: int, uid: str, cookies: list[str], secret: str) -> list[tuple[int, float]]:
    """(seq, moment) of every arrival of every watcher."""
    arrivals: list[tuple[int, float]] = []
    last = asyncio.Event()
    ready = [asyncio.Event() for _ in cookies]
    watching = [
        asyncio.create_task(_watcher(port, uid, cookie, arrivals, heard, last))
        for cookie, heard in zip(cookies, ready, strict=True)
    ]
    await asyncio.gather(*(heard.wait() for heard in ready))
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as writer:
        for number in range(NOTES):
            answer = await writer.post(f"/api/v1/incidents/{uid}/notes", json={"text": f"note {number}"})
            answer.raise_for_status()
            await asyncio.sleep(PAUSE_S)
    await asyncio.sleep(2)
    last.set()
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    return arrivals


async def _watcher(
    port: int, uid: str, cookie: str, arrivals: list[tuple[int, float]], ready: asyncio.Event, last: asyncio.Event
) -> None:
    cookies = {settings.SESSION_COOKIE_NAME: cookie}
    header = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
    origin = f"http://127.0.0.1:{port}"
    seen: int | None = None
    async with (
        httpx.AsyncClient(base_url=origin, cookies=cookies, timeout=30) as client,
        connect(f"ws://127.0.0.1:{port}/ws/incidents/{uid}", additional_headers=header, origin=origin) as bell,  # type: ignore[arg-type]
    ):
        async for message in bell:
            at = json.loads(message).get("at")
            if at is None or last.is_set():
                continue
            seen = at if seen is None else seen
            ready.set()
            while seen < at:
                answer = (await client.get(f"/incidents/{uid}/feed", params={"after": seen})).json()
                moment = time.time()
                arrivals.extend((seq, moment) for seq in range(seen + 1, answer["at"] + 1))
                seen = answer["at"]
