"""Refusals about packs. Nothing was written when one of these is raised."""

from audit.errors import LedgerError
from plumbing.errors import Plain


class PackError(LedgerError):
    """Base of every refusal about packs."""

    code = "pack_refused"


class PackTooLarge(PackError):
    """A pack is a zip without extensions: four gigabytes, 65,535 files."""

    code = "pack_too_large"
    status = 413

    def __init__(self, files: int, size: int) -> None:
        super().__init__(files, size)
        self.files, self.size = files, size

    def __str__(self) -> str:
        return (
            f"The pack would have {self.files} files and {self.size} bytes; a pack takes up to 65,535 files and "
            "4,294,967,295 bytes. Ask for a shorter period, or for fewer streams."
        )


class FileMissing(PackError):
    """A pack would name a file that it can't carry. Its name is somebody's words, and this is kept beside the job."""

    code = "file_missing"

    def __init__(self, sha256: str) -> None:
        super().__init__(sha256)
        self.sha256 = sha256

    def __str__(self) -> str:
        return f"No pack was made: a file that an entry names (SHA-256 {self.sha256}) is missing in the store."


class IllegalPackMove(PackError):
    """The state of the pack doesn't allow this."""

    code = "illegal_pack_move"

    def __init__(self, current: str, target: str) -> None:
        super().__init__(current, target)
        self.current, self.target = current, target

    def __str__(self) -> str:
        return f"A pack that is {self.current} can't become {self.target}."


class Superseded(PackError):
    """Somebody else makes this pack now, or it was cancelled. What was made here is thrown away."""

    code = "pack_superseded"

    def __str__(self) -> str:
        return "This pack is made by somebody else meanwhile, or it was cancelled."


class ErasedMeanwhile(PackError):
    """Something that the pack would hold was erased while it was made, or is being erased. It has to be made anew."""

    code = "erased_meanwhile"

    def __str__(self) -> str:
        return "Something that this pack would hold is being erased. Ask again in a minute."


class NotReady(Plain, PackError):
    """The pack has no file to hand out: it isn't made yet, can't be made, or its file was removed."""

    code = "pack_not_ready"


class NoSuchSubject(Plain, PackError):
    """There is nothing that a pack could be about."""

    code = "no_such_subject"
    status = 422


class BadCertificate(PackError):
    """The organisation's certificate or key can't be used. No pack goes out unsigned because of it."""

    code = "bad_certificate"
    status = 500

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(file, reason)
        self.file, self.reason = file, reason

    def __str__(self) -> str:
        return f"The organisation's certificate {self.file} {self.reason}."
