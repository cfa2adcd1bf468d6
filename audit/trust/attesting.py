"""Everybody outside who attests or keeps checkpoints: who is configured, who is due, and what they hold of one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.cosigning import with_lines
from audit.models import Anchor, Checkpoint, Cosignature, Holder
from audit.trust import anchors, witnesses
from audit.trust.copies import Copy
from audit.trust.holders import keeping
from audit.trust.holders.errors import BadSetting
from audit.trust.holders.parties import Party
from audit.trust.stamps import asking
from audit.trust.stamps import party as stamps

LOOK_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Attestations:
    """What attests one checkpoint. tsr: the whole response over exactly its note. witnessed: the same note with the
    witnesses' lines below, None without any."""

    tsr: bytes | None
    gen_time: datetime | None
    witnessed: bytes | None
    witnesses: tuple[str, ...]
    anchors: tuple[str, ...]


def attestations(checkpoint: Checkpoint, *, ask: bool = False) -> Attestations:
    """What attests a checkpoint. ask: as for a pack, have it stamped now if it isn't, and show it to the witnesses that
    keep up; takes seconds then, outside of a transaction. A witness that doesn't answer holds nothing up.

    Raises NotStamped, BadSetting, both only with `ask`."""
    if ask:
        _show(checkpoint)
    stamp = stamps.stamped(checkpoint) if ask else stamps.first(checkpoint)
    cosigned = list(Cosignature.objects.filter(checkpoint=checkpoint).order_by("witness"))
    return Attestations(
        tsr=bytes(stamp.response) if stamp else None,
        gen_time=stamp.gen_time if stamp else None,
        witnessed=with_lines(bytes(checkpoint.note), [one.line for one in cosigned]) if cosigned else None,
        witnesses=tuple(one.witness for one in cosigned),
        anchors=tuple(Anchor.objects.filter(checkpoint=checkpoint).order_by("place").values_list("place", flat=True)),
    )


def _show(checkpoint: Checkpoint) -> None:
    for party in witnesses.parties():
        if not Cosignature.objects.filter(checkpoint=checkpoint, witness=party.place.name).exists():
            keeping.give(party)  # only if it is due: one that failed a moment ago isn't waited for


def everybody() -> list[Party]:
    """All who are configured. Raises BadSetting."""
    return [*stamps.parties(), *witnesses.parties(), *anchors.parties()]


def problems() -> list[str]:
    """What keeps the settings from being used, one sentence each. Touches no network."""
    found = []
    for look in (asking.roots, asking.check, witnesses.parties, anchors.parties):
        try:
            look()
        except BadSetting as error:
            found.append(str(error))
    return found


def give(subject: str) -> Holder | None:
    """Give one place the latest checkpoint, if it is due. subject: as `due` says it. For the sweep and the worker."""
    for party in everybody():
        if party.place.subject == subject:
            return keeping.give(party)
    return None  # it isn't configured any more


class Rounds:
    """Says who is due: asked each second, and looks every LOOK_EVERY."""

    def __init__(self) -> None:
        self.last: datetime | None = None

    def due(self, now: datetime) -> Iterator[str]:
        """Subjects. Nothing, and no query, where nobody is configured."""
        if self.last and now - self.last < LOOK_EVERY:
            return
        self.last = now
        if parties := everybody():
            yield from keeping.due(parties, now)


def tell() -> list[Copy]:
    """For the page: who holds copies, and how keeping up with them goes."""
    try:
        return [keeping.how(party) for party in everybody()]
    except BadSetting:
        return []  # the start-up check says it
