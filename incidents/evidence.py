"""What an incident adds to its evidence pack: the runbooks that ran, and who the people are that it names."""

from collections.abc import Iterable, Mapping, Sequence

from audit.naming import Person
from audit.selectors import EntryRow
from catalog.models import User
from incidents.selectors.people import PREFIX
from runbooks.models import RunbookVersion


def versions_used(stream_uid: str, rows: Sequence[EntryRow]) -> dict[str, bytes]:
    """The text of every runbook version that a run was started from, by the digest that the entry names.

    The file's SHA-256 is its name and the entry's `digest`: a reader checks that it is the text that ran."""
    digests = {str(row.fields["digest"]) for row in rows if row.kind == "run.started" and "digest" in row.fields}
    versions = RunbookVersion.objects.filter(digest__in=digests)
    return {f"versions/{version.digest}.yaml": version.source.encode() for version in versions}


def people_named(actor_ids: Iterable[str]) -> Mapping[str, Person]:
    """Name and title of the people behind actor ids."""
    uids = [actor.removeprefix(PREFIX) for actor in actor_ids if actor.startswith(PREFIX)]
    return {user.actor_id: Person(str(user), user.title) for user in User.objects.filter(uid__in=uids)}
