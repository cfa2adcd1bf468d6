"""Refusals to check a pack. Nothing was checked when one of these is raised."""

from audit.errors import LedgerError
from plumbing.errors import BadField


class BadKeys(BadField, LedgerError):
    """What the reader gave as keys or certificates is none. `field` says which of both."""

    code = "bad_keys"
    status = 422


class PackTooLargeHere(LedgerError):
    """The pack is larger than this portal takes by upload."""

    code = "pack_too_large"
    status = 413

    def __init__(self, size: int, most: int) -> None:
        super().__init__(size, most)
        self.size, self.most = size, most

    def __str__(self) -> str:
        mib = 1 << 20
        return (
            f"The pack has {-(-self.size // mib)} MiB; up to {self.most // mib} can be checked here. "
            "For larger ones use verify.py, or `manage.py verify_pack` on the server."
        )
