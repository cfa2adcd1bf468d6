"""Saving and publishing versions of runbooks."""

import hashlib

from audit import ledger
from catalog.models import Service, Team, User
from plumbing import clock
from plumbing.database import atomic
from runbooks import actions
from runbooks.definitions import Known, parse
from runbooks.engine.model import Definition
from runbooks.errors import IllegalVersion, VersionFrozen
from runbooks.models import Resource, Runbook, RunbookVersion, VersionState
from runbooks.services.patterns import check_patterns

ROLES = frozenset({"commander", "communications", "scribe", "responder", "observer"})  # of an incident


@atomic()
def make_runbook(slug: str, title: str, team: Team, *, actor: User, description: str = "") -> Runbook:
    """A runbook without a version yet, with a stream of its own."""
    runbook = Runbook.objects.create(slug=slug, title=title, team=team, description=description)
    ledger.open_stream(runbook.stream)
    ledger.record(runbook.stream, "runbook.made", actor, {"slug": slug, "title": title, "team": team.slug})
    return runbook


def save_version(runbook: Runbook, source: str, *, author: User) -> RunbookVersion:
    """Keep a text as the next version, a draft. The same text again gives the version that has it.

    Raises DefinitionError with every problem of the text (file, line, field, what would be right); nothing is kept.
    """
    # A text of 10,000 steps takes seconds to read: no transaction may wait for that.
    definition = parse(source, filename=f"{runbook.slug}.yaml", known=what_is_known())
    if definition.name != runbook.slug:
        raise IllegalVersion(definition.name, runbook.slug)
    return _keep(runbook, source, definition, author)


@atomic()
def _keep(runbook: Runbook, source: str, definition: Definition, author: User) -> RunbookVersion:
    runbook = Runbook.objects.select_for_update().get(pk=runbook.pk)
    digest = hashlib.sha256(source.encode()).hexdigest()
    newest = runbook.versions.first()
    if newest is not None and newest.digest == digest:
        return newest
    version = RunbookVersion.objects.create(
        runbook=runbook,
        number=newest.number + 1 if newest else 1,
        source=source,
        digest=digest,
        model=definition.model,
        created_at=clock.now(),
        author=author,
    )
    ledger.record(runbook.stream, "version.saved", author, {"version": version.number, "digest": digest})
    return version


def publish(version: RunbookVersion, *, publisher: User) -> RunbookVersion:
    """Make a draft the version that runs. It never changes again; the one before it is retired.

    Raises VersionFrozen when it is no draft; DefinitionError when its services, say, are gone meanwhile, or when a
    runbook that it runs as a step is not published, doesn't fit, or would come back to this one."""
    version = RunbookVersion.objects.select_related("runbook").get(pk=version.pk)
    _check_draft(version)
    filename = f"{version.runbook.slug}.yaml"
    definition = parse(version.source, filename=filename, known=what_is_known())
    with atomic():
        return _publish(version, definition, filename, publisher)


def _check_draft(version: RunbookVersion) -> None:
    if version.state != VersionState.DRAFT:
        raise VersionFrozen(str(version.runbook), version.number)


def _publish(version: RunbookVersion, definition: Definition, filename: str, publisher: User) -> RunbookVersion:
    runbook = Runbook.objects.select_for_update().get(pk=version.runbook_id)
    version = RunbookVersion.objects.select_related("runbook").get(pk=version.pk)
    _check_draft(version)
    check_patterns(definition, filename, publisher=publisher)
    runbook.versions.filter(state=VersionState.PUBLISHED).update(state=VersionState.RETIRED)
    version.state, version.published_at, version.publisher = VersionState.PUBLISHED, clock.now(), publisher
    version.save(update_fields=["state", "published_at", "publisher"])
    ledger.record(runbook.stream, "version.published", publisher, {"version": version.number, "digest": version.digest})
    return version


def what_is_known() -> Known:
    """The names that a definition may use today."""
    return Known(
        actions=frozenset(actions.kinds()),
        roles=ROLES,
        services=frozenset(Service.objects.values_list("slug", flat=True)),
        users=frozenset(User.objects.filter(is_active=True).values_list("username", flat=True)),
        resources=frozenset(Resource.objects.values_list("slug", flat=True)),
        runbooks=frozenset(Runbook.objects.values_list("slug", flat=True)),
    )
