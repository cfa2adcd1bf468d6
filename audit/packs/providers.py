"""What higher rooms add to a pack: registered here, because this room can't ask upward."""

from collections.abc import Callable, Mapping, Sequence

from audit.packs.bag import Content
from audit.selectors import EntryRow

Provide = Callable[[str, Sequence[EntryRow]], Mapping[str, Content]]


_providers: list[tuple[str, Provide]] = []


def register(prefix: str, provide: Provide) -> None:
    """Let a room add files to the packs of streams whose uid starts with `prefix` ("" for all).

    provide(stream_uid, entries) -> {path below data/: content}, for example {"versions/<digest>.yaml": b"..."}; the
    entries are those that the pack shows, without what is withheld."""
    _providers.append((prefix, provide))


def provided(stream_uid: str, rows: Sequence[EntryRow]) -> dict[str, Content]:
    """Everything that the registered rooms add to a pack of this stream."""
    files: dict[str, Content] = {}
    for prefix, provide in _providers:
        if stream_uid.startswith(prefix):
            files.update(provide(stream_uid, rows))
    return files
