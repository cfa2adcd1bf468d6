"""Refusals about files. Nothing was kept when one of these is raised."""

from audit.errors import LedgerError
from plumbing.errors import Plain


class FileTooLarge(LedgerError):
    """A file beyond the limit."""

    code = "file_too_large"
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"The file is larger than the {self.limit:,} bytes that are taken."


class BadFile(Plain, LedgerError):
    """An empty file, or one whose name or type can't be kept."""

    code = "bad_file"
    status = 422
