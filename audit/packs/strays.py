"""Files that makers of packs left when they were killed: half-written ones, and whole ones that nobody recorded.

They hold what the ledger said at the time, and no row would lead an erasure to them. Whole ones that are older may be
packs of which a restored database knows nothing: those are left alone, unless an erasure is about them.
"""

import time
from collections.abc import Callable
from contextlib import suppress

from audit.models import Pack
from audit.packs import keeping

YOUNG_S = 3_600.0  # longer than anybody makes a pack

Look = Callable[[str], bool]  # SHA-256 of a whole one


def is_young(zip_sha256: str) -> bool:
    """Whether it may be of a maker that was killed just now."""
    with suppress(FileNotFoundError):
        return time.time() - keeping.path_of(zip_sha256).stat().st_mtime < YOUNG_S
    return False


def remove(which: Look = is_young) -> int:
    """Remove half-written ones, and `which` of the whole ones; never what somebody writes now. Returns how many."""
    whole = keeping.kept()
    known = set(Pack.objects.filter(zip_sha256__in=whole).values_list("zip_sha256", flat=True))
    lost = [one for one in whole if one not in known and which(one)]
    return keeping.forget_drafts() + sum(keeping.forget_stray(keeping.path_of(one), _is_lost(one)) for one in lost)


def _is_lost(zip_sha256: str) -> keeping.Look:
    return lambda: not Pack.objects.filter(zip_sha256=zip_sha256).exists()
