"""What an incident tells the regimes: whose services it touches, what the record knows, and who is told of a clock."""

import datetime as dt
from collections.abc import Iterable, Iterator

from guardian.models import GroupObjectPermission

from audit.regimes import providers
from audit.regimes.events import rows_of
from audit.regimes.providers import Known, Presumed, Room, Telling, Touched
from audit.selectors import EntryRow
from catalog.models import Team, User
from catalog.services import notify
from catalog.states import NoticeState, Right, UserKind
from incidents.models import Incident
from incidents.selectors.incidents import PREFIX
from incidents.states import Phase
from plumbing import clock

OPENED, MOVED, HEALTH = "incident.opened", "incident.moved", "health.changed"
RED = "red"


def connect() -> None:
    """Called once, when the app is ready."""
    providers.register(PREFIX, Room(touches=touches, knows=knows, presumes=presumes, tell=tell))


def _incident(stream: str) -> Incident | None:
    return Incident.objects.filter(uid=stream.removeprefix(PREFIX)).first()


def touches(stream: str) -> Touched:
    """The services of the incident, and the teams that own them."""
    incident = _incident(stream)
    if incident is None:
        return Touched()
    services = incident.services.select_related("team")
    return Touched(frozenset(s.slug for s in services), frozenset(s.team.slug for s in services))


def presumes(stream: str) -> Iterator[Presumed]:
    """Aware when it was opened, detected when it began; recovered and resolved when it was brought to resolution."""
    for row in rows_of(stream, [OPENED, MOVED]):
        if row.kind == OPENED:
            yield Presumed("aware", row.time, row.seq)
            if began := _began(row):
                yield Presumed("detected", began, row.seq)
                yield Presumed("occurred", began, row.seq)
        elif row.fields.get("to") == Phase.RESOLUTION:
            yield Presumed("recovered", row.time, row.seq)
            yield Presumed("resolved", row.time, row.seq)


def knows(stream: str) -> Iterator[Known]:
    """How long it lasts, and how long the longest of its services was down, by our own probes."""
    rows = rows_of(stream, [OPENED, MOVED, HEALTH])
    opened = next((row for row in rows if row.kind == OPENED), None)
    if opened is None:
        return
    resolved = _resolved(rows)
    until = resolved.time if resolved else clock.now()
    supports = (opened.seq, *([resolved.seq] if resolved else []))
    began = _began(opened) or opened.time
    words = "From its beginning to its resolution" if resolved else "From its beginning until now; it is still open"
    yield Known("duration_hours", _hours(until - began), words, supports, is_estimate=resolved is None)
    if (down := _longest_downtime(rows, until)) is not None:
        length, seqs, service, is_over = down
        yield Known(
            "critical_service_downtime_hours", _hours(length), f"{service}, by our own probes", seqs, not is_over
        )


def _began(row: EntryRow) -> dt.datetime | None:
    told = row.fields.get("began_at")
    return dt.datetime.fromisoformat(told) if isinstance(told, str) else None


def _resolved(rows: Iterable[EntryRow]) -> EntryRow | None:
    """The entry that resolved it, unless it was reopened since."""
    moves = [row for row in rows if row.kind == MOVED]
    ended: EntryRow | None = None
    for row in moves:
        if row.fields.get("to") == Phase.RESOLUTION:
            ended = row
        elif row.fields.get("to") == Phase.MITIGATION:
            ended = None
    return ended


def _hours(length: dt.timedelta) -> float:
    return round(max(length.total_seconds(), 0) / 3600, 2)


def _longest_downtime(
    rows: Iterable[EntryRow], until: dt.datetime
) -> tuple[dt.timedelta, tuple[int, ...], str, bool] | None:
    """(length, entries, service, whether it ended) of the longest time that a probe of a service was red."""
    red: dict[str, EntryRow] = {}
    found: list[tuple[dt.timedelta, tuple[int, ...], str, bool]] = []
    for row in rows:
        if row.kind != HEALTH:
            continue
        probe, service = str(row.fields.get("probe")), str(row.fields.get("service"))
        if row.fields.get("now") == RED:
            red.setdefault(probe, row)
        elif began := red.pop(probe, None):
            found.append((row.time - began.time, (began.seq, row.seq), service, True))
    for began in red.values():
        found.append((until - began.time, (began.seq,), str(began.fields.get("service")), False))
    return max(found, key=lambda one: one[0], default=None)


def tell(telling: Telling) -> list[str]:
    """Have those told who may file for the incident. Returns the actor ids of whom something reaches."""
    incident = _incident(telling.stream)
    if incident is None:
        return []
    notices = notify(
        users=who_files(incident.teams.all()), stream=telling.stream, about=f"clock/{telling.clock}", kind=telling.kind,
        title=telling.title, text=telling.text, path=telling.path, dedupe=telling.dedupe, now=telling.now,
    )  # fmt: skip
    return sorted({notice.user.actor_id for notice in notices if notice.state != NoticeState.GIVEN_UP})


def who_files(teams: Iterable[Team]) -> list[User]:
    """The people with the right to file in any of these teams."""
    groups = GroupObjectPermission.objects.filter(
        permission__codename=Right.FILE.value, object_pk__in=[str(team.pk) for team in teams],
        content_type__app_label="catalog", content_type__model="team",
    ).values("group")  # fmt: skip
    found = User.objects.filter(groups__in=groups, is_active=True, kind=UserKind.PERSON)
    return list(found.distinct().order_by("pk"))
