"""Takes what Backstage files say into the catalog, in one transaction, with a report of every statement.

Importing the same files twice changes nothing. A file gives nobody a right: its users are known here, but they join
teams, and so get rights, in Muster alone; somebody who writes a catalog file must not become an approver by it.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from audit import ledger
from audit.canonical import Json
from audit.models import Stream
from catalog import backstage
from catalog.backstage import Entity, Mention, Place, Ref, slug_of, username_of
from catalog.errors import UnreadableFile
from catalog.models import Service, Team, User
from catalog.reports import ImportReport
from catalog.services.edges import relate
from catalog.services.teams import join, make_person, make_team
from catalog.states import Origin, Outcome, Role
from plumbing import clock
from plumbing.database import atomic

CATALOG = "catalog"  # the ledger stream of services, dependencies and probes
ORDER = {kind: place for place, kind in enumerate(("group", "user", *backstage.SERVICE_KINDS))}

File = tuple[str, bytes]  # name as people know it, content
May = Callable[[Team], bool]


def import_files(files: Sequence[File], actor: ledger.Actor, *, may: May = lambda team: True) -> ImportReport:
    """Import Backstage catalog files together, so that they may refer to each other.

    may: whether the actor may change the services of a team. New teams are made as the files name them, and a person
    who imports becomes their administrator. What can't be read or isn't allowed is refused in the report; the rest is
    taken.
    """
    report, entities = ImportReport(), []
    for name, content in files:
        try:
            parsed = backstage.parse(content, name)
        except UnreadableFile as error:
            report.add(Outcome.REFUSED, "file", Place(name, 0, error.line), error.why)
            continue
        entities += parsed.entities
        for refusal in parsed.refusals:
            report.add(Outcome.REFUSED, refusal.what, refusal.place, refusal.why)
    if entities:
        _apply(_without_twins(entities, report), actor, may, report)
    report.lines.sort(key=lambda line: (line.place.file, line.place.document))
    return report


def _without_twins(entities: Iterable[Entity], report: ImportReport) -> list[Entity]:
    known: dict[Ref, Place] = {}
    kept = []
    for entity in entities:
        if entity.ref in known:
            report.add(Outcome.REFUSED, str(entity.ref), entity.place, f"it stands in {known[entity.ref]} already")
            continue
        known[entity.ref] = entity.place
        kept.append(entity)
    return sorted(kept, key=lambda each: ORDER[each.ref.kind])  # stable: owners first, then the order of the files


@atomic()
def _apply(entities: list[Entity], actor: ledger.Actor, may: May, report: ImportReport) -> None:
    Stream.objects.select_for_update().get(pk=ledger.open_stream(CATALOG).pk)  # two imports come one after the other
    work = _Import(actor, may, report)
    taken = [(entity, service) for entity in entities if (service := work.take(entity)) is not None]
    edges = relate(taken, work.known, report, clock.now())
    ledger.record_many(CATALOG, [(kind, actor, fields) for kind, fields in (*work.entries, *edges)])


class _Import:
    """One import at work: what is known of teams, people and services, and what will be recorded."""

    def __init__(self, actor: ledger.Actor, may: May, report: ImportReport) -> None:
        self.actor, self.may, self.report = actor, may, report
        self.entries: list[tuple[str, dict[str, Json]]] = []
        self.teams = {team.slug: team for team in Team.objects.all()}
        self.people = {user.username: user for user in User.objects.all()}
        self.home: dict[str, tuple[Mention, ...]] = {}  # username -> groups that the files put them in
        services = list(Service.objects.select_related("team"))
        self.by_ref = {service.origin_ref: service for service in services if service.origin_ref}
        self.by_slug = {service.slug: service for service in services}
        self.new_teams: set[str] = set()

    def take(self, entity: Entity) -> Service | None:
        """Bring one entity into the catalog. Returns the service if it is one that was taken."""
        if entity.ref.kind == "group":
            self._take_team(entity)
        elif entity.ref.kind == "user":
            self._take_person(entity)
        else:
            return self._take_service(entity)
        return None

    def _take_team(self, entity: Entity) -> None:
        slug = slug_of(entity.ref)
        what, team = f"team {slug}", self.teams.get(slug)
        if team is None:
            self._new_team(slug, entity.title, entity.description)
            self.report.add(Outcome.TAKEN, what, entity.place)
            return
        wanted: dict[str, object] = {"name": entity.title[:120], "description": entity.description}
        changes = _differences(team, wanted)
        if changes and not self._allowed(team):
            self.report.add(Outcome.REFUSED, what, entity.place, f"you don't administer the team {team}")
            return
        if changes:
            _set(team, wanted, changes)
            self.entries.append(("team.changed", {"team": slug, "changes": changes}))
        self.report.add(*_outcome(changes, what, entity.place))

    def _take_person(self, entity: Entity) -> None:
        username = username_of(entity.ref)
        self.home[username] = entity.member_of
        if username in self.people:
            self.report.add(Outcome.UNCHANGED, f"user {username}", entity.place)
            return
        self.people[username] = make_person(username, entity.title[:120], actor=self.actor)
        why = "without a password and without rights: these are given in Muster"
        self.report.add(Outcome.TAKEN, f"user {username}", entity.place, why)

    def _take_service(self, entity: Entity) -> Service | None:
        service = self.known(entity.ref)
        what = f"service {service.slug if service else self._free_slug(entity.ref)}"
        try:
            wanted = self._wanted(entity, service)
        except _NotTaken as refusal:
            self.report.add(Outcome.REFUSED, what, entity.place, str(refusal))
            return None
        if service is None:
            service = Service.objects.create(slug=self._free_slug(entity.ref), origin=Origin.BACKSTAGE, **wanted)
            self.by_slug[service.slug] = service
            fields: dict[str, Json] = {"service": service.slug, "origin_ref": service.origin_ref}
            self.entries.append(("service.imported", {**fields, "team": service.team.slug}))
            self.report.add(Outcome.TAKEN, what, entity.place)
        else:
            changes = _differences(service, wanted)
            if changes:
                _set(service, wanted, changes)
                self.entries.append(("service.changed", {"service": service.slug, "changes": changes}))
            self.report.add(*_outcome(changes, what, entity.place))
        self.by_ref[service.origin_ref] = service
        return service

    def _wanted(self, entity: Entity, service: Service | None) -> dict[str, object]:
        """What the file says of a service, as field -> value. Raises _NotTaken."""
        owner, team = self._owner(entity, service)
        for each in {team, service.team} if service else {team}:
            if not self._allowed(each):
                raise _NotTaken(f"it belongs to the team {each}, which you don't administer")
        wanted: dict[str, object] = {
            "name": entity.title[:120],
            "kind": entity.service_kind,
            "description": entity.description,
            "team": team,
            "origin_ref": str(entity.ref),
        }
        if entity.recovery_time_s is not None:
            wanted["recovery_time_s"] = entity.recovery_time_s
        return {**wanted, "owner": owner} if owner else wanted  # a file that names a group leaves the person alone

    def _owner(self, entity: Entity, service: Service | None) -> tuple[User | None, Team]:
        assert entity.owner is not None, "backstage.parse() refuses a service without owner"
        for ref in entity.owner.candidates:
            if ref.kind == "group" and (team := self.teams.get(slug_of(ref))):
                return None, team
            if ref.kind == "user" and (user := self.people.get(username_of(ref))):
                return user, self._team_of(user, service)
        ref = entity.owner.candidates[0]
        if ref.kind != "group":
            raise _NotTaken(f"its owner {entity.owner.text} is neither in these files nor in Muster")
        return None, self._new_team(slug_of(ref), ref.name)

    def _team_of(self, user: User, service: Service | None) -> Team:
        if service is not None:
            return service.team
        named = (self.teams.get(slug_of(ref)) for each in self.home.get(user.username, ()) for ref in each.candidates)
        team = next((team for team in named if team), None) or Team.objects.filter(memberships__user=user).first()
        if team is None:
            raise _NotTaken(
                f"its owner {user} is in no team; name a group as owner, or put {user.username} into a team"
            )
        return team

    def _new_team(self, slug: str, name: str, description: str = "") -> Team:
        team = self.teams[slug] = make_team(slug, name[:120], description=description, actor=self.actor)
        self.new_teams.add(slug)
        if isinstance(self.actor, User) and not self.actor.is_superuser:
            join(team, self.actor, Role.ADMINISTRATOR, self.actor)  # else nobody could let anybody in
        return team

    def _allowed(self, team: Team) -> bool:
        return team.slug in self.new_teams or self.may(team)

    def known(self, ref: Ref) -> Service | None:
        """The service that this entity is: imported before, or entered by a person under the same name."""
        by_hand = self.by_slug.get(slug_of(ref))
        return self.by_ref.get(str(ref)) or (by_hand if by_hand and not by_hand.origin_ref else None)

    def _free_slug(self, ref: Ref) -> str:
        unique = sha256(str(ref).encode()).hexdigest()[:8]
        wanted = (slug_of(ref), slug_of(ref, suffix=ref.kind), slug_of(ref, suffix=unique))
        return next(slug for slug in wanted if slug not in self.by_slug)


class _NotTaken(Exception):
    """Why a service isn't taken, for the report."""


def _differences(row: Service | Team, wanted: dict[str, object]) -> dict[str, Json]:
    """field -> {from, to} of what differs, as text."""
    found = ((name, getattr(row, name), value) for name, value in wanted.items())
    return {name: {"from": _said(old), "to": _said(new)} for name, old, new in found if old != new}


def _said(value: object) -> str:
    if isinstance(value, User):
        return value.actor_id
    return value.slug if isinstance(value, Team) else str(value or "")


def _set(row: Service | Team, wanted: dict[str, object], changes: dict[str, Json]) -> None:
    for name in changes:
        setattr(row, name, wanted[name])
    row.save(update_fields=list(changes))


def _outcome(changes: dict[str, Json], what: str, place: Place) -> tuple[Outcome, str, Place, str]:
    if not changes:
        return Outcome.UNCHANGED, what, place, ""
    return Outcome.CHANGED, what, place, f"changed: {', '.join(name.replace('_', ' ') for name in changes)}"
