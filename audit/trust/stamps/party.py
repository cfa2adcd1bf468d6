"""Time stamps over checkpoints: at most one every ten minutes, and always for a pack."""

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings

from audit.models import Checkpoint, Timestamp
from audit.trust.holders.parties import Place, Store
from audit.trust.stamps.asking import is_configured, token_for
from audit.trust.stamps.tokens import Token

PACE = timedelta(minutes=10)


class Authorities:
    """The configured authorities, as one: the first that answers is enough."""

    @property
    def place(self) -> Place:
        """Named like their hosts."""
        hosts = dict.fromkeys(urlsplit(url).hostname or url for url in settings.TSA_URLS)
        return Place("time stamp", ", ".join(hosts)[:200], PACE)

    def take(self, checkpoint: Checkpoint) -> Store:
        """Have the exact bytes of the note stamped. Raises NotStamped, BadSetting."""
        token = token_for(bytes(checkpoint.note))
        return lambda: _store(checkpoint, token)


def parties() -> list[Authorities]:
    """One party, or none without an authority."""
    return [Authorities()] if is_configured() else []


def stamped(checkpoint: Checkpoint) -> Timestamp | None:
    """The token over a checkpoint, asked for now if there is none yet; None without an authority. For packs.

    Raises NotStamped, BadSetting."""
    kept = first(checkpoint)
    if kept is None and (token := token_for(bytes(checkpoint.note))):
        _store(checkpoint, token)
        kept = first(checkpoint)
    return kept


def first(checkpoint: Checkpoint) -> Timestamp | None:
    """The earliest token over a checkpoint: it says most."""
    return Timestamp.objects.filter(checkpoint=checkpoint).order_by("gen_time", "pk").first()


def _store(checkpoint: Checkpoint, token: Token | None) -> None:
    if token:
        Timestamp.objects.create(checkpoint=checkpoint, gen_time=token.gen_time, response=token.response)
